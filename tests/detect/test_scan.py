"""The scan: clauses fused, counts that slide, culprits named, what is reported."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from trailwatch.detect import context
from trailwatch.detect.scan import HITS, scan
from trailwatch.window import Window

if TYPE_CHECKING:
    from trailwatch.engine import Engine

DENIED = {"errorCode": "AccessDenied"}


def minutes(*moments: float) -> list[timedelta]:
    return [timedelta(minutes=moment) for moment in moments]


def test_clauses_hit_their_events_with_keys_and_groups(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(eventName="GetUser"), kit.record("role-call")])
    rules = [kit.rule("where = \"event_name = 'ListUsers'\"", "lists"),
             kit.rule("where = \"event_name = 'GetUser' or error_code = 'x'\"\nby = ['account', 'aws_region']", "gets")]  # fmt: skip
    found = scan(engine, rules)
    assert found.hits.schema == HITS
    rows = {(row["detection"], row["event_id"]): row for row in found.hits.to_pylist()}
    assert ("lists", "e0") in rows
    assert ("gets", "e1") in rows
    assert ("gets", "e0") not in rows
    assert rows["lists", "e0"]["principal"] == "111122223333/user/alice"
    assert rows["lists", "e0"]["group_key"] == ["111122223333/user/alice", "alice"]
    assert rows["gets", "e1"]["group_key"] == ["111122223333", "us-east-1"]
    assert (found.ran, found.not_run, found.not_evaluated) == (2, (), ())


def test_an_absent_field_neither_hits_nor_fails(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(errorCode="<absent>")])
    assert kit.hit_ids(scan(engine, [kit.rule("where = \"error_code = 'x'\"")]).hits) == set()
    assert kit.hit_ids(scan(engine, [kit.rule("where = \"error_code is distinct from 'x'\"")]).hits) == {"e0"}


def test_evidence_holds_the_context_that_the_clause_reads(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    found = scan(engine, [kit.rule("where = \"shift <> 'out'\""), kit.rule("where = 'true'", "bare")])
    evidence = {row["detection"]: json.loads(row["evidence"]) for row in found.hits.to_pylist()}
    assert set(evidence["test-rule"]) == {"shift", "local_time", "time_zone"}
    assert evidence["bare"] == {}


class TestCount:
    RULE = "where = \"outcome = 'denied'\"\ncount = { by = ['principal'], at_least = 3, within = '10 minutes' }"

    def test_windows_slide_with_the_events(self, engine: Engine, kit: Any) -> None:
        # 9, 11 and 18 lie within ten minutes, but not in one ten-minute bucket.
        kit.show(engine, [kit.record(at=at, **DENIED) for at in minutes(0, 9, 11, 18, 40)])
        found = scan(engine, [kit.rule(self.RULE)])
        assert kit.hit_ids(found.hits) == {"e1", "e2", "e3"}
        evidence = json.loads(found.hits.to_pylist()[0]["evidence"])
        assert (evidence["count"], evidence["at_least"], evidence["within_seconds"]) == (3, 3, 600)

    def test_the_edge_of_the_window_counts(self, engine: Engine, kit: Any) -> None:
        kit.show(engine, [kit.record(at=at, **DENIED) for at in minutes(0, 5, 10)])
        assert kit.hit_ids(scan(engine, [kit.rule(self.RULE)]).hits) == {"e0", "e1", "e2"}
        kit.show(engine, [kit.record(at=at, **DENIED) for at in minutes(0, 5, 10.1)])
        assert kit.hit_ids(scan(engine, [kit.rule(self.RULE)]).hits) == set()

    def test_events_of_one_second_count_together(self, engine: Engine, kit: Any) -> None:
        kit.show(engine, [kit.record(at=at, **DENIED) for at in minutes(0, 0, 0)])
        assert len(kit.hit_ids(scan(engine, [kit.rule(self.RULE)]).hits)) == 3

    def test_each_identity_counts_for_itself(self, engine: Engine, kit: Any) -> None:
        kit.show(engine, [kit.record(**DENIED, **kit.by(user)) for user in ("alice", "bob", "carol", "dave")])
        assert kit.hit_ids(scan(engine, [kit.rule(self.RULE)]).hits) == set()

    def test_distinct_counts_values_and_ignores_none(self, engine: Engine, kit: Any) -> None:
        rule = kit.rule(self.RULE.replace("at_least", "distinct = 'target', at_least"))
        same = [kit.record(at=at, **DENIED, requestParameters={"userName": "x"}) for at in minutes(0, 1, 2)]
        none = [kit.record(at=at, **DENIED) for at in minutes(3, 4)]
        kit.show(engine, [*same, *none])
        assert kit.hit_ids(scan(engine, [rule]).hits) == set()
        other = [kit.record(at=at, **DENIED, requestParameters={"userName": f"x{at}"}) for at in minutes(0, 1, 2)]
        kit.show(engine, [*other, *none])
        found = scan(engine, [rule])
        assert {"e0", "e1", "e2"} <= kit.hit_ids(found.hits)
        assert json.loads(found.hits.to_pylist()[0]["evidence"])["count"] == 3

    def test_only_reported_events_and_their_window_are_reported(self, engine: Engine, kit: Any) -> None:
        kit.show(engine, [kit.record(at=at, **DENIED) for at in minutes(0, 1, 2, 100, 101, 102)])
        late = pa.table({"event_id": ["e4"]})
        assert kit.hit_ids(scan(engine, [kit.rule(self.RULE)], reported=late).hits) == {"e3", "e4", "e5"}
        since = Window(kit.start + timedelta(minutes=2), None)
        assert kit.hit_ids(scan(engine, [kit.rule(self.RULE)], window=since).hits) == {
            "e0",
            "e1",
            "e2",
            "e3",
            "e4",
            "e5",
        }
        plain = kit.rule("where = \"outcome = 'denied'\"")
        assert kit.hit_ids(scan(engine, [plain], reported=late).hits) == {"e4"}
        assert kit.hit_ids(scan(engine, [plain], window=since).hits) == {"e2", "e3", "e4", "e5"}


def test_a_clause_that_fails_is_named_and_stops_no_other(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(eventName="GetUser")])
    good = [kit.rule("where = 'true'", f"good-{number}") for number in range(5)]
    bad = [kit.rule("where = \"cast(event_name as int) = 3\"", "casts"), kit.rule("where = 'no_such_column = 1'", "binds"),
           kit.rule("query = \"select event_id from scope where cast(event_name as int) = 3\"", "query-casts"),
           kit.rule("where = \"cast(event_name as int) = 3\"\nnew = { of = 'region', for = 'account' }\n", "new-casts")]  # fmt: skip
    engine.table("seen", kit.seen({"dimension": "account", "value": "111122223333"}))
    found = scan(
        engine, [good[0], bad[0], good[1], good[2], bad[1], good[3], bad[2], bad[3], good[4]], day=date(2026, 3, 11)
    )
    assert {failed.id for failed in found.not_run} == {"casts", "binds", "query-casts", "new-casts"}
    assert "ListUsers" in next(failed.reason for failed in found.not_run if failed.id == "casts")
    assert all(kit.hit_ids(found.hits, rule.id) == {"e0", "e1"} for rule in good)
    assert found.ran == 5


def test_a_query_returns_events_with_evidence(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(eventName="GetUser")])
    rule = kit.rule("query = \"\"\"with two as (select min(event_id) as event_id, count(*) as n from attributed) "
                    "select event_id, n as events_seen from two union all select 'elsewhere', 0\"\"\"")  # fmt: skip
    (hit,) = scan(engine, [rule]).hits.to_pylist()
    assert hit["event_id"] == "e0"
    assert json.loads(hit["evidence"])["events_seen"] == 2


def test_what_supersedes_takes_the_event(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(eventName="GetUser")])
    rules = [
        kit.rule("where = \"event_name = 'GetUser'\"\nsupersedes = ['wide']", "narrow"),
        kit.rule("where = 'true'", "wide"),
    ]
    found = scan(engine, rules)
    assert kit.hit_ids(found.hits, "wide") == {"e0"}
    assert kit.hit_ids(found.hits, "narrow") == {"e1"}


@pytest.mark.parametrize("need", ["history", "data-events", "networks", "people", "partners"])
def test_unmet_needs_are_told_and_never_silent(engine: Engine, kit: Any, need: str) -> None:
    kit.show(engine, [kit.record()])
    found = scan(engine, [kit.rule(f"where = 'true'\nneeds = ['{need}']"), kit.rule("where = 'true'", "free")])
    assert [unable.id for unable in found.not_evaluated] == ["test-rule"]
    assert found.not_evaluated[0].reason
    assert found.ran == 1
    assert kit.hit_ids(found.hits) == set()


def test_no_events_at_all(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    for relation in ("raw_events", "events"):
        engine.execute(f"delete from {relation}")
    found = scan(engine, [kit.rule("where = 'true'"), kit.rule(TestCount.RULE, "counts")])
    assert len(found.hits) == 0
    assert found.not_run == ()


def test_hostile_values_stay_values(engine: Engine, kit: Any) -> None:
    name = "x'); drop table scope; --"
    kit.show(engine, [kit.record(at=at, requestParameters={"userName": name}, **DENIED) for at in minutes(0, 1, 2)])
    rules = [kit.rule(TestCount.RULE.replace("['principal']", "['target_user']")),
             kit.rule("where = 'true'\nby = ['target_user']", "plain")]  # fmt: skip
    found = scan(engine, rules)
    assert len(found.hits) == 6
    assert {tuple(row["group_key"]) for row in found.hits.to_pylist()} == {(name,)}


def test_a_scope_that_is_too_large_to_keep_gives_the_same(
    engine: Engine, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [kit.rule("where = \"outcome = 'denied'\"", "plain"), kit.rule(TestCount.RULE, "counts"),
             kit.rule("where = 'true'\nnew = { of = 'region', for = 'principal' }", "news"),
             kit.rule("query = \"select event_id from attributed where event_name = 'GetUser'\"", "queries")]  # fmt: skip
    kit.show(engine, [*(kit.record(at=at, **DENIED) for at in minutes(0, 1, 2)), kit.record(eventName="GetUser"),
                      kit.record(at=timedelta(days=1), awsRegion="ap-south-1")])  # fmt: skip
    kept = scan(engine, rules)
    monkeypatch.setattr(context, "KEPT", 0)
    assert scan(engine, rules).hits.to_pylist() == kept.hits.to_pylist()
    assert {hit["detection"] for hit in kept.hits.to_pylist()} == {"plain", "counts", "news", "queries"}
