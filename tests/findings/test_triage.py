"""Hits become findings: grouped, named, weighed, once per act."""

from __future__ import annotations

from datetime import date, timedelta

from trailwatch.config import Config, Suppression
from trailwatch.findings.triage import findings, urgency

DAY = date(2026, 1, 5)


def run(day, *rules, config=None, **more):
    hits = day.scope()
    return findings(day.engine, hits, rules, day=DAY, config=config, **more).findings


def test_hits_of_one_identity_are_one_finding_with_its_facts(day, rule) -> None:
    for minute in range(7):
        day.event("user-created", minutes=minute, target=f"user-{minute % 3}", source_ip="203.0.113.7")
    day.event("user-created", minutes=9, person="bob", principal="111122223333/user/bob")
    first, second = run(day, rule())
    assert [(one.person, one.count) for one in (first, second)] == [("alice", 7), ("bob", 1)]
    assert [(top.value, top.count) for top in first.targets] == [("user-0", 3), ("user-1", 2), ("user-2", 2)]
    assert first.last_time - first.first_time == timedelta(minutes=6)
    assert first.event_ids == tuple(f"e{n:04}" for n in range(7))
    assert (first.severity, first.severity_parts["product"]) == ("medium", 3.0)
    assert first.id != second.id


def test_the_fingerprint_stays_from_day_to_day_and_follows_what_the_detection_groups_by(day, rule) -> None:
    by_target = rule("per-target", by=("principal", "person", "target"))
    day.event("user-created", "per-target", target="a")
    day.event("user-created", "per-target", target="b", minutes=1)
    before = {one.id for one in run(day, rule(), by_target)}
    assert len(before) == 3
    for event in day.events:
        event["event_time"] -= timedelta(days=3)
    assert {one.id for one in run(day, rule(), by_target)} == before


def test_a_thousand_event_ids_are_kept_and_the_rest_counted(day, rule) -> None:
    for n in range(1003):
        day.event("user-created", minutes=n / 10, event_id=f"x{n:05}")
    (only,) = run(day, rule())
    assert (only.count, len(only.event_ids), only.truncated) == (1003, 1000, True)


def test_titles_are_filled_bounded_and_free_of_control_characters(day, rule) -> None:
    day.event("user-created", target="\x1b[31mevil\u202e\x00" + "x" * 500)
    (only,) = run(day, rule(title="{person} made {target} and {target_user}"))
    assert only.title.startswith("alice made [31mevil")
    assert "x… and (unknown)" in only.title
    assert "(unknown)" in run(day, rule(title="made {target_user}"))[0].title
    assert len(only.title) <= 140
    assert only.title.isprintable()


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again(day, rule) -> None:
    day.event("user-created", target="{person}")
    assert run(day, rule(title="made {target}"))[0].title == "made {person}"


def test_context_raises_and_is_shown_but_never_by_more_than_one_band(day, rule) -> None:
    day.event("user-created", long_term_key="AKIAEXAMPLE", principal="111122223333/role/Admin", shift="out")
    (only,) = run(day, rule())
    assert only.severity == "high"
    assert only.severity_parts == {
        "impact": 3.0, "novelty": 1.0, "long-term key": 1.25, "administrator": 1.25, "after hours": 1.25, "product": 5.86,
    }  # fmt: skip
    assert run(day, rule(severity="low"))[0].severity == "medium"


def test_what_a_detection_is_about_does_not_raise_it_again(day, rule) -> None:
    day.event("user-created", shift="out", network_rule="outside")
    (only,) = run(day, rule(practices=("shifts", "networks")))
    assert set(only.severity_parts) == {"impact", "novelty", "product"}


def test_a_refused_action_that_works_later_weighs_more(day, rule) -> None:
    day.event("user-created", outcome="denied")
    day.event("user-created", minutes=5)
    assert run(day, rule())[0].severity_parts["refused, then allowed"] == 1.25


def test_what_aws_does_by_itself_weighs_half_but_critical_stays(day, rule) -> None:
    day.event("user-created", origin="service", principal="service/autoscaling")
    assert run(day, rule(severity="high"))[0].severity == "medium"
    assert run(day, rule(severity="critical"))[0].severity == "critical"


