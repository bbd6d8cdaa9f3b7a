"""One story is one incident."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trailwatch.findings.incidents import join
from trailwatch.findings.tactics import in_words, progress, tactic_of

DAY = date(2026, 1, 5)
MORNING = datetime(2026, 1, 5, 8, tzinfo=UTC)


def at(minutes: float, finding, name: str, **change):
    moment = MORNING + timedelta(minutes=minutes)
    links = {"credentials": change.pop("credentials", []), "shared_events": change.pop("shared", []),
             "addresses": change.pop("addresses", [])}  # fmt: skip
    return finding(name, first_time=moment, last_time=moment, evidence={"links": links}, **change)


def stories(*findings, **options):
    told, incidents = join(findings, day=DAY, **options)
    assert {one.id: one.incident for one in told} == {
        one.id: next((story.id for story in incidents if one.id in story.findings), "") for one in findings
    }
    return [set(one.findings) for one in incidents]


def test_one_finding_tells_itself(finding) -> None:
    assert stories(at(0, finding, "a")) == []


def test_findings_of_one_person_or_one_workload_are_one_story(finding) -> None:
    assert stories(at(0, finding, "a"), at(5, finding, "b")) == [{"a", "b"}]
    job = {"person": "", "principal": "111122223333/role/job"}
    assert stories(at(0, finding, "a", **job), at(5, finding, "b", **job)) == [{"a", "b"}]
    assert stories(at(0, finding, "a"), at(5, finding, "b", person="bob")) == []


def test_a_session_tree_joins_accounts_and_persons(finding) -> None:
    other = at(
        5, finding, "b", person="", principal="444455556666/role/x", account="444455556666", credentials=["ASIA1"]
    )
    assert stories(at(0, finding, "a", credentials=["ASIA1"]), other) == [{"a", "b"}]
    assert stories(at(0, finding, "a", shared=["s1"]), at(0, finding, "b", person="x", shared=["s1"])) == [{"a", "b"}]


def test_an_address_joins_unless_it_is_crowded(finding) -> None:
    pair = [
        at(0, finding, "a", addresses=["203.0.113.7"]),
        at(1, finding, "b", person="bob", addresses=["203.0.113.7"]),
    ]
    assert stories(*pair) == [{"a", "b"}]
    assert stories(*pair, crowded={"203.0.113.0/24"}) == []


@pytest.mark.parametrize("principal", ["service/ec2", "111122223333/unknown"])
def test_services_and_unknown_principals_are_nobody(finding, principal) -> None:
    nobody = {"person": "", "principal": principal}
    assert stories(at(0, finding, "a", **nobody), at(5, finding, "b", **nobody)) == []


def test_three_tactics_in_order_raise_it_by_one_band(finding) -> None:
    steps = [("a", "initial-access"), ("b", "discovery"), ("c", "exfiltration")]
    order = [at(n, finding, name, tactic=tactic) for n, (name, tactic) in enumerate(steps)]
    (incident,) = join(order, day=DAY)[1]
    assert (incident.severity, incident.tactics) == ("high", ("initial-access", "discovery", "exfiltration"))
    assert incident.title == "alice got in, looked around and opened data to the outside"
    backwards = [at(-n, finding, name, tactic=tactic) for n, (name, tactic) in enumerate(steps)]
    assert join(backwards, day=DAY)[1][0].severity == "medium"


def test_suppressed_and_low_findings_are_part_of_the_story(finding) -> None:
    steps = [
        at(0, finding, "a", tactic="initial-access", severity="low"),
        at(1, finding, "b", tactic="discovery", severity="low", suppressed_by="known (bob)"),
        at(2, finding, "c", tactic="impact", severity="low"),
    ]
    (incident,) = join(steps, day=DAY)[1]
    assert (set(incident.findings), incident.severity) == ({"a", "b", "c"}, "medium")
    assert [moment["suppressed"] for moment in incident.timeline] == [False, True, False]
    assert join(steps[:2], day=DAY)[1] == ()


def test_a_story_goes_on_for_seven_days_under_one_id(finding) -> None:
    first = at(-2 * 1440, finding, "a")
    told, (begun,) = join([first, at(-2 * 1440 + 5, finding, "b")], day=DAY - timedelta(2))
    _, (grown,) = join([at(0, finding, "c", severity="critical")], day=DAY, recent=told, known={begun.id: begun})
    assert (grown.id, grown.status, set(grown.findings)) == (begun.id, "risen", {"a", "b", "c"})
    assert grown.first_time == begun.first_time
    day = DAY + timedelta(6)
    late = at(6 * 1440, finding, "d")
    assert join([late], day=day, recent=told, known={begun.id: begun})[1] == ()


def test_the_incident_of_a_day_is_the_same_when_it_is_joined_again(finding) -> None:
    findings = [at(n, finding, name) for n, name in enumerate("abc")]
    assert join(findings[::-1], day=DAY)[1] == join(findings, day=DAY)[1]


def test_tactics_run_in_order() -> None:
    assert progress(["discovery", "initial-access", "execution", "impact"]) == ("initial-access", "execution", "impact")
    assert progress(["", "impact", "discovery"]) in {("impact",), ("discovery",)}
    assert tactic_of(["T9999", "T1562.008"]) == "defense-evasion"
    assert (tactic_of(["T1098.003"]), tactic_of(["T1098.001"])) == ("privilege-escalation", "persistence")
    assert in_words(["discovery"]) == "looked around"
