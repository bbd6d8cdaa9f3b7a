"""Known automation: quiet while it does what it does, louder as soon as it does not, and no benefit from a claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from habits import days, learned, used

from trailwatch.config import Automation, Config, Principal
from trailwatch.detect.people import Directory, Identity
from trailwatch.findings.triage import findings
from trailwatch.findings.ways import Ways, ways

DAY = date(2026, 1, 5)
ROLE = "111122223333/role/terraform"
CONFIG = Config(
    networks={"build": ["198.51.100.0/24"]},
    automation=Automation(
        principals=["*/role/terraform"], actions=["iam:*", "ec2:*"], networks=["build"], clients=["terraform*"]
    ),
)
WORK = {
    "principal": ROLE, "person": "", "client": "terraform linux", "network": "build", "address": "198.51.100.0/24",
    "ip": "198.51.100.9", "source_ip": "198.51.100.9",
}  # fmt: skip
KNOWN = Ways(
    days=60,
    values={
        "address": {"198.51.100.0/24": 60}, "client": {"terraform linux": 60}, "through": {"cloudformation.amazonaws.com": 30},
        "action": {"iam:CreateUser": 40, "ec2:RunInstances": 60}, "service": {"iam.amazonaws.com": 40},
    },
    steady=frozenset({"address", "client"}), kind="pipeline", evidence="a deployment tool on 60 of 60 days", regular=True,
)  # fmt: skip


def run(day, *rules, config=None, known=None, **more):
    hits = day.scope()
    known_ways = {ROLE: known} if known else {}
    return findings(day.engine, hits, rules, day=DAY, config=config, ways=known_ways, **more).findings


@pytest.mark.parametrize("severity", ["low", "medium", "high"])
def test_declared_automation_that_does_what_it_does_is_quieter(day, rule, severity) -> None:
    day.event("user-created", **WORK)
    (only,) = run(day, rule(severity=severity), config=CONFIG)
    assert only.severity == {"low": "info", "medium": "low", "high": "medium"}[severity]
    assert only.severity_parts["declared automation"] == 0.5
    assert "automation" not in only.evidence


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"network": "", "address": "203.0.113.0/24"}, "it came from 203.0.113.0/24, outside its declared networks (build)"),
        ({"action": "secretsmanager:GetSecretValue"}, "it did secretsmanager:GetSecretValue, which is not declared of it"),
        ({"client": "aws-cli/2 kali"}, "it used aws-cli/2 kali, which is not declared of it"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("severity", "raised"), [("low", "medium"), ("medium", "high"), ("high", "critical")])
def test_what_is_unlike_it_is_a_band_more_severe_and_says_why(day, rule, change, reason, severity, raised) -> None:
    day.event("user-created", **(WORK | change))
    (only,) = run(day, rule(severity=severity), config=CONFIG)
    assert only.severity == raised
    assert only.evidence["automation"] == reason


def test_one_event_unlike_it_among_many_is_enough(day, rule) -> None:
    for minute in range(50):
        day.event("user-created", minutes=minute, **WORK)
    day.event("user-created", minutes=51, **(WORK | {"network": "", "address": "203.0.113.0/24"}))
    (only,) = run(day, rule(), config=CONFIG)
    assert only.severity == "high"
    assert "203.0.113.0/24" in only.evidence["automation"]


def test_a_user_agent_alone_quiets_nobody(day, rule) -> None:
    attacker = {"principal": "111122223333/user/mallory", "person": "mallory", "client": "terraform linux"}
    day.event("user-created", **attacker)
    (before,) = run(day, rule())
    (after,) = run(day, rule(), config=CONFIG)
    assert (after.severity, after.severity_parts) == (before.severity, before.severity_parts)


def test_neither_the_principal_nor_its_client_is_enough_without_its_network(day, rule) -> None:
    named = Config(automation=Automation(principals=["*/role/terraform"], clients=["terraform*"]))
    day.event("user-created", **(WORK | {"network": "", "address": "203.0.113.0/24"}))
    (only,) = run(day, rule(), config=named)
    assert only.severity == "medium", "without history and without declared networks nobody can say"
    (only,) = run(day, rule(), config=named, known=KNOWN)
    assert only.severity == "high"
    assert only.evidence["automation"] == "it came from 203.0.113.0/24, never before in 60 days"


def test_a_source_string_alone_quiets_nobody(day, rule) -> None:
    """`invokedBy` and a service's name as the source are the caller's choice: CloudFormation runs for whoever asks."""
    through = WORK | {
        "origin": "via-service",
        "address": "cloudformation.amazonaws.com",
        "network": "",
        "client": "aws-service",
    }
    day.event("user-created", **through)
    for config in (None, CONFIG):
        (only,) = run(day, rule(), config=config)
        assert only.severity == "medium"
    (only,) = run(day, rule(), known=KNOWN)
    assert (only.severity, only.severity_parts["through an AWS service"]) == ("low", 0.5)
    strange = replace(KNOWN, values={**KNOWN.values, "through": {}})
    assert run(day, rule(), known=strange)[0].severity == "medium"
    (only,) = run(day, rule(), config=CONFIG, known=strange)
    assert (only.severity, only.evidence["automation"]) == (
        "high",
        "it came through cloudformation.amazonaws.com, never before",
    )


@pytest.mark.parametrize(
    "principal",
    [
        "111122223333/external/999988887777/role/terraform",  # of an outsider, who may call a role as he likes
        "111122223333/federated/terraform",  # whoever mints a federated token names it
    ],
)
@pytest.mark.parametrize("pattern", ["*/role/terraform", "terraform", "*terraform"])
def test_a_name_that_the_caller_chose_is_no_declared_automation(day, rule, principal, pattern) -> None:
    config = replace_automation(CONFIG, principals=[pattern])
    day.event("user-created", **(WORK | {"principal": principal}))
    (only,) = run(day, rule(), config=config)
    assert only.severity == "medium"
    assert "declared automation" not in only.severity_parts


def replace_automation(config: Config, **change) -> Config:
    one = config.automation
    fields = {"principals": one.principals, "actions": one.actions, "networks": one.networks, "clients": one.clients}
    return Config(networks=config.networks, automation=Automation(**{**fields, **change}))


def test_what_is_not_declared_is_learned(day, rule) -> None:
    config = Config(principals={"terraform": Principal(class_="pipeline")})
    day.event("user-created", **(WORK | {"network": ""}))
    assert run(day, rule(), config=config, known=KNOWN)[0].severity == "low"
    assert run(day, rule(), config=config, known=replace(KNOWN, days=5))[0].severity == "medium", "too young"
    day.events[0] |= {"action": "secretsmanager:GetSecretValue", "event_source": "secretsmanager.amazonaws.com"}
    (only,) = run(day, rule(), config=config, known=KNOWN)
    assert only.severity == "high"
    assert only.evidence["automation"] == "it did secretsmanager:GetSecretValue, a service never used before"
    # A new action of a service that it works with is growth, and neither quieter nor louder.
    day.events[0] |= {"action": "iam:CreateRole", "event_source": "iam.amazonaws.com"}
    assert run(day, rule(), config=config, known=KNOWN)[0].severity == "medium"


def test_learned_automation_is_louder_elsewhere_and_never_quieter_at_home(day, rule) -> None:
    day.event("user-created", **(WORK | {"network": ""}))
    assert run(day, rule(), known=KNOWN)[0].severity == "medium"
    day.events[0] |= {"address": "203.0.113.0/24", "source_ip": "203.0.113.7"}
    (only,) = run(day, rule(), known=KNOWN)
    assert (only.severity, only.severity_parts["unlike this automation"]) == ("high", 2.0)
    assert only.evidence["automation"] == (
        "it came from 203.0.113.0/24; in 60 days always 198.51.100.0/24 (a deployment tool on 60 of 60 days)"
    )
    (only,) = run(day, rule(), known=KNOWN, seen={(ROLE, "198.51.100.0/24")})
    assert "new network" not in only.severity_parts, "one strange thing counts once"
    for other in (replace(KNOWN, kind="human"), replace(KNOWN, regular=False), replace(KNOWN, steady=frozenset())):
        assert "automation" not in run(day, rule(), known=other)[0].evidence


def test_much_of_one_automation_is_told_once_and_not_what_is_unlike_it(day, rule) -> None:
    rules = [rule(f"rule-{number}", title=f"kind {number}") for number in range(5)]
    for number in range(5):
        day.event(f"rule-{number}", minutes=number, target=f"t{number}", **WORK)
    day.event("rule-0", minutes=9, **(WORK | {"principal": "111122223333/user/alice", "person": "alice"}))
    found = run(day, *rules, config=CONFIG)
    assert len(found) == 2
    (folded,) = [one for one in found if one.principal == ROLE]
    assert folded.title.startswith("role terraform did what is declared of it: 5 findings, such as: kind")
    assert (folded.severity, folded.count, len(folded.evidence["also"])) == ("low", 5, 5)
    assert {top.value for top in folded.targets} == {f"t{number}" for number in range(5)}
    day.events[3] |= {"network": "", "address": "203.0.113.0/24"}
    found = run(day, *rules, config=CONFIG)
    assert [one.severity for one in found if one.detection == "rule-3"] == ["high"]


def test_hostile_values_in_a_reason_are_one_plain_line(day, rule) -> None:
    day.event("user-created", **(WORK | {"action": "evil\x1b[2J\u202e:x\n" + "y" * 500}))
    (only,) = run(day, rule(), config=CONFIG)
    assert only.evidence["automation"].isprintable()
    assert len(only.evidence["automation"]) < 300


def test_ways_are_what_was_done_on_settled_days() -> None:
    row = {"principal": ROLE, "person": "", "client": "terraform linux", "address": "18.185.41.0/24"}
    history = [used(one, **row) for one in days("2025-10-20", 75)]
    history += [used("2026-01-01", **(row | {"address": "203.0.113.0/24"})),  # an intruder's first days teach nothing
                used("2025-12-01", **(row | {"origin": "via-service", "address": "cloudformation.amazonaws.com"})),
                used("2026-01-02", event_source="signin.amazonaws.com", event_name="ConsoleLogin", outcome="failed",
                     **(row | {"address": "192.0.2.0/24"}))]  # fmt: skip
    history += [used(one, principal="111122223333/user/bob") for one in days("2025-10-20", 75)]
    engine = learned(history, day=DAY)
    found = ways(engine, [ROLE], day=DAY)
    assert set(found) == {ROLE}
    mine = found[ROLE]
    assert mine.unattended
    assert (mine.kind, mine.days) == ("pipeline", 75)
    assert mine.knows("address", "18.185.41.0/24")
    assert not mine.knows("address", "203.0.113.0/24")
    assert not mine.knows("address", "192.0.2.0/24")
    assert mine.knows("through", "cloudformation.amazonaws.com")
    assert mine.knows("action", "ec2:DescribeInstances")
    assert {"address", "client"} <= mine.steady


def test_rented_runners_have_no_usual_network() -> None:
    row = {"principal": ROLE, "person": "", "client": "terraform linux"}
    history = [
        used(one, address=f"20.{number}.7.0/24", **row) for number, one in enumerate(days("2025-11-01", 60))
    ]  # fmt: skip
    mine = ways(learned(history, day=DAY), [ROLE], day=DAY)[ROLE]
    assert "address" not in mine.steady
    assert "client" in mine.steady


def test_seldom_use_is_no_regular_one() -> None:
    history = [used(one, principal=ROLE, client="terraform linux") for one in days("2025-10-10", 15)]
    history += [used(DAY - timedelta(days=1), principal=ROLE, client="terraform linux")]
    mine = ways(learned(history, day=DAY), [ROLE], day=DAY)[ROLE]
    assert mine.judged
    assert not mine.regular
    assert not mine.unattended


def test_without_hits_nothing_is_asked() -> None:
    assert ways(learned([used("2025-12-01")], day=DAY), [], day=DAY) == {}


def test_the_networks_of_automation_hold_for_it_like_for_anybody() -> None:
    found = Directory(CONFIG).find(Identity("", ROLE, "ci", ""))
    assert found is not None
    assert found.networks == ("build",)
    assert Directory(CONFIG).find(Identity("", "111122223333/role/other", "", "")) is None
