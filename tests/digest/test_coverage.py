"""Coverage comes from the ledger and the tables, whichever run wrote them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.config import Config, Organization
from trailwatch.digest.blindness import blindness
from trailwatch.digest.coverage import Silence, measure
from trailwatch.store.schema import ACTIVITY, OBJECTS, OTHERS, SETTLED
from trailwatch.store.tables import Store

DAY = date(2026, 1, 19)  # a Monday
NOW = datetime(2026, 1, 20, 6, tzinfo=UTC)
PROD = "111122223333"
CONFIG = Config(organization=Organization(accounts={PROD: "prod"}))


class Trail:
    """A store whose ledger and activity are written row by row."""

    def __init__(self, path) -> None:
        self.store = Store.open(str(path), create=True)

    def add(self, table, **row: Any) -> None:
        rows = pa.Table.from_pylist([{name: row.get(name) for name in table.columns.names}], schema=table.columns)
        self.store.append(table.name, rows)

    def object(self, key: str, *, day: date = DAY, status: str = "read", at: datetime = NOW, **row: Any) -> None:
        self.add(OBJECTS, **{"dt": day, "bucket": "b", "key": key, "kind": "CloudTrail", "status": status, "reason": "",
                             "records": 0, "not_understood": 0, "ingested_at": at, **row})  # fmt: skip

    def active(
        self, day: date, *, region: str = "us-east-1", account: str = PROD, person: str = "alice", events: int = 5
    ) -> None:
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        self.add(ACTIVITY, dt=day, shard=0, account=account, principal=f"{account}/user/{person}", person=person,
                 region=region, events=events, first_time=moment, last_time=moment)  # fmt: skip

    def measure(self, **options: Any):
        return measure(self.store, **{"day": DAY, "now": NOW, "config": CONFIG, **options})


@pytest.fixture
def trail(tmp_path) -> Trail:
    return Trail(tmp_path / "store")


def test_the_newest_row_of_an_object_counts(trail) -> None:
    trail.object("a", status="failed", reason="truncated gzip", at=NOW - timedelta(hours=1))
    trail.object("a", records=7)
    trail.object("b", status="failed", reason="truncated gzip")
    trail.object("c", status="failed", reason="old", day=DAY - timedelta(3))
    trail.object("d", status="failed", reason="too old to matter", day=DAY - timedelta(14))
    trail.object("e", status="changed", reason="another ETag", records=3)
    found = trail.measure()
    assert found.objects == {"listed": 3, "read": 1, "failed": 1, "changed": 1}
    assert found.records == 10
    assert [(one.reason, one.objects, one.examples) for one in found.failures] == [
        ("old", 1, ("b/c",)), ("truncated gzip", 1, ("b/b",)),
    ]  # fmt: skip
    assert found.gap


def test_how_far_the_logs_are_complete(trail) -> None:
    assert trail.measure().complete_until is None
    trail.object("a", at=datetime(2026, 1, 19, 15, 30, tzinfo=UTC))
    found = trail.measure()
    assert (found.complete_until, found.day_complete, found.behind) == (
        datetime(2026, 1, 19, 13, 30, tzinfo=UTC),
        False,
        True,
    )
    assert not trail.measure(now=datetime(2026, 1, 19, 16, tzinfo=UTC)).behind
    trail.object("b", at=NOW)
    found = trail.measure()
    assert (found.complete_until, found.day_complete, found.behind) == (datetime(2026, 1, 20, tzinfo=UTC), True, False)


def test_a_cell_that_is_usually_busy_and_silent_today_is_named(trail) -> None:
    trail.object("a")
    weekdays = [DAY - timedelta(n) for n in range(1, 15) if (DAY - timedelta(n)).weekday() < 5]
    for day in weekdays:
        trail.active(day, region="us-east-1")
        trail.active(day, region="eu-west-1")
    for day in weekdays[:4]:
        trail.active(day, region="sa-east-1")  # on fewer than half of them
    trail.active(DAY, region="us-east-1")
    assert trail.measure().silent == (Silence(PROD, "prod", "eu-west-1", 10, 10),)
    # On a Sunday nobody expects what only weekdays have.
    assert trail.measure(day=DAY - timedelta(1)).silent == ()


def test_an_unfinished_day_is_not_silent(trail) -> None:
    for n in range(1, 15):
        trail.active(DAY - timedelta(n))
    trail.object("a", at=datetime(2026, 1, 19, 10, tzinfo=UTC))
    assert trail.measure(now=datetime(2026, 1, 19, 10, tzinfo=UTC)).silent == ()


def test_identities_accounts_doubles_and_other_classes_are_counted(trail) -> None:
    trail.object("a", not_understood=2)
    trail.active(DAY - timedelta(40))
    trail.active(DAY)
    trail.active(DAY, person="bob", region="eu-west-1", events=2)
    trail.add(OTHERS, dt=DAY, record_class="Insight")
    trail.add(SETTLED, dt=DAY, shard=0, stage="events", doubles=9, settled_at=NOW - timedelta(hours=1))
    trail.add(SETTLED, dt=DAY, shard=0, stage="events", doubles=3, settled_at=NOW)
    found = trail.measure()
    assert (found.identities, found.young_identities, found.events, found.history_days) == (2, 1, 7, 40)
    assert [(one.account, one.name, one.events, one.regions) for one in found.accounts] == [(PROD, "prod", 7, 2)]
    assert (found.doubles, found.others, found.not_understood) == (3, {"Insight": 1}, 2)


def test_rewritten_logs_are_a_critical_finding_and_a_dark_account_a_medium_one(trail) -> None:
    trail.object("a", status="changed", reason="another ETag")
    for n in range(1, 15):
        trail.active(DAY - timedelta(n))
        trail.active(DAY - timedelta(n), account="444455556666")
    trail.active(DAY)
    changed, silent = blindness(trail.measure(), day=DAY)
    assert (changed.severity, changed.kind, changed.practices) == ("critical", "coverage", ("monitoring",))
    assert "b/a" in changed.evidence["files"]
    assert (silent.severity, silent.account, silent.title) == (
        "medium",
        "444455556666",
        "Nothing was logged in account 444455556666",
    )


def test_an_empty_store_has_nothing_to_say(trail) -> None:
    found = trail.measure()
    assert (found.events, found.accounts, found.objects["listed"]) == (0, (), 0)
    assert found.gap
