"""A backtest says of each day what its digest would have said, and what keeps a budget."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

import trailwatch
from trailwatch.config import Config, Rules, Suppression
from trailwatch.digest import backtest
from trailwatch.digest.backtest_text import text
from trailwatch.digest.backtested import solved
from trailwatch.errors import ConfigError, DetectionError, StoreError

HOSTILE = "x\x1b[31m' or 1=1 --\u202e<script>"
STORM = date(2026, 1, 8)
SINCE = STORM.isoformat()  # a day costs half a second: most tests need the last three
RULE = """title = "{{principal}} listed users {more}"
severity = "medium"
practices = ["monitoring"]
why = "A list of users is where an attack begins."
misses = "Slow lists."
where = "event_name = 'ListUsers'"
by = ["principal"]
{count}
[fires."often"]
eventName = "ListUsers"
repeat = {times}

[silent."another call"]
eventName = "GetUser"
"""


def write(folder: Path, at_least: int = 0, *, name: str = "user-listing", more: str = "") -> Path:
    """A detection of user lists, or of many of them."""
    count = f'count = {{ by = ["principal"], at_least = {at_least}, within = "1 hour" }}' if at_least else ""
    path = folder / f"{name}.toml"
    path.write_text(RULE.format(count=count, times=max(at_least, 1), more=more))
    return path


def test_each_day_has_its_findings_and_identities(trail, tmp_path) -> None:
    found = trail.backtest(str(write(tmp_path)))
    assert [(day.day.day, day.events, day.hits, day.findings) for day in found.days] == [
        (5, 3, 3, 2), (6, 4, 4, 2), (7, 5, 5, 2), (8, 10, 10, 2), (9, 7, 7, 2), (10, 9, 8, 2)]  # fmt: skip
    assert found.identities() == [("bob", 6, 6), ("svc", 6, 6)]
    assert (found.a_day, found.usual, found.within) == (2.0, 2.0, True)
    assert not any(day.digested for day in found.days)
    assert "6 days without a digest" in text(found)


def test_a_count_is_measured_day_by_day(trail, tmp_path) -> None:
    found = trail.backtest(str(write(tmp_path, 6)))
    assert {act.day.day: act.finding.count for act in found.acts} == {8: 9, 9: 6, 10: 7}
    assert [day.findings for day in found.days] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(("budget", "least", "days"), [(0.34, 8, {8}), (0.0, 10, set()), (9.0, 2, {8, 9, 10})])
def test_the_threshold_that_is_solved_keeps_the_budget_and_none_below_does(
    trail, tmp_path, budget, least, days
) -> None:
    found = trail.backtest(str(write(tmp_path, 3)), start=SINCE, budget=budget)
    (threshold,) = found.thresholds
    assert (threshold.now, threshold.at_least) == (3, least)
    # A run at the threshold says the same, and one at the number below it breaks the budget.
    again = trail.backtest(str(write(tmp_path, least)), start=SINCE, budget=budget)
    assert {act.day.day for act in again.acts} == days
    assert again.within
    assert again.a_day == pytest.approx(threshold.a_day)
    if least > 2:
        assert not trail.backtest(str(write(tmp_path, least - 1)), start=SINCE, budget=budget).within


def test_equal_acts_are_left_out_together() -> None:
    (one,) = solved({"a": [9, 5, 5, 5, 2]}, {"a": 2}, days=2, budget=1.0)
    assert (one.at_least, one.a_day) == (6, 0.5)
    (one,) = solved({"a": [9, 6, 7]}, {"a": 3}, days=3, budget=0.67)
    assert (one.at_least, one.a_day) == (7, pytest.approx(2 / 3))


def test_what_digests_told_is_no_news(digested, tmp_path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    write(own, 9, name="own-listing")
    digested.config = Config(rules=Rules(folders=[str(own)]))
    tried = str(write(tmp_path))
    before = digested.backtest(tried, start="2026-01-08", end="2026-01-08")
    assert (before.days[0].findings, before.days[0].fresh, before.days[0].digested) == (2, 2, False)
    digested.digest("2026-01-08")
    after = digested.backtest(tried, start="2026-01-08", end="2026-01-09")
    assert [(day.findings, day.fresh, day.digested) for day in after.days] == [(2, 1, True), (2, 2, False)]
    assert {act.finding.person: act.told_by for act in after.acts if act.day == STORM} == {
        "svc": ("own-listing",), "bob": ()}  # fmt: skip
    assert "told before by own-listing" in text(after)


def test_two_versions_are_compared_by_their_events(trail, tmp_path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = write(tmp_path / "old", 4), write(tmp_path / "new", 7, more="much")
    found = trail.backtest(str(new), against=str(old))
    assert found.difference is not None
    assert found.difference.both == 2
    assert found.difference.only_now == ()
    assert {act.day.day for act in found.difference.only_before} == {7, 9}
    assert "2 findings of both, 0 only now, 2 no more" in text(found)
    back = trail.backtest(str(old), against=str(new)).difference
    assert back is not None
    assert {act.day.day for act in back.only_now} == {7, 9}


def test_the_version_in_use_is_compared_with_by_itself(trail, tmp_path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    write(own, 4)
    in_use = trailwatch.open(trail.store.uri, config=Config(rules=Rules(folders=[str(own)])))
    assert in_use.backtest("user-listing", start="2026-01-09").difference is None
    changed = in_use.backtest(str(write(tmp_path, 7)), start="2026-01-09").difference
    assert changed is not None
    assert (changed.both, len(changed.only_before)) == (1, 1)


def test_would_be_suppressions_are_those_that_hide_most(trail, tmp_path) -> None:
    found = trail.backtest(str(write(tmp_path)), start=SINCE)
    assert [(one.field, one.value.rpartition("/")[2], one.hides) for one in found.hiders()] == [
        ("principal", "svc", 3), ("principal", "bob", 3)]  # fmt: skip
    many = trail.backtest(str(write(tmp_path, 6)), start=SINCE).hiders()
    assert [(one.field, one.hides) for one in many] == [("principal", 3)]


def test_suppressed_findings_are_counted_apart(trail, tmp_path) -> None:
    silent = Suppression(
        detection="user-listing", principal="*/user/bob", reason="r", owner="o", until=date(2026, 1, 7)
    )
    quiet = trailwatch.open(trail.store.uri, config=Config(suppress=[silent]))
    found = quiet.backtest(str(write(tmp_path)), start="2026-01-07", end=SINCE)
    assert [(day.findings, day.suppressed) for day in found.days] == [(1, 1), (2, 0)]


def test_a_folder_runs_together_and_names_what_is_broken(trail, tmp_path) -> None:
    write(tmp_path)
    write(tmp_path, 6, name="many-listings")
    (tmp_path / "broken.toml").write_text("title = ")
    found = trail.backtest(str(tmp_path), start=SINCE)
    assert found.detections == ("many-listings", "user-listing")
    assert [Path(path).name for path in found.broken] == ["broken.toml"]
    assert "not usable" in text(found)
    # What two say of the same events is one finding, as on the page of a day.
    assert sum(day.findings for day in found.days) == 6
    assert sum("also" in act.finding.evidence for act in found.acts) == 3


def test_a_detection_that_breaks_the_laws_does_not_run(trail, tmp_path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("event_name", "even_name"))
    with pytest.raises(DetectionError, match="nearest is 'event_name'"):
        trail.backtest(str(path))
    with pytest.raises(DetectionError, match="root-sign-in"):
        trail.backtest("root-sign-inn")


def test_a_detection_that_fails_or_has_nothing_to_go_on_says_so(trail, tmp_path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("'ListUsers'\"", "'ListUsers' and cast(user_name as int) > 1\""))
    found = trail.backtest(str(path), start="2026-01-10")
    assert "user-listing" in found.failed
    assert "FAILED: user-listing" in text(found)
    data = write(tmp_path, name="data-listing")
    data.write_text('needs = ["data-events"]\n' + data.read_text())
    (reasons,) = trail.backtest(str(data), start="2026-01-09").unable.values()
    assert reasons == {"no data events are in these logs": 2}


def test_a_flood_is_counted_and_not_read(trail, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(backtest, "MOST_HITS", 8)
    found = trail.backtest(str(write(tmp_path)), start=SINCE, budget=100)
    assert [(day.day.day, day.hits) for day in found.days if day.flooded] == [(8, 10)]
    assert not found.within
    assert "too many to look at" in text(found)


def test_a_day_on_which_the_other_version_floods_is_not_compared_and_said(trail, tmp_path, monkeypatch) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = write(tmp_path / "old"), write(tmp_path / "new", 6, more="much")
    monkeypatch.setattr(backtest, "MOST_HITS", 9)
    found = trail.backtest(str(new), start=SINCE, against=str(old))
    assert found.unable["the version compared with"] == {"too many hits to look at": 1}
    assert found.difference is not None
    assert 8 not in {act.day.day for act in (*found.difference.only_now, *found.difference.only_before)}
    assert "not evaluated on 1 day: the version compared with: too many hits to look at" in text(found)


@pytest.mark.parametrize(
    ("span", "error", "told"),
    [
        ({"start": "2025-01-01", "end": "2026-01-10"}, ConfigError, "at most 92 days"),
        ({"start": "2025-01-01", "end": "2025-01-31"}, StoreError, "--from 2026-01-05 --to 2026-01-10"),
    ],
)
def test_a_window_that_cannot_be_run_is_said(trail, tmp_path, span, error, told) -> None:
    with pytest.raises(error, match=told):
        trail.backtest(str(write(tmp_path)), **span)


def test_hostile_values_stay_text(trail, tmp_path) -> None:
    path = write(tmp_path)
    path.write_text(
        path.read_text()
        .replace("{principal}", "{target}")
        .replace("ListUsers", "DeleteUser")
        .replace('"GetUser"', '"ListUsers"')
    )
    found = trail.backtest(str(path), start="2026-01-10")
    (act,) = found.acts
    assert act.finding.targets[0].value == HOSTILE
    shown = text(found)
    assert "or 1=1" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert json.loads(json.dumps(found.as_dict()))["acts"][0]["finding"]["targets"][0]["value"] == HOSTILE
