"""A new detection holds its cases and every law but one, whatever it was made from: its words are still to be written."""

from __future__ import annotations

import json
import tomllib

import pytest

from trailwatch.config import Config, Rules
from trailwatch.detect import catalogue
from trailwatch.detect.check import check
from trailwatch.detect.template import template
from trailwatch.errors import DetectionError, StoreError

CALL = {"event_source": "iam.amazonaws.com", "event_name": "ListUsers", "outcome": "ok", "identity_type": "IAMUser",
        "request": None, "error_code": None}  # fmt: skip
UNWRITTEN = [f"{key} is still to be written" for key in ("why", "misses", "next")]
HOSTILE = 'a\x1b[31m\'""" or 1=1 --\u202e\n[fires.x]'


@pytest.mark.parametrize(
    "events",
    [
        [], [CALL], [CALL, CALL | {"event_name": "GetUser"}, CALL],
        [CALL | {"outcome": "denied", "error_code": "AccessDenied"}],
        [CALL, CALL | {"outcome": "denied", "error_code": "AccessDenied", "event_name": "CreateUser"}],
        [CALL | {"identity_type": "Root"}], [CALL | {"identity_type": "AssumedRole"}], [CALL | {"identity_type": "AWSService"}],
        [CALL | {"request": json.dumps({"a": {"b c": [1, None, {"d": True}]}, "e": None, "f": "x" * 50})}],
        [CALL | {"request": json.dumps({"a": "x" * 5000})}],
        [CALL | {"event_name": HOSTILE, "request": json.dumps({HOSTILE: HOSTILE})}],
        [{"event_source": "signin.amazonaws.com", "event_name": "ConsoleLogin", "outcome": "ok", "identity_type": "IAMUser",
          "response": '{"ConsoleLogin": "Success"}', "additional": '{"MFAUsed": "No"}'}],
    ],
)  # fmt: skip
def test_a_template_holds_the_laws_and_its_cases(tmp_path, events) -> None:
    text = template("new-one", events, about="event " + HOSTILE)
    (tmp_path / "new-one.toml").write_text(text)
    assert [problem.what for problem in check(tmp_path)] == UNWRITTEN
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert {"title", "why", "misses", "where", "fires", "silent"} <= set(tomllib.loads(text))


def test_a_name_is_an_id() -> None:
    for name in ("New", "../x", "a_b", ""):
        with pytest.raises(DetectionError, match="not an id"):
            template(name)


def test_a_finding_or_an_event_is_what_it_begins_with(digested, tmp_path) -> None:
    (deleted,) = digested.sql("select event_id from events where event_name = 'DeleteUser'")
    text = digested.template("user-deleted", deleted["event_id"])
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "user-deleted.toml").write_text(text)
    assert [problem.what for problem in check(tmp_path / "own")] == UNWRITTEN
    (draft,) = catalogue.load(Config(rules=Rules(folders=[str(tmp_path / "own")]))).broken
    assert draft.error.count("still to be written") == 3
    found = digested.backtest(str(tmp_path / "own"), start="2026-01-10")
    assert [act.finding.person for act in found.acts] == ["mallory"]
    with pytest.raises(StoreError, match="neither a finding nor an event"):
        digested.template("user-deleted", "nothing' or 1=1")