def test_a_network_that_the_identity_never_used_weighs_more(day, rule) -> None:
    day.event("user-created")
    known = {("111122223333/user/alice", "203.0.113.0/24")}
    assert "new network" not in run(day, rule(), seen=known)[0].severity_parts
    assert run(day, rule(), seen={("someone", "198.51.100.0/24")})[0].severity_parts["new network"] == 1.25


def test_suppressed_findings_are_kept_and_say_why_and_expired_ones_do_not_count(day, rule) -> None:
    entry = {"detection": "user-*", "principal": "alice", "reason": "onboarding", "owner": "carol"}
    day.event("user-created")
    (only,) = run(day, rule(), config=Config(suppress=[Suppression(until=DAY, **entry)]))
    assert only.suppressed_by == "onboarding (carol, until 2026-01-05)"
    (only,) = run(day, rule(), config=Config(suppress=[Suppression(until=DAY - timedelta(days=1), **entry)]))
    assert only.suppressed_by == ""


def test_a_suppression_by_network_does_not_hide_an_event_from_elsewhere(day, rule) -> None:
    config = Config(networks={"office": ["203.0.113.0/24"]}, suppress=[Suppression(
        detection="user-created", network="office", reason="r", owner="o", until=DAY)])  # fmt: skip
    day.event("user-created", network="office")
    assert run(day, rule(), config=config)[0].suppressed_by
    day.event("user-created", ip="198.51.100.9", minutes=1)
    assert not run(day, rule(), config=config)[0].suppressed_by


def test_more_than_twenty_of_one_detection_become_one(day, rule) -> None:
    for n in range(21):
        day.event("user-created", person=f"p{n}", principal=f"111122223333/user/p{n}", credential=f"ASIA{n}")
    (only,) = run(day, rule())
    assert only.title.startswith("21 times in one day: ")
    assert (only.count, only.evidence["grouped"], only.principal) == (21, 21, "")
    day.events.pop()
    day.hits.pop()
    assert len(run(day, rule())) == 20


def test_two_detections_of_the_very_same_events_are_one_finding(day, rule) -> None:
    day.event("user-created", "odd-hour")
    (only,) = run(day, rule(), rule("odd-hour", severity="low", practices=("shifts",), title="odd hour"))
    assert only.detection == "user-created"
    assert only.evidence["also"][0]["title"] == "odd hour"
    assert only.practices == ("least-privilege", "shifts")
    day.event("odd-hour", minutes=1)
    assert len(run(day, rule(), rule("odd-hour", severity="low"))) == 2


def test_a_detection_supersedes_another_on_the_same_event_only(day, rule) -> None:
    day.event("user-created", "strong")
    day.event("user-created", minutes=1)
    found = run(day, rule(), rule("strong", severity="high", supersedes=("user-created",)))
    assert {one.detection: one.event_ids for one in found} == {"strong": ("e0000",), "user-created": ("e0001",)}


def test_events_of_an_earlier_day_alone_are_late(day, rule) -> None:
    day.event("user-created", minutes=-3 * 24 * 60)
    assert run(day, rule())[0].late
    day.event("user-created")
    (only,) = run(day, rule())
    assert (only.late, only.evidence["events_before_the_day"]) == (False, 1)


def test_a_hit_that_names_no_event_is_counted(day, rule) -> None:
    day.event("user-created")
    day.hits.append({**day.hits[0], "event_id": "nowhere"})
    result = findings(day.engine, day.scope(), [rule()], day=DAY)
    assert (len(result.findings), result.lost) == (1, {"user-created": 1})


def test_of_equal_severity_the_unusual_comes_first_and_what_a_rule_says_often_weighs_little(finding) -> None:
    told = {"often": (5.0, 60), "seldom": (2.0, 0), "odd": (5.5, 60), "sometimes": (2.0, 2)}
    listed = [finding(id=name, severity="medium", evidence={"model_score": unusual, "told_before": times})
             for name, (unusual, times) in told.items()]  # fmt: skip
    assert [one.id for one in sorted(listed, key=urgency)] == ["seldom", "odd", "often", "sometimes"]
