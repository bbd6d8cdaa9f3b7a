"""New values: against the store's history, against peers, while learning, and without any store."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from trailwatch.detect import context
from trailwatch.detect.scan import Scanned, scan
from trailwatch.ingest import decode
from trailwatch.profile import sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trailwatch.engine import Engine

DAY = date(2026, 3, 11)
ACCOUNT = {"dimension": "account", "value": "111122223333"}
REGION = "where = \"outcome = 'ok'\"\nnew = { of = 'region', for = 'principal' }"
PEERS = "where = \"outcome = 'ok'\"\nnew = { of = 'region', for = 'principal', peers = true }"


def known(kit: Any, *rows: Mapping[str, Any], days: int = 100) -> pa.Table:
    """The store's memory: alice is present since so many days."""
    return kit.seen(ACCOUNT, *rows, days=days)


def rhythm(**active: int) -> pa.Table:
    return pa.Table.from_pylist(
        [{"kind": "principal", "value": f"111122223333/user/{name}", "first_time": None, "last_time": None,
          "active_days": days, "usual_gap": 1.0, "longest_gap": 3.0} for name, days in active.items()],
        schema=pa.schema([("kind", pa.string()), ("value", pa.string()), ("first_time", pa.timestamp("us", tz="UTC")),
                          ("last_time", pa.timestamp("us", tz="UTC")), ("active_days", pa.int64()),
                          ("usual_gap", pa.float64()), ("longest_gap", pa.float64())]))  # fmt: skip


def run(engine: Engine, kit: Any, text: str, history: pa.Table | None, **active: int) -> Scanned:
    if history is not None:
        engine.table("seen", history)
    engine.table("rhythm", rhythm(**(active or {"alice": 40})))
    return scan(engine, [kit.rule(text)], day=DAY)


def test_a_value_never_seen_hits_with_its_events(engine: Engine, kit: Any) -> None:
    kit.show(
        engine,
        [kit.record(), kit.record(awsRegion="ap-south-1"), kit.record(awsRegion="ap-south-1", at=timedelta(minutes=1))],
    )
    found = run(engine, kit, REGION, known(kit, {"dimension": "region", "value": "us-east-1"}))
    assert kit.hit_ids(found.hits) == {"e1", "e2"}
    evidence = json.loads(found.hits.to_pylist()[0]["evidence"])
    assert (evidence["new"], evidence["value"], evidence["events"], evidence["known_days"]) == (
        "region",
        "ap-south-1",
        2,
        40,
    )
    assert evidence["history"] == "never before in the store"
    assert found.learning == {}


def test_what_was_seen_on_the_day_itself_is_still_new(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(awsRegion="ap-south-1")])
    today = kit.seen({"dimension": "region", "value": "ap-south-1"}, days=0)
    found = run(engine, kit, REGION, pa.concat_tables([known(kit), today]))
    assert kit.hit_ids(found.hits) == {"e0"}


def test_somebody_elses_value_is_new_for_oneself(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    other = {"dimension": "region", "value": "us-east-1", "principal": "111122223333/user/bob", "person": "bob"}
    assert kit.hit_ids(run(engine, kit, REGION, known(kit, other)).hits) == {"e0"}
    account = REGION.replace("for = 'principal'", "for = 'account'")
    assert kit.hit_ids(run(engine, kit, account, known(kit, other)).hits) == set()


@pytest.mark.parametrize(("days", "active", "kind"), [(5, 5, "principal"), (100, 2, "principal"), (20, 40, "account")])
def test_the_first_weeks_only_teach(engine: Engine, kit: Any, days: int, active: int, kind: str) -> None:
    kit.show(engine, [kit.record()])
    found = run(
        engine, kit, REGION.replace("for = 'principal'", f"for = '{kind}'"), known(kit, days=days), alice=active
    )
    assert kit.hit_ids(found.hits) == set()
    assert found.learning == {"test-rule": 1}


def test_who_was_never_seen_before_is_learned_first(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(**kit.by("mallory"))])
    found = run(engine, kit, REGION, known(kit))
    assert (kit.hit_ids(found.hits), found.learning) == (set(), {"test-rule": 1})


def peers_of_alice(kit: Any, *, using: int, of: int = 6) -> pa.Table:
    rows = []
    for number in range(of):
        peer = {"principal": f"111122223333/user/peer{number}", "person": f"peer{number}"}
        rows.append(ACCOUNT | peer)
        if number < using:
            rows.append({"dimension": "region", "value": "us-east-1"} | peer)
    return known(kit, *rows)


