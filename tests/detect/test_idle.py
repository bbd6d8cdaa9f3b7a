"""A query whose events do not occur is not run: only such a one, and what the others say does not change by that."""

from __future__ import annotations

from typing import Any

import pytest

from trailwatch.detect import context
from trailwatch.detect.idle import idle
from trailwatch.detect.scan import scan
from trailwatch.engine import Engine


@pytest.fixture
def shown(engine: Engine, kit: Any) -> Engine:
    """Alice created a user, and what she made was denied to bob."""
    kit.show(engine, [
        kit.record(eventName="CreateUser", **kit.by("alice")),
        kit.record(eventName="DeleteUser", errorCode="AccessDenied", **kit.by("bob")),
    ])  # fmt: skip
    context.build(engine)
    return engine


@pytest.mark.parametrize(
    ("query", "nothing_to_do"),
    [
        ("select event_id from scope where action = 'iam:ListUsers'", True),
        ("select event_id from scope where action in ('iam:ListUsers', 'iam:CreateUser')", False),
        ("select event_id from scope where outcome = 'throttled'", True),
        ("select event_id from scope where outcome = 'denied'", False),
        ("select event_id from scope where outcome = 'throttled' or request is null", False),
        (("select a.event_id from scope a anti join scope b on b.principal = a.principal and b.action = 'iam:ListUsers' "
         "where a.action = 'iam:CreateUser'"), False),
        (("select a.event_id from scope a anti join scope b on b.principal = a.principal and b.action = 'iam:CreateUser' "
         "where a.action = 'iam:ListUsers'"), False),
        ("select event_id from attributed", False),
        # The event may come from elsewhere than from what is asked for.
        ("select l.event_id from links l anti join scope s on s.action = 'iam:ListUsers'", False),
        ("select event_id from scope where cast(event_name as int) = 3", False),
    ],
)  # fmt: skip
def test_only_a_query_without_events_to_ask_for_is_idle(
    shown: Engine, kit: Any, query: str, nothing_to_do: bool
) -> None:
    rule = kit.rule(f'query = """{query}"""')
    assert (rule.id in idle(shown, [rule])) == nothing_to_do
    if nothing_to_do:
        assert not len(scan(shown, [rule], built=True).hits)


def test_idle_queries_stop_no_others(shown: Engine, kit: Any) -> None:
    rules = [kit.rule("query = \"select event_id from scope where action = 'iam:ListUsers'\"", "without"),
             kit.rule("query = \"select event_id from scope where action = 'iam:CreateUser'\"", "with")]  # fmt: skip
    found = scan(shown, rules, built=True)
    assert (kit.hit_ids(found.hits, "without"), kit.hit_ids(found.hits, "with")) == (set(), {"e0"})
    assert (found.ran, found.not_run, found.not_evaluated) == (2, (), ())
