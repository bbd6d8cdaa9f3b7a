"""What a digest says of logs that were verified: how many are proved, what was tampered with, and for how long it says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.config import Config, Organization
from trailwatch.digest.blindness import blindness
from trailwatch.digest.coverage import measure
from trailwatch.store.schema import OBJECTS, VERDICTS
from trailwatch.store.tables import Store

DAY = date(2026, 1, 19)
NOW = datetime(2026, 1, 20, 6, tzinfo=UTC)
PROD = "111122223333"
CONFIG = Config(organization=Organization(accounts={PROD: "prod"}))


class Trail:
    """A store whose ledger and verdicts are written row by row."""

    def __init__(self, path) -> None:
        self.store = Store.open(str(path), create=True)

    def add(self, table, **row: Any) -> None:
        rows = pa.Table.from_pylist([{name: row.get(name) for name in table.columns.names}], schema=table.columns)
        self.store.append(table.name, rows)

    def object(self, key: str, *, day: date = DAY) -> None:
        self.add(OBJECTS, dt=day, bucket="b", key=key, kind="CloudTrail", status="read", records=0, not_understood=0,
                 ingested_at=NOW)  # fmt: skip

    def verdict(
        self, key: str, verdict: str, *, day: date = DAY, kind: str = "log", at: datetime = NOW, **row: Any
    ) -> None:  # fmt: skip
        self.add(VERDICTS, **{"dt": day, "bucket": "b", "key": key, "kind": kind, "verdict": verdict, "reason": "why",
                              "account": PROD, "region": "eu-west-1", "verified_at": at, **row})  # fmt: skip

    def integrity(self, day: date = DAY):
        return measure(self.store, day=day, now=NOW, config=CONFIG)

    def findings(self, day: date = DAY) -> list[tuple[str, str, str]]:
        return [(one.detection, one.severity, one.title) for one in blindness(self.integrity(day), day=day)]


@pytest.fixture
def trail(tmp_path) -> Trail:
    return Trail(tmp_path / "store")


def test_where_nobody_verified_nothing_is_said(trail) -> None:
    trail.object("a/1")
    found = trail.integrity()
    assert found.integrity is None
    assert trail.findings() == []


def test_logs_of_the_day_are_proved_tampered_with_or_not_looked_at(trail) -> None:
    for name in ("1", "2", "3", "4"):
        trail.object(f"a/{name}")
    trail.object("a/5", day=DAY - timedelta(1))
    # A copy was ingested from elsewhere: the name of a file is what counts.
    trail.verdict("elsewhere/1", "valid")
    trail.verdict("a/2", "invalid", at=NOW - timedelta(hours=1))
    trail.verdict("a/2", "valid")
    trail.verdict("a/3", "valid", at=NOW - timedelta(hours=1))
    trail.verdict("a/3", "invalid")
    trail.verdict("a/gone", "missing")
    trail.verdict("digest", "valid", kind="digest")
    found = trail.integrity()
    assert found.gap
    assert (found.integrity.verified, found.integrity.tampered, found.integrity.unverified) == (2, 2, 1)
    assert found.integrity.last_verified == NOW


@pytest.mark.parametrize(
    ("kind", "verdict", "said"),
    [
        ("log", "invalid", ("log-tampered", "critical", "1 log file is not what CloudTrail wrote, prod, eu-west-1")),
        ("log", "missing", ("log-tampered", "critical", "1 log file is not what CloudTrail wrote, prod, eu-west-1")),
        ("log", "unnamed", ("log-unnamed", "high", "1 log file in the bucket that no digest names, prod, eu-west-1")),
        ("digest", "moved", ("digest-tampered", "critical", "1 digest file is not what CloudTrail signed, prod, eu-west-1")),
        ("backfill digest", "invalid",
         ("digest-tampered", "critical", "1 digest file is not what CloudTrail signed, prod, eu-west-1")),
        ("gap", "gap",
         ("digest-gap", "medium", "No digests from 2026-01-19 03:00 to 2026-01-19 05:00 UTC in prod, eu-west-1")),
    ],
)  # fmt: skip
def test_each_sort_of_damage_is_a_finding(trail, kind, verdict, said) -> None:
    start = datetime(2026, 1, 19, 3, tzinfo=UTC)
    trail.verdict("a/x", verdict, kind=kind, first_time=start, last_time=start + timedelta(hours=2))
    assert trail.findings() == [said]
    (found,) = blindness(trail.integrity(), day=DAY)
    assert (found.kind, found.account, found.practices) == ("coverage", PROD, ("monitoring",))
    assert found.evidence["files"] == "x"
    assert trail.integrity().gap


def test_damage_of_a_day_is_one_finding_that_lasts_two_weeks(trail) -> None:
    trail.verdict("a/1", "invalid")
    trail.verdict("a/2", "missing")
    trail.verdict("a/3", "invalid", region="us-east-1")
    first = blindness(trail.integrity(), day=DAY)
    assert [one.title[:11] for one in first] == ["2 log files", "1 log file "]
    later = blindness(trail.integrity(DAY + timedelta(13)), day=DAY + timedelta(13))
    assert [one.id for one in later] == [one.id for one in first]
    assert trail.findings(DAY + timedelta(14)) == []
    assert trail.findings(DAY - timedelta(1)) == []


def test_what_is_found_out_late_stands_in_the_digest_of_that_day(trail) -> None:
    old = DAY - timedelta(100)
    trail.verdict("a/1", "invalid", day=old)
    # Verified in the morning after.
    assert len(trail.findings()) == 1
    assert len(trail.findings(old)) == 1
    assert trail.findings(DAY - timedelta(1)) == []
    trail.verdict("a/1", "valid", day=old, at=NOW + timedelta(hours=1))
    assert trail.findings() == []


def test_names_in_a_finding_are_no_commands(trail) -> None:
    trail.verdict("a/\x1b[31m<b>", "unnamed", region="\x1b]0;x")
    (found,) = blindness(trail.integrity(), day=DAY)
    assert "\x1b" not in found.title + found.evidence["files"] + found.evidence["found"]
