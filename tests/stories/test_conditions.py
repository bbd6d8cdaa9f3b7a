"""Conditions proposed from the sample logs: who gets which, who is refused and why, and what of the story they would have stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from stories.chronicle import Lived

from trailwatch.api import Trail
from trailwatch.errors import PolicyError
from trailwatch.policy.condition import NEEDED, Condition
from trailwatch.policy.proposal import Conditions

pytestmark = pytest.mark.timeout(1500)
PROD, DEV, SECURITY = "210987654321", "310987654321", "410987654321"
# Programs work from where they always do, people from where they happen to be.
NETWORKS = {
    f"{PROD}/user/svc-reports": ["185.60.112.0/24"],
    f"{DEV}/user/svc-thumbs": ["18.185.41.17/32"],
    f"{PROD}/role/web-app": ["18.185.41.17/32", "18.185.41.203/32", "18.185.112.66/32"],
    f"{PROD}/role/vendor-monitoring": ["3.120.181.14/32", "3.120.181.15/32", "3.120.181.90/32"],
    f"{SECURITY}/role/terraform-runner": ["18.185.112.66/32"],
    f"{PROD}/user/break-fix": ["185.60.112.0/24"],
}
WITHOUT = {
    f"{PROD}/role/AWSReservedSSO_PlatformEngineer": "would have denied",
    f"{DEV}/role/AWSReservedSSO_Developer": "would have denied",
    f"{PROD}/role/AWSReservedSSO_DataAnalyst": "would have denied",
    f"{DEV}/role/ci-deploy": "more than 20",
    f"{PROD}/role/quarter-close": "show no habit",
    f"{PROD}/role/AWSBackupDefaultServiceRole": "no call of its own",
    f"{PROD}/user/legacy-backup": "no call of its own",
}


@pytest.fixture(scope="module")
def trail(lived: Lived) -> Trail:
    return lived.trail


@pytest.fixture(scope="module")
def made(trail: Trail) -> Mapping[str, Conditions]:
    return {name: trail.conditions(name) for name in (*NETWORKS, *WITHOUT)}


def of(made: Conditions, about: str) -> Condition:
    (one,) = [one for one in made.conditions if one.about == about]
    return one


def addresses(one: Condition) -> list[str]:
    (statement,) = one.statements
    found: list[str] = statement["Condition"].get("NotIpAddress", {}).get("aws:SourceIp", [])
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_proposed_for_who_keeps_to_them(made: Mapping[str, Conditions], name: str) -> None:
    one = of(made[name], "networks")
    assert one.proposed, one.reason
    assert sorted(addresses(one)) == sorted(NETWORKS[name])
    assert one.judged > 50
    assert one.allowed >= NEEDED * one.judged
    assert sum(line.calls for line in one.denied) == one.judged - one.allowed - one.unknown


@pytest.mark.parametrize("name", WITHOUT)
def test_networks_are_refused_with_the_reason(made: Mapping[str, Conditions], name: str) -> None:
    one = of(made[name], "networks")
    assert not one.proposed
    assert WITHOUT[name] in one.reason
    assert "OnlyKnownNetworks" not in json.dumps(made[name].policy())


def test_what_a_refused_condition_would_have_denied_is_there_call_by_call(made: Mapping[str, Conditions]) -> None:
    one = of(made[f"{PROD}/role/AWSReservedSSO_PlatformEngineer"], "networks")
    ids = [id for line in one.denied for id in line.event_ids]
    assert len(ids) == len(set(ids)) == sum(line.calls for line in one.denied) == one.judged - one.allowed > 0


def test_the_intruders_calls_are_left_out_and_would_have_been_denied(
    made: Mapping[str, Conditions], lived: Lived
) -> None:
    found = made[f"{PROD}/role/AWSReservedSSO_PlatformEngineer"]
    assert found.left_out
    one = of(found, "networks")
    planted = set(lived.story["off-hours-intruder"]["event_ids"])
    stopped = {id for line in one.stopped for id in line.event_ids}
    told = {id for line in one.denied for id in line.event_ids}
    assert len(stopped & planted) >= 30
    assert not told & planted


def test_only_who_signs_in_with_a_second_factor_must(made: Mapping[str, Conditions]) -> None:
    proposed = {name for name, one in made.items() if of(one, "second factor").proposed}
    assert proposed == {f"{PROD}/user/break-fix"}
    assert "long-term key" in of(made[f"{PROD}/user/svc-reports"], "second factor").reason
    assert "identity provider" in of(made[f"{DEV}/role/AWSReservedSSO_Developer"], "second factor").reason


def test_the_contractor_ends_and_nobody_else_with_it(made: Mapping[str, Conditions], lived: Lived) -> None:
    one = of(made[f"{DEV}/role/AWSReservedSSO_Developer"], "end dates")
    assert one.proposed
    assert one.statements[0]["Condition"] == {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2026-07-17T22:00:00Z"},
        "StringLike": {"aws:userid": ["*:mallory-contractor@partner.example"]},
    }
    stopped = {id for line in one.stopped for id in line.event_ids}
    assert stopped <= set(lived.story["contractor-after-end"]["event_ids"])
    assert stopped


def test_trust_is_bound_to_partner_organization_and_repositories(made: Mapping[str, Conditions], trail: Trail) -> None:
    vendor = made[f"{PROD}/role/vendor-monitoring"]
    (statement,) = vendor.policy("trust")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["7d2c-example"]}}
    assert "none of the organization's" in of(vendor, "organization").reason
    deploy = made[f"{DEV}/role/ci-deploy"]
    (statement,) = deploy.policy("trust")["Statement"]
    key = "token.actions.githubusercontent.com:sub"
    assert statement["Condition"]["StringEquals"][key] == [
        f"repo:example/{name}:ref:refs/heads/main" for name in ("frontend", "orders", "search")
    ]
    apply = trail.conditions(f"{PROD}/role/terraform-apply")
    (statement,) = apply.policy("trust")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}


def test_shifts_are_told_and_written_for_one_day(made: Mapping[str, Conditions], trail: Trail) -> None:
    found = made[f"{PROD}/role/AWSReservedSSO_PlatformEngineer"]
    assert "static policy cannot" in found.shift.why
    policy = trail.shift_policy(f"{PROD}/role/AWSReservedSSO_PlatformEngineer", day="2026-08-12")
    edges = [part["Condition"] for part in policy["Statement"]]
    assert [edge.get("DateLessThan", edge.get("DateGreaterThanEquals"))["aws:CurrentTime"] for edge in edges] == [
        "2026-08-12T06:00:00Z", "2026-08-12T17:00:00Z",
    ]  # fmt: skip
    assert {json.dumps(edge["StringLike"]) for edge in edges} == {'{"aws:userid": ["*:alice@example.com"]}'}


def test_no_condition_leans_on_the_user_agent(made: Mapping[str, Conditions]) -> None:
    assert "useragent" not in json.dumps([one.policy() for one in made.values()]).lower()
    assert "aws:UserAgent is never proposed" in made[f"{PROD}/user/svc-reports"].text()


def test_techniques_are_stopped_at_the_network_and_not_inside_it(trail: Trail, shared_data: Path) -> None:
    found = trail.conditions(f"{PROD}/user/svc-reports", techniques=str(shared_data / "stratus")).intruder
    assert found is not None
    assert len(found.techniques) == found.blocked("elsewhere") == 18
    assert found.blocked("inside") == 0


def test_roles_of_aws_are_refused(trail: Trail) -> None:
    with pytest.raises(PolicyError, match="AWS made this role"):
        trail.conditions(f"{PROD}/role/AWSServiceRoleForConfig")


def test_a_key_in_a_function_is_found_with_the_role_to_use(trail: Trail) -> None:
    (one,) = trail.workloads().workloads
    assert (one.principal, one.signs[0].kind) == (f"{DEV}/user/svc-thumbs", "function")
    assert one.trust["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    allowed = {part["Action"] for policy in one.policies for part in policy["Statement"]}
    assert allowed == {"s3:GetBucketLocation", "sqs:GetQueueAttributes"}
