"""Laws of settle: exactly once, made again only where inputs changed, the same whatever the order, safe to kill."""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.profile import batches
from trailwatch.profile.inputs import Memory
from trailwatch.profile.settle import settle
from trailwatch.store.tables import Store, StoreConflict


def rows(store: Store, sql: str, *tables: str) -> list[tuple[Any, ...]]:
    with Engine(threads=1) as engine:
        for table in tables:
            store.show(engine, table)
        return engine.rows(sql)


def test_an_empty_store_settles_to_nothing(new_store):
    account = settle(new_store())
    assert (account.partitions, account.sessions_made, account.activity_made, account.months_made) == (0, 0, 0, 0)


def test_a_second_settle_makes_nothing(new_store, put, story, snapshot):
    store = new_store()
    for part in story:
        put(store, part)
    first = settle(store)
    assert (first.partitions, first.sessions_made, first.activity_made, first.months_made) == (6, 6, 6, 2)
    versions, made = store.versions(), snapshot(store)
    second = settle(store)
    assert (second.sessions_made, second.activity_made, second.months_made, second.rows) == (0, 0, 0, {})
    assert store.versions() == versions
    assert snapshot(store) == made


def test_the_order_of_ingest_does_not_matter(new_store, put, story, snapshot):
    made = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        store = new_store("-".join(map(str, order)))
        for number in order:
            put(store, story[number], object_id=number)
            settle(store)
        made.append(snapshot(store))
    assert all(len(table) > 0 for table in made[0].values())
    assert all(other == made[0] for other in made[1:])


def test_batches_and_shards_do_not_matter(new_store, put, story, snapshot, monkeypatch):
    whole, single, sharded = (new_store(name) for name in ("whole", "single", "sharded"))
    for part in story:
        put(whole, part)
        put(single, part)
        put(sharded, part, shards=3)
    settle(whole)
    monkeypatch.setattr(batches, "DAYS", 1)
    monkeypatch.setattr(batches, "EVENTS", 1)
    settle(single)
    settle(sharded)
    assert snapshot(single) == snapshot(whole)
    assert snapshot(sharded)["seen"] == snapshot(whole)["seen"]


def test_the_person_behind_a_role_is_found_across_midnight_for_two_days(new_store, put, story):
    store = new_store()
    put(store, story[0])
    settle(store)
    found = rows(store, "select dt, person from activity where principal like '%/role/deploy' order by dt", "activity")
    assert found == [(date(2026, 1, 5), "alice"), (date(2026, 1, 6), "alice"), (date(2026, 1, 7), "alice")]


def test_a_late_record_makes_its_own_day_only(new_store, put, story, records):
    store = new_store()
    for part in story:
        put(store, part)
    settle(store)
    put(store, [records.call("2026-01-06T12:00", "StopInstances")])
    account = settle(store)
    assert (account.sessions_made, account.activity_made, account.months_made) == (1, 1, 1)
    assert rows(store, "select sum(events) from activity where event_name = 'StopInstances'", "activity") == [(1,)]


def test_a_late_sign_in_to_a_role_names_the_person_on_the_following_days_that_used_it(new_store, put, records):
    store = new_store()
    key = "ASIADEPLOYEXAMPLE001"
    put(store, [records.use(f"2026-01-0{day}T12:00", key, issued="2026-01-05T11:00") for day in (5, 6)])
    put(store, [records.call("2026-01-07T12:00"), records.call("2026-01-08T12:00")])
    settle(store)
    assert rows(store, "select distinct person from activity where principal like '%/role/%'", "activity") == [("",)]
    put(store, [records.assume("2026-01-05T11:00", key)])
    account = settle(store)
    assert (account.sessions_made, account.activity_made) == (1, 2)
    assert rows(store, "select distinct person from activity where principal like '%/role/%'", "activity") == [
        ("alice",)
    ]


def test_a_late_session_that_nobody_used_later_leaves_the_following_days_alone(new_store, put, records):
    store = new_store()
    key = "ASIADEPLOYEXAMPLE001"
    put(store, [records.assume("2026-01-05T11:00", key)])
    put(store, [records.use(f"2026-01-0{day}T12:00", key, issued="2026-01-05T11:00") for day in (5, 6)])
    settle(store)
    put(store, [records.assume("2026-01-05T13:00", "ASIAOTHEREXAMPLE0001")])
    account = settle(store)
    assert (account.sessions_made, account.activity_made) == (1, 1)
    assert settle(store).activity_made == 0


def test_settling_some_days_also_takes_those_that_depend_on_them(new_store, put, records):
    store = new_store()
    key = "ASIADEPLOYEXAMPLE001"
    put(store, [records.use("2026-01-06T12:00", key, issued="2026-01-05T11:00"), records.call("2026-01-20T12:00")])
    settle(store)
    put(store, [records.assume("2026-01-05T11:00", key), records.call("2026-01-20T13:00")])
    account = settle(store, days=[date(2026, 1, 5)])
    assert (account.sessions_made, account.activity_made) == (1, 2)
    assert rows(store, "select distinct person from activity where principal like '%/role/%'", "activity") == [
        ("alice",)
    ]


