"""Statuses come from the days before; reruns, gaps and late events change nothing that was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from trailwatch.findings.memory import Memory, recall, remember
from trailwatch.findings.records import finding_rows, read_finding
from trailwatch.store.schema import DIGESTS
from trailwatch.store.tables import Store

DAY = date(2026, 1, 5)


class Diary:
    """A store into which digests are written day by day."""

    def __init__(self, path) -> None:
        self.store = Store.open(str(path), create=True)

    def write(self, day: date, *findings, **options):
        result = remember(findings, recall(self.store, before=day), day=day, **options)
        self.store.replace("findings", finding_rows(result.findings, day=day, run="r"), where=f"dt = '{day}'")
        made = datetime(2026, 1, 20, tzinfo=UTC)
        row = {"dt": day, "run": "r", "made_at": made, "complete": True, "stale": False, "complete_until": made,
               "scanned_until": made, "versions": "{}", "body": "{}"}  # fmt: skip
        self.store.append("digests", pa.Table.from_pylist([row], schema=DIGESTS.columns))
        return {finding.id: finding.status for finding in result.findings}


@pytest.fixture
def diary(tmp_path) -> Diary:
    return Diary(tmp_path / "store")


def on(day: date, finding, **change):
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    return finding(**{"first_time": moment, "last_time": moment, "event_ids": (f"event-{day}",), **change})


def test_a_finding_lives_from_new_to_ended_and_comes_back(diary, finding) -> None:
    day = [DAY + timedelta(n) for n in range(14)]
    assert diary.write(day[0], on(day[0], finding)) == {"f1": "new"}
    assert diary.write(day[1], on(day[1], finding)) == {"f1": "ongoing"}
    assert diary.write(day[2], on(day[2], finding, severity="high")) == {"f1": "risen"}
    for n in range(3, 9):
        assert diary.write(day[n]) == {}
    assert diary.write(day[9]) == {"f1": "ended"}
    assert diary.write(day[10]) == {}
    assert diary.write(day[11], on(day[11], finding)) == {"f1": "reopened"}


def test_it_is_known_how_often_a_detection_spoke(diary, finding) -> None:
    def spoke(day: date) -> int:
        (found,) = remember([on(day, finding)], recall(diary.store, before=day), day=day).findings
        return found.evidence["told_before"]

    assert spoke(DAY) == 0
    diary.write(DAY, on(DAY, finding), on(DAY, finding, id="f2", person="bob"), on(DAY, finding, id="f3", severity="low"),
                on(DAY, finding, id="f4", person="eve", detection="another"))  # fmt: skip
    diary.write(DAY + timedelta(1), on(DAY + timedelta(1), finding))
    assert spoke(DAY + timedelta(2)) == 3
    assert spoke(DAY + timedelta(31)) == 1
    assert spoke(DAY + timedelta(32)) == 0


def test_quiet_findings_are_still_watched_and_say_since_when(diary, finding) -> None:
    diary.write(DAY, on(DAY, finding))
    later = remember([], recall(diary.store, before=DAY + timedelta(3)), day=DAY + timedelta(3))
    assert [(one.id, one.status, one.evidence["since"]) for one in later.quiet] == [("f1", "ongoing", "2026-01-05")]


def test_days_that_nobody_looked_at_are_not_quiet(diary, finding) -> None:
    diary.write(DAY, on(DAY, finding))
    assert diary.write(DAY + timedelta(9)) == {}


def test_what_was_not_evaluated_never_ends(diary, finding) -> None:
    diary.write(DAY, on(DAY, finding))
    for n in range(1, 8):
        assert diary.write(DAY + timedelta(n), not_run={"user-created"}) == {}
    assert diary.write(DAY + timedelta(8), evaluated=False) == {}
    assert diary.write(DAY + timedelta(9)) == {"f1": "ended"}


def test_posture_is_resolved_only_by_a_newer_snapshot(diary, finding) -> None:
    diary.write(DAY, on(DAY, finding, kind="posture", event_ids=()))
    for n in range(1, 9):
        assert diary.write(DAY + timedelta(n)) == {}
    assert diary.write(DAY + timedelta(9), snapshot={("user-created", "444455556666")}) == {}
    assert diary.write(DAY + timedelta(10), snapshot={("user-created", "111122223333")}) == {"f1": "resolved"}


def test_a_rerun_takes_its_statuses_from_the_days_before_only(diary, finding) -> None:
    days = [DAY + timedelta(n) for n in range(3)]
    for day in days:
        diary.write(day, on(day, finding))
    assert diary.write(days[0], on(days[0], finding)) == {"f1": "new"}
    assert diary.write(days[1], on(days[1], finding)) == {"f1": "ongoing"}
    table = diary.store.files("findings")
    assert len(table) == 3


def test_an_event_that_a_digest_has_shown_is_not_reported_again(diary, finding) -> None:
    diary.write(DAY, on(DAY, finding))
    later = DAY + timedelta(1)
    again = remember([on(DAY, finding, late=True)], recall(diary.store, before=later), day=later)
    assert (again.findings, again.repeated) == ((), 1)
    more = on(DAY, finding, event_ids=(f"event-{DAY}", "another"), late=True)
    assert [one.status for one in remember([more], recall(diary.store, before=later), day=later).findings] == [
        "ongoing"
    ]


def test_a_late_finding_is_new_with_its_true_times(diary, finding) -> None:
    diary.write(DAY)
    result = remember(
        [on(DAY - timedelta(2), finding, late=True)],
        recall(diary.store, before=DAY + timedelta(1)),
        day=DAY + timedelta(1),
    )
    (only,) = result.findings
    assert (only.status, only.late, only.first_time.date()) == ("new", True, DAY - timedelta(2))


def test_a_finding_survives_its_table(finding) -> None:
    before = replace(on(DAY, finding), evidence={"features": [{"usual": 6.0}], "links": {"addresses": ["203.0.113.7"]}})
    rows = finding_rows([before], day=DAY, run="r")
    assert read_finding(rows["body"][0].as_py()) == before
    assert rows["event_ids"].to_pylist() == [[f"event-{DAY}"]]


def test_nothing_is_remembered_by_an_empty_store(tmp_path) -> None:
    assert recall(Store.open(str(tmp_path), create=True), before=DAY) == Memory()
