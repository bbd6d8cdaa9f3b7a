"""What the model adds: its own findings, or its numbers in one that the rules made."""

from __future__ import annotations

from datetime import UTC, date, datetime

from trailwatch.config import Automation, Config, Suppression
from trailwatch.findings.triage import findings
from trailwatch.findings.ways import Ways
from trailwatch.model.explain import Reason
from trailwatch.model.score import Anomaly

DAY = date(2026, 1, 5)


def anomaly(*event_ids: str, principal: str = "111122223333/user/alice", person: str = "alice") -> Anomaly:
    reason = Reason(
        name="actions", label="distinct actions", value=42, usual=6, spread=2, peers_usual=5, deviation=18.0, share=0.9,
        words="42 distinct actions, usual 6 ± 2", what=("iam:CreateUser",),
    )  # fmt: skip
    moment = datetime(2026, 1, 5, 8, tzinfo=UTC)
    return Anomaly(principal, person, DAY, 7.5, {"forest": 7.0}, (reason,), event_ids, moment, moment, explained=True)


def run(day, *rules, config=None, **more):
    return findings(day.engine, day.scope(), rules, day=DAY, config=config, **more).findings


def test_alone_it_is_a_finding_with_its_numbers(day, rule) -> None:
    day.event(outcome="ok", action="iam:CreateUser")
    (only,) = run(day, rule(), anomalies=[anomaly("e0000")])
    assert (only.kind, only.detection, only.severity) == ("anomaly", "unusual-day", "medium")
    assert only.title == "alice had a day unlike any other: 42 distinct actions, usual 6 ± 2"
    assert only.evidence["features"][0]["what"] == ["iam:CreateUser"]
    assert only.actions[0].value == "iam:CreateUser"


def test_one_act_is_one_finding(day, rule) -> None:
    day.event("user-created")
    (only,) = run(day, rule(severity="low"), anomalies=[anomaly("e0000")])
    assert only.kind == "activity"
    assert only.evidence["features"][0]["usual"] == 6
    assert (only.severity, only.practices) == ("medium", ("least-privilege", "monitoring"))


def test_a_finding_of_other_events_or_of_another_identity_does_not_cover_it(day, rule) -> None:
    day.event("user-created")
    for n in range(3):
        day.event(minutes=n)
    assert len(run(day, rule(), anomalies=[anomaly("e0001", "e0002", "e0003")])) == 2
    assert len(run(day, rule(), anomalies=[anomaly("e0000", person="bob")])) == 2


def test_a_suppressed_finding_hides_no_anomaly(day, rule) -> None:
    config = Config(
        suppress=[Suppression(detection="user-created", principal="alice", reason="r", owner="o", until=DAY)]
    )
    day.event("user-created")
    shown, hidden = run(day, rule(), config=config, anomalies=[anomaly("e0000")])
    assert (shown.kind, hidden.suppressed_by != "") == ("anomaly", True)


def test_what_an_unusual_day_is_unlike_counts_once_unless_it_was_declared(day) -> None:
    role = "111122223333/role/terraform"
    day.event(principal=role, person="", address="203.0.113.0/24", network="")
    known = {role: Ways(60, {"address": {"198.51.100.0/24": 60}}, frozenset({"address"}), "pipeline", "", regular=True)}
    odd = [anomaly("e0000", principal=role, person="")]
    assert run(day, anomalies=odd, ways=known)[0].severity == "medium"
    config = Config(
        networks={"build": ["198.51.100.0/24"]}, automation=Automation(principals=[role], networks=["build"])
    )
    assert run(day, anomalies=odd, ways=known, config=config)[0].severity == "high"


def test_an_anomaly_without_events_stands_on_its_day(day, rule) -> None:
    (only,) = run(day, rule(), anomalies=[anomaly()])
    assert (only.count, only.event_ids, only.first_time.date(), only.account) == (0, (), DAY, "111122223333")
