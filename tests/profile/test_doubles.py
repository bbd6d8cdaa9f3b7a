"""Exactly once: copies of an event leave one, and small files of a day become one."""

from __future__ import annotations

from datetime import date

from trailwatch.engine import Engine
from trailwatch.profile import doubles
from trailwatch.profile.settle import settle


def test_copies_from_other_trails_and_objects_leave_one_event(new_store, put, story, snapshot, rows):
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


def test_a_copy_that_comes_after_the_digest_does_not_look_new(new_store, put, records, rows):
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


def test_many_files_of_enough_events_each_stay_as_they_are(new_store, put, records, monkeypatch):
    store = new_store()
    for minute in range(10):
        put(store, [records.call(f"2026-01-05T10:{59 - minute}"), records.call(f"2026-01-05T11:{59 - minute}")])
    monkeypatch.setattr(doubles, "ENOUGH", 2)
    assert settle(store).compacted == 0
    put(store, [records.call("2026-01-05T12:00")])
    assert settle(store).compacted == 1