def test_copies_from_other_trails_and_objects_leave_one_event(new_store, put, story, snapshot):
    once, often = new_store("once"), new_store("often")
    for number, part in enumerate(story):
        put(once, part, object_id=number)
        put(often, part, object_id=number)
    put(often, story[0], object_id=900, ingested="2026-02-09T00:00")
    put(often, [*story[0], *story[1]], object_id=901, ingested="2026-01-01T00:00")
    settle(once)
    account = settle(often)
    assert account.doubles == 2 * len(story[0]) + len(story[1])
    total = sum(len(part) for part in story)
    ids = "select count(*), count(distinct event_id), min(ingested_at)::date from events"
    assert rows(often, ids, "events") == [(total, total, date(2026, 1, 1))]
    assert snapshot(often) == snapshot(once)
    noted = "select sum(doubles) from (select arg_max(doubles, settled_at) as doubles from settled group by dt, shard, stage)"
    assert rows(often, noted, "settled") == [(account.doubles,)]
    settle(often)
    assert rows(often, noted, "settled") == [(account.doubles,)]


def test_a_copy_that_comes_after_the_digest_does_not_look_new(new_store, put, records):
    store = new_store()
    call = records.call("2026-01-05T10:00")
    put(store, [call], ingested="2026-01-06T00:00", object_id=7)
    settle(store)
    put(store, [call], ingested="2026-01-09T00:00", object_id=1)
    account = settle(store)
    assert (account.doubles, account.activity_made) == (1, 1)
    assert rows(store, "select ingested_at::date from events", "events") == [(date(2026, 1, 6),)]


def test_many_small_files_of_a_day_become_one_in_order_of_time(new_store, put, records):
    store = new_store()
    for minute in range(10):
        put(store, [records.call(f"2026-01-05T10:{59 - minute}")])
    account = settle(store)
    assert (account.compacted, account.doubles) == (1, 0)
    (files,) = store.partitions("events").values()
    assert [count for _, count in files] == [10]
    with Engine(threads=1) as engine:
        store.show(engine, "events")
        times = [time for (time,) in engine.rows("select event_time from events")]
    assert times == sorted(times)
    assert settle(store).sessions_made == 0


def test_an_alias_changes_the_person_and_nothing_else(new_store, put, story):
    store = new_store()
    put(store, story[0])
    settle(store)
    account = settle(store, aliases={"alice": "alice@example.com"})
    assert (account.sessions_made, account.activity_made) == (0, 3)
    assert rows(store, "select distinct person from activity", "activity") == [("alice@example.com",)]
    assert settle(store, aliases={"alice": "alice@example.com"}).activity_made == 0


class Killed(BaseException):
    """The process ends here."""


class Mortal(Store):
    """A store whose process dies just before its n-th write: that is also just after the one before."""

    left = -1

    def _write(self, table: str, rows: pa.Table, **options: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed
        super()._write(table, rows, **options)


def test_killed_at_any_write_and_run_again_it_ends_the_same(new_store, put, story, snapshot):
    raw, whole = new_store("raw"), new_store("whole")
    for number, part in enumerate([*story, story[0]]):
        put(raw, part, object_id=number)
    shutil.copytree(raw.uri, whole.uri, dirs_exist_ok=True)
    settle(whole)
    expected = snapshot(whole)
    for write in range(1, 100):
        store = new_store(f"killed-{write}")
        shutil.copytree(raw.uri, store.uri, dirs_exist_ok=True)
        mortal = Mortal(store.uri, options=None, versions=None)
        mortal.left = write
        try:
            settle(mortal)
        except Killed:
            settle(store)
            assert snapshot(store) == expected
            assert settle(store).rows == {}
            assert rows(store, "select count(*) = count(distinct event_id) from events", "events") == [(True,)]
        else:
            assert write > 8  # four tables are made; events, sessions, activity, days and seen are written and noted
            return
    pytest.fail("settle never came to an end")


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


def test_the_memory_of_inputs_stays_small_and_keeps_the_newest(new_store):
    store = new_store()
    with Engine(threads=1) as engine:
        past = Memory(store, engine).refresh()
        for number in range(20):
            past.remember("sessions", {(date(2026, 1, 5), 0): f"inputs {number}"}, doubles={(date(2026, 1, 5), 0): 1})
        past.tidy()
        assert len(store.partitions("settled")[()]) == 1
        again = Memory(store, engine).refresh()
        assert again.inputs == {("sessions", date(2026, 1, 5), 0): "inputs 19"}
        assert again.doubles == {("sessions", date(2026, 1, 5), 0): 20}


def test_a_store_on_s3_settles_to_the_same(seaweed, new_store, put, story, snapshot, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = {
        "AWS_ENDPOINT_URL": seaweed.endpoint, "AWS_ACCESS_KEY_ID": seaweed.access_key, "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": seaweed.secret_key, "AWS_ALLOW_HTTP": "true", "aws_conditional_put": "etag",
    }  # fmt: skip
    local, remote = new_store("local"), Store.open(f"s3://{seaweed.bucket()}/trail", options=options)
    for number, part in enumerate([*story, story[0]]):
        put(local, part, object_id=number)
        put(remote, part, object_id=number)
    assert settle(remote).as_dict() == settle(local).as_dict()
    assert snapshot(remote) == snapshot(local)
    assert settle(remote).rows == {}
