"""A person's word: what is expected after it, for whom and how long, and what is no training any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trailwatch.finding import Finding, Top
from trailwatch.findings.groups import Group
from trailwatch.findings.marks import excluded, expected, facts_of, mark, marks, network
from trailwatch.findings.records import finding_rows
from trailwatch.findings.statistics import Standing, statistics
from trailwatch.store.tables import Store

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
ROW = {"account": "111122223333", "principal": "111122223333/user/alice", "person": "alice", "action": "iam:CreateUser",
       "source_ip": "203.0.113.7"}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), create=True)


@pytest.fixture
def told(finding: Callable[..., Finding]) -> Finding:
    return finding(actions=(Top("iam:CreateUser", 1),), addresses=(Top("203.0.113.7", 1),))


def _group(rule: Any, evidence: dict[str, Any] | None = None, **change: str) -> Group:
    row = {**ROW, **change}
    return Group(rule, (("principal", row["principal"]), ("person", row["person"])), (row,), evidence or {})


def test_benign_expects_the_same_and_nothing_else(store: Store, told: Finding, rule: Any) -> None:
    mark(store, told, "benign", note="onboarding", by="grace", now=NOW)
    (found,) = marks(store)
    day = date(2026, 1, 20)
    assert expected(_group(rule(), source_ip="203.0.113.99"), [found], day=day).startswith(
        "marked benign: onboarding (grace"
    )
    for change in ({"action": "iam:DeleteUser"}, {"source_ip": "198.51.100.1"}, {"person": "bob"},
                   {"principal": "111122223333/user/bob"}):  # fmt: skip
        assert not expected(_group(rule(), **change), [found], day=day), change
    assert not expected(_group(rule("another")), [found], day=day)


def test_an_expectation_begins_with_the_finding_and_ends(store: Store, told: Finding, rule: Any) -> None:
    made = mark(store, told, "benign", note="x", by="y", now=NOW, until=date(2026, 2, 1))
    days = [date(2026, 1, 4), date(2026, 1, 5), date(2026, 2, 1), date(2026, 2, 2)]
    assert [made.covers(_group(rule()), day=day) for day in days] == [False, True, True, False]
    assert mark(store, told, "benign", note="x", by="y", now=NOW).until == NOW.date() + timedelta(days=90)


def test_an_unusual_day_is_expected_only_for_the_same_facts(store: Store, told: Finding, rule: Any) -> None:
    evidence = {"features": [{"name": "events", "what": ["s3:ListBuckets"]}, {"name": "new_client", "what": ["go"]}]}
    made = mark(store, replace(told, kind="anomaly", evidence=evidence), "benign", note="x", by="y", now=NOW)
    day = date(2026, 1, 9)
    assert facts_of(evidence) == {"events", "new_client=go"}
    assert made.covers(_group(rule(), {"features": evidence["features"][:1]}, action="ec2:RunInstances"), day=day)
    other = {"features": [{"name": "new_client", "what": ["kali"]}]}
    assert not made.covers(_group(rule(), other), day=day)
    assert not made.covers(_group(rule(), {"features": [{"name": "root_use", "what": []}]}), day=day)


def test_the_newest_word_counts_and_confirmed_days_are_no_training(store: Store, told: Finding) -> None:
    long = replace(told, last_time=told.last_time + timedelta(days=1))
    mark(store, long, "benign", note="x", by="y", now=NOW)
    assert excluded(marks(store)) == []
    mark(store, long, "confirmed", note="it was not", by="y", now=NOW + timedelta(hours=1))
    (found,) = marks(store)
    assert found.verdict == "confirmed"
    assert excluded([found]) == [
        (told.principal, "alice", date(2026, 1, 5)),
        (told.principal, "alice", date(2026, 1, 6)),
    ]


def test_statistics_count_verdicts_by_detection_and_scorer(store: Store, finding: Callable[..., Finding]) -> None:
    parts = {"model_parts": {"forest": 3.0, "rare": 9.0}}
    several = [finding("f1"), finding("f2"), finding("f3", detection="unusual-day", kind="anomaly", evidence=parts),
               finding("f4", suppressed_by="somebody")]  # fmt: skip
    store.append("findings", finding_rows(several, day=date(2026, 1, 5), run="r"))
    for one, verdict in ((several[0], "benign"), (several[2], "confirmed")):
        mark(store, one, verdict, note="x", by="y", now=NOW)
    found = statistics(store, last=date(2026, 1, 5))
    assert found.detections == (Standing("user-created", 2, 0, 1), Standing("unusual-day", 1, 1, 0))
    assert found.scorers == (Standing("rare", 1, 1, 0),)
    assert "user-created" in found.text()
    assert found.as_dict()["scorers"][0]["precision"] == 1.0


def test_a_detection_that_is_hardly_ever_right_is_named() -> None:
    assert Standing("noisy", 30, 0, 20).advice
    assert not Standing("noisy", 30, 1, 19).advice
    assert not Standing("noisy", 30, 0, 19).advice
    assert Standing("silent", 3, 0, 0).precision is None


def test_networks_are_those_of_activity() -> None:
    assert network("203.0.113.7") == "203.0.113.0/24"
    assert network("2001:db8:1:2::5") == "2001:db8:1::/48"
    assert network("ec2.amazonaws.com") == "ec2.amazonaws.com"
