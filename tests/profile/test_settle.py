"""Laws of settle: made again only where inputs changed, the same whatever the order."""

from __future__ import annotations

from datetime import date

from trailwatch.engine import Engine
from trailwatch.profile import batches
from trailwatch.profile.inputs import Memory
from trailwatch.profile.settle import settle
from trailwatch.store.tables import Store


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


def test_the_person_behind_a_role_is_found_across_midnight_for_two_days(new_store, put, story, rows):
    store = new_store()
    put(store, story[0])
    settle(store)
    found = rows(store, "select dt, person from activity where principal like '%/role/deploy' order by dt", "activity")
    assert found == [(date(2026, 1, 5), "alice"), (date(2026, 1, 6), "alice"), (date(2026, 1, 7), "alice")]


def test_a_late_record_makes_its_own_day_only(new_store, put, story, records, rows):
    store = new_store()
    for part in story:
        put(store, part)
    settle(store)
    put(store, [records.call("2026-01-06T12:00", "StopInstances")])
    account = settle(store)
    assert (account.sessions_made, account.activity_made, account.months_made) == (1, 1, 1)
    assert rows(store, "select sum(events) from activity where event_name = 'StopInstances'", "activity") == [(1,)]


def test_a_late_sign_in_to_a_role_names_the_person_on_the_following_days_that_used_it(new_store, put, records, rows):
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


def test_settling_some_days_also_takes_those_that_depend_on_them(new_store, put, records, rows):
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


def test_an_alias_changes_the_person_and_nothing_else(new_store, put, story, rows):
    store = new_store()
    put(store, story[0])
    settle(store)
    account = settle(store, aliases={"alice": "alice@example.com"})
    assert (account.sessions_made, account.activity_made) == (0, 3)
    assert rows(store, "select distinct person from activity", "activity") == [("alice@example.com",)]
    assert settle(store, aliases={"alice": "alice@example.com"}).activity_made == 0


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
