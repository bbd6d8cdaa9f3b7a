"""Settle is safe to kill, and safe beside others that write at the same moment."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.errors import StoreError
from trailwatch.profile import batches
from trailwatch.profile.batches import made, predicate
from trailwatch.profile.settle import settle
from trailwatch.store.commits import StoreConflict
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store


class Photographed(Store):
    """A store of which a copy is taken just before each write: what a process killed at that moment leaves behind."""

    photos: list[Path]

    def _write(self, table: str, rows: pa.Table, **options: Any) -> None:
        photo = Path(f"{self.uri}-{len(self.photos)}")
        shutil.copytree(self.uri, photo)
        self.photos.append(photo)
        super()._write(table, rows, **options)


def test_killed_at_any_write_and_run_again_it_ends_the_same(new_store, put, story, snapshot, rows):
    whole = new_store("whole")
    for number, part in enumerate([*story, story[0]]):
        put(whole, part, object_id=number)
    photographed = Photographed(whole.uri, options=None, versions=None)
    photographed.photos = []
    settle(photographed)
    expected = snapshot(whole)
    # Four tables are made; events, sessions, activity, days and seen are written and noted.
    assert len(photographed.photos) > 8
    for photo in photographed.photos:
        store = Store.open(str(photo))
        settle(store)
        assert snapshot(store) == expected
        assert settle(store).rows == {}
        assert rows(store, "select count(*) = count(distinct event_id) from events", "events") == [(True,)]


class Busy(Store):
    """A store into which somebody else writes just before our n-th replacement."""

    def __init__(self, uri: str, *, at: int, act: Any) -> None:
        super().__init__(uri, options=None, versions=None)
        self.at, self.act, self.replaced = at, act, 0

    def replace(self, table: str, rows: pa.Table, *, where: str, version: int | None = None) -> None:
        self.replaced += 1
        if self.replaced == self.at:
            self.act()
        super().replace(table, rows, where=where, version=version)


# The first four make the tables; then come events, sessions, activity, identity days, seen.
WRITES = range(5, 10)


@pytest.mark.parametrize("write", WRITES)
def test_an_ingest_during_a_settle_loses_nothing(new_store, put, story, snapshot, write):
    calm, busy = new_store("calm"), new_store("busy")
    for number, part in enumerate([*story[:2], story[0]]):
        put(calm, part, object_id=number)
        put(busy, part, object_id=number)
    put(calm, story[2])
    settle(calm)
    busy_now = Busy(busy.uri, at=write, act=lambda: put(busy, story[2]))
    settle(busy_now)
    assert busy_now.replaced >= write, "the ingest never came between"
    settle(busy)
    assert snapshot(busy) == snapshot(calm)


@pytest.mark.parametrize("write", WRITES)
def test_two_settles_at_once_end_the_same(new_store, put, story, snapshot, write):
    calm, busy = new_store("calm"), new_store("busy")
    for number, part in enumerate([*story, story[0]]):
        put(calm, part, object_id=number)
        put(busy, part, object_id=number)
    settle(calm)
    settle(Busy(busy.uri, at=write, act=lambda: settle(busy)))
    assert snapshot(busy) == snapshot(calm)
    assert settle(busy).rows == {}


def test_a_run_that_always_loses_says_so(new_store, monkeypatch):
    monkeypatch.setattr(batches.time, "sleep", lambda _: None)

    def lose() -> None:
        raise StoreConflict("again")

    with pytest.raises(StoreError, match="other runs changed the same days 6 times"):
        batches.persist(lose, where="here")


@pytest.mark.parametrize("step", [1, 2])
def test_others_may_write_other_days_meanwhile_however_many_there_are(new_store, step) -> None:
    store, layout = new_store(), TABLES["identity_days"]
    days = [date(2026, 1, 1) + timedelta(days=step * number) for number in range(80)]
    version = made(store, "identity_days")
    for some in (days[:40], days[40:]):
        rows = pa.Table.from_pylist([{"dt": day, "shard": 0, "principal": "p"} for day in some], schema=layout.columns)
        store.replace("identity_days", rows, where=predicate((day, 0) for day in some), version=version)
    assert sorted(day for day, _ in store.partitions("identity_days")) == days
    with pytest.raises(StoreConflict):
        store.replace("identity_days", rows, where=predicate((day, 0) for day in days[39:]), version=version)
