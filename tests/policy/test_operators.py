"""Every operator as IAM documents it: present, absent, several values, unknown, variables."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from trailwatch.policy import operators, patterns
from trailwatch.policy.patterns import ANY, HOLE, ONE, Context

CASES = tomllib.loads(Path(__file__).with_name("operators.toml").read_text(encoding="utf-8"))
TABLE = [case for cases in CASES.values() for case in cases]
VARIABLES = {"t:name": ("alice",), "t:path": (), "t:groups": ("a", "b")}


@pytest.mark.parametrize("case", TABLE, ids=lambda case: "-".join(str(part) for part in case))
def test_an_operator_says_what_iam_documents(case: list[Any]) -> None:
    operator, given, values, expected = case
    known = {**VARIABLES, **({} if given == "unknown" else {"t:key": () if given == "absent" else tuple(given)})}
    test = operators.parse(operator, "t:Key", values, variables=True)
    assert test.holds(Context(known)) is (None if expected == "?" else expected)


def test_every_operator_has_a_case() -> None:
    used = {case[0].rpartition(":")[2].removesuffix("IfExists") for case in TABLE}
    assert used == set(operators.OPERATORS)


def test_an_operator_may_be_spelled_in_any_case() -> None:
    assert operators.parse("stringlikeifexists", "t:key", ["a"], variables=True).if_exists


def test_the_old_version_knows_no_variables() -> None:
    test = operators.parse("StringEquals", "t:key", ["${t:name}"], variables=False)
    assert test.holds(Context({"t:key": ("${t:name}",), "t:name": ("alice",)})) is True


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("Numeric", "t:key", ["1"]),
        ("ForSomeValues:StringEquals", "t:key", ["1"]),
        ("NullIfExists", "t:key", ["true"]),
        ("StringEquals", "nokey", ["1"]),
        ("StringEquals", "t:key", []),
        ("NumericEquals", "t:key", ["nan"]),
        ("DateEquals", "t:key", ["yesterday"]),
        ("Bool", "t:key", ["yes"]),
        ("Null", "t:key", ["1"]),
        ("BinaryEquals", "t:key", ["no base64!"]),
        ("IpAddress", "t:key", ["203.0.113.7/24"]),
        ("IpAddress", "t:key", ["${aws:SourceIp}"]),
        ("StringEquals", "t:key", ["${unclosed"]),
        ("StringEquals", "t:key", ["${}"]),
    ],
)
def test_what_is_no_condition_is_refused(operator: str, key: str, values: list[Any]) -> None:
    with pytest.raises((ValueError, LookupError)):
        operators.parse(operator, key, values, variables=True)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*", "abc", True), ("a*c", "ab", False), ("*", HOLE, True), ("a*", HOLE, None), ("a*", f"a{HOLE}", True),
        ("a?", f"a{HOLE}", None), ("b*", f"a{HOLE}", False), ("a*z", f"a{HOLE}y", False), ("ab", f"a{HOLE}b", None),
        ("*b*", f"a{HOLE}b", True), ("", "", True), ("*", "", True), ("?", "", False), ("a*b*c", "aXbYc", True),
    ],
)  # fmt: skip
def test_what_is_known_in_part_matches_in_part(pattern: str, text: str, expected: bool | None) -> None:
    assert patterns.matches(patterns.glob(pattern), text) is expected


def test_a_hole_in_the_pattern_is_never_sure() -> None:
    assert patterns.matches(f"a{HOLE}", "ab") is None
    assert patterns.matches(f"a{HOLE}", "b") is False
    assert patterns.matches(f"{ANY}{HOLE}", "ab") is None


def test_many_wildcards_take_no_time() -> None:
    assert patterns.matches(f"{ANY}a" * 40 + ONE + "b", "a" * 3000) is False
