"""What the log says may stand in a title or a command, and can do nothing there."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from trailwatch.findings.names import called, introduced, short
from trailwatch.findings.titles import fill, plain

ACCOUNT = "111122223333"


@given(st.text(max_size=300))
def test_a_value_in_a_command_is_one_word_of_it(value) -> None:
    command = fill("Look: `trailwatch show {principal}`", {"principal": [value]}).split("`")
    assert len(command) == 3
    words = shlex.split(command[1])
    assert words[:2] == ["trailwatch", "show"]
    assert len(words) == 3


@given(st.text(max_size=300))
def test_what_is_shown_is_one_printable_line(value) -> None:
    shown = plain(value)
    assert len(shown) <= 200
    assert all(char.isprintable() for char in shown)


def test_one_two_and_many_values() -> None:
    assert fill("saw {x}", {"x": ["a", "a"]}) == "saw a"
    assert fill("saw {x}", {"x": ["a", "b"]}) == "saw a and b"
    assert fill("saw {x}", {"x": ["a", "b", "c"]}) == "saw a and 2 more"
    assert fill("saw {x}", {}) == "saw (unknown)"


def test_identities_are_called_as_people_call_them() -> None:
    assert short(f"{ACCOUNT}/role/AWSReservedSSO_ReadOnly") == "ReadOnly (SSO)"
    assert short(f"{ACCOUNT}/external/999988887777/role/x") == "role/x of account 999988887777"
    assert short("service/ec2") == "ec2"
    assert called("", f"{ACCOUNT}/root") == "Root"
    assert called("", "") == ""
    assert introduced("alice", f"{ACCOUNT}/role/deploy") == "alice as role deploy"
    assert introduced("alice", f"{ACCOUNT}/user/alice") == "alice"
    assert introduced("a@example.com", f"{ACCOUNT}/person/1234") == "a@example.com"
    assert introduced("", f"{ACCOUNT}/role/deploy") == "role deploy"