def test_what_peers_use_is_no_news(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    assert kit.hit_ids(run(engine, kit, PEERS, peers_of_alice(kit, using=3)).hits) == set()
    assert kit.hit_ids(run(engine, kit, PEERS, peers_of_alice(kit, using=1, of=2)).hits) == set()
    found = run(engine, kit, PEERS, peers_of_alice(kit, using=0))
    assert kit.hit_ids(found.hits) == {"e0"}
    evidence = json.loads(found.hits.to_pylist()[0]["evidence"])
    assert (evidence["others"], evidence["others_using"], evidence["novelty"]) == (6, 0, 1.25)


def test_one_of_many_peers_does_not_make_it_usual(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    assert kit.hit_ids(run(engine, kit, PEERS, peers_of_alice(kit, using=1, of=12)).hits) == {"e0"}
    assert kit.hit_ids(run(engine, kit, PEERS, peers_of_alice(kit, using=2, of=12)).hits) == set()


def test_the_peer_group_counts_before_the_account(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    members = [f"111122223333/user/{name}" for name in ("alice", *(f"mate{number}" for number in range(6)))]
    engine.table("peers", pa.table({"principal": members, "person": [""] * 7, "peer_group": ["team"] * 7}))
    found = run(engine, kit, PEERS, peers_of_alice(kit, using=6))
    assert kit.hit_ids(found.hits) == {"e0"}


def test_an_address_of_a_service_teaches_and_tells_nothing(engine: Engine, kit: Any) -> None:
    text = "where = 'true'\nnew = { of = 'address', for = 'principal' }"
    kit.show(engine, [kit.record("via-service-call"), kit.record(sourceIPAddress="203.0.113.7")])
    found = run(engine, kit, text, known(kit))
    assert kit.hit_ids(found.hits) == {"e1"}


def test_a_failed_sign_in_is_the_act_of_anybody(engine: Engine, kit: Any) -> None:
    text = "where = 'true'\nnew = { of = 'address', for = 'principal' }"
    kit.show(engine, [kit.record("console-login-failed", sourceIPAddress="203.0.113.7")])
    assert kit.hit_ids(run(engine, kit, text, known(kit)).hits) == set()


def test_late_events_are_compared_with_what_was_known_before_their_own_day(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(at=-timedelta(days=3))])
    settled = kit.seen({"dimension": "region", "value": "us-east-1"}, days=3)
    assert kit.hit_ids(run(engine, kit, REGION, pa.concat_tables([known(kit), settled])).hits) == set()
    context.build(engine, day=DAY, late=[DAY - timedelta(days=3)])
    found = scan(engine, [kit.rule(REGION)], day=DAY, built=True)
    assert kit.hit_ids(found.hits) == {"e0"}


class TestWithoutStore:
    def test_the_first_quarter_of_the_files_teaches(self, engine: Engine, kit: Any) -> None:
        hours = [timedelta(hours=hour) for hour in (0, 2, 12, 24)]
        regions = ["us-east-1", "eu-west-1", "ap-south-1", "us-east-1"]
        kit.show(engine, [kit.record(at=at, awsRegion=region) for at, region in zip(hours, regions, strict=True)])
        found = scan(engine, [kit.rule(REGION)])
        assert kit.hit_ids(found.hits) == {"e2"}
        evidence = json.loads(found.hits.to_pylist()[0]["evidence"])
        assert evidence["history"] == "no history: new within these files"
        assert evidence["novelty"] == 0.5
        assert found.learning == {"test-rule": 2}

    def test_who_appears_late_in_the_files_is_not_news_as_such(self, engine: Engine, kit: Any) -> None:
        kit.show(
            engine,
            [kit.record(), kit.record(at=timedelta(hours=20), **kit.by("bob")), kit.record(at=timedelta(hours=24))],
        )
        assert kit.hit_ids(scan(engine, [kit.rule(REGION)]).hits) == set()

    def test_files_of_less_than_an_hour_are_not_evaluated(self, engine: Engine, kit: Any) -> None:
        kit.show(engine, [kit.record(), kit.record(at=timedelta(minutes=50), awsRegion="ap-south-1")])
        found = scan(engine, [kit.rule(REGION)])
        assert len(found.hits) == 0
        assert "less than an hour" in found.not_evaluated[0].reason

    def test_what_others_did_before_is_no_news(self, engine: Engine, kit: Any) -> None:
        records = [kit.record(), kit.record(**kit.by("bob"), awsRegion="ap-south-1"),
                   kit.record(at=timedelta(hours=24), awsRegion="ap-south-1")]  # fmt: skip
        kit.show(engine, records)
        assert kit.hit_ids(scan(engine, [kit.rule(PEERS)]).hits) == set()
        assert kit.hit_ids(scan(engine, [kit.rule(REGION)]).hits) == {"e2"}


@pytest.mark.parametrize("backwards", [False, True])
def test_of_many_events_of_one_moment_the_first_ids_are_shown_in_whatever_order_they_lie(
    engine: Engine, kit: Any, backwards: bool
) -> None:
    records = [kit.record(awsRegion="ap-south-1", eventID=f"e{place:03d}") for place in range(250)]
    engine.table("raw_events", decode.records(records[::-1] if backwards else records))
    sessions.resolve(engine, aliases={})
    found = run(engine, kit, REGION, known(kit, {"dimension": "region", "value": "us-east-1"}))
    assert kit.hit_ids(found.hits) == {f"e{place:03d}" for place in range(100)}
