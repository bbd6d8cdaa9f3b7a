"""A scope that is too large to keep is cut down to what the rules can ask for: no answer may change by that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from trailwatch.detect import context, narrow
from trailwatch.detect.scan import scan
from trailwatch.engine import Engine

CREATED = "select a.event_id from scope a"
QUERIES = {
    "anti-left": f"{CREATED} left join scope b on b.principal = a.principal and b.event_name = 'DeleteUser' "
                 "where a.event_name = 'CreateUser' and b.event_id is null",
    "anti": f"{CREATED} anti join scope b on b.principal = a.principal and b.event_name = 'DeleteUser' "
            "where a.event_name = 'CreateUser'",
    "not-exists": f"{CREATED} where a.event_name = 'CreateUser' and not exists (select 1 from scope b "
                  "where b.event_name = 'DeleteUser' and b.principal = a.principal)",
    "outer-condition": f"{CREATED} where exists (select 1 from scope b where a.event_name = 'CreateUser' "
                       "and b.principal = a.principal and b.event_name = 'DeleteUser')",
    "nearest": f"{CREATED} asof join scope b on b.principal = a.principal and b.event_time < a.event_time "
               "where a.event_name = 'CreateUser' and b.event_name = 'ListUsers'",
    "right": "select b.event_id from scope a right join scope b on a.principal = b.principal "
             "and a.event_name = 'DeleteUser' where b.event_name = 'CreateUser' and a.event_id is null",
    "inner": f"{CREATED} join scope b on b.principal = a.principal where a.event_name = 'CreateUser' "
             "and b.event_name = 'DeleteUser' and b.event_time > a.event_time",
    "own-names": "with scope as (select * from attributed where event_name = 'ListUsers') select event_id from scope",
    "a-part-that-is-called-scope": "with scope as (select * from scope where event_name = 'ListUsers') "
                                   "select event_id from scope where principal like '%alice'",
    "capitals": "SELECT EVENT_ID FROM SCOPE S WHERE S.EVENT_NAME = 'CreateUser'",
    "long-text-in-capitals": "SELECT EVENT_ID FROM SCOPE WHERE EVENT_NAME = 'CreateUser' AND USER_AGENT LIKE '%'",
    "long-text": "select event_id from scope where event_name = 'CreateUser' and user_agent like '%'",
    "alias": "select s.event_id from scope s where s.event_name in ('CreateUser') or s.outcome = 'denied'",
    "nested": "select event_id from (select *, lag(event_name) over (order by event_time) as before from scope) "
              "where before = 'ListUsers' and event_name = 'CreateUser'",
}  # fmt: skip


@pytest.fixture
def shown(engine: Engine, kit: Any) -> Engine:
    """Alice creates and deletes, bob only creates, mallory lists and is denied."""
    steps = [("alice", "ListUsers"), ("alice", "CreateUser"), ("alice", "DeleteUser"), ("bob", "ListUsers"),
             ("bob", "GetUser"), ("bob", "CreateUser"), ("mallory", "ListUsers"), ("mallory", "CreateUser")]  # fmt: skip
    kit.show(engine, [
        kit.record(at=timedelta(minutes=minute), eventName=name, **kit.by(user),
                   **({"errorCode": "AccessDenied"} if user == "mallory" and name == "CreateUser" else {}))
        for minute, (user, name) in enumerate(steps)
    ])  # fmt: skip
    return engine


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_answers_the_same(shown: Engine, kit: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    rule = kit.rule(f'query = """{QUERIES[name]}"""')
    whole = scan(shown, [rule])
    monkeypatch.setattr(context, "KEPT", 0)
    cut = scan(shown, [rule])
    assert whole.not_run == cut.not_run == ()
    assert len(whole.hits)
    assert cut.hits.to_pylist() == whole.hits.to_pylist()


def test_what_no_rule_asks_for_is_left_out(shown: Engine, kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "KEPT", 0)
    context.build(shown)
    assert narrow.keep(
        shown, [kit.rule("where = \"event_name = 'DeleteUser' and event_source = 'iam.amazonaws.com'\"")]
    )
    assert shown.rows("select event_name from scope") == [("DeleteUser",)]
    assert "request" not in {name for (name,) in shown.rows("select column_name from (describe scope)")}
    narrow.restore(shown)
    assert shown.rows("select count(*) from scope") == [(8,)]


def test_a_rule_that_fails_stops_no_other(shown: Engine, kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [kit.rule("where = \"event_name = 'DeleteUser'\"", "good"),
             kit.rule("where = \"cast(event_name as int) = 3\"", "casts"),
             kit.rule("query = \"select event_id from scope where where\"", "unreadable")]  # fmt: skip
    monkeypatch.setattr(context, "KEPT", 0)
    found = scan(shown, rules)
    assert {failed.id for failed in found.not_run} == {"casts", "unreadable"}
    assert kit.hit_ids(found.hits, "good") == {"e2"}
