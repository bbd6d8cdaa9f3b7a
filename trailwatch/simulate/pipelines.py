"""What is automated from outside: deployments from GitHub, Terraform, and the vendor that monitors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from trailwatch.simulate import sts
from trailwatch.simulate.chance import around, guid, stable_id, temporary_key
from trailwatch.simulate.records import Caller, Record, call, denied, throttled
from trailwatch.simulate.spans import Producer, Span, in_turn
from trailwatch.simulate.stock import DEV, EGRESS, PARTNER, PROD, RUNNERS, SECURITY


def ci_deploy(span: Span) -> Iterator[Record]:
    """Yield the day's deployments from GitHub, several on working days."""
    role, day = span.name("ci-deploy"), span.day.weekday()
    for account, mean in ((DEV, 1.7), (PROD, 1.0)):
        chance = span.chance("ci-deploy", account)
        if not span.dense and span.day.day in (1, 3):
            continue
        runs = around(chance, mean * span.weight, 0.4) if day < 5 else int(chance.random() < 0.25)
        for _ in range(runs if span.dense else min(runs, 1) if account == DEV else 0):
            repo = chance.choice(("orders", "frontend", "search"))
            subject = f"repo:example/{repo}:ref:refs/heads/main"
            begin, where = span.at(7.2 + 9.5 * chance.random()), f"{chance.choice(RUNNERS)}.{chance.randrange(4, 250)}"
            caller, entry = sts.web_identity(
                chance, begin, account, role, f"GitHubActions-{repo}", subject, where, "go"
            )
            caller = replace(caller, values={"service": repo, "repository": repo})
            yield from entry
            yield from in_turn(
                chance,
                caller,
                begin + timedelta(seconds=3),
                "sts:GetCallerIdentity ecr:GetAuthorizationToken ecr:InitiateLayerUpload ecr:CompleteLayerUpload ecr:PutImage",
                gap=4,
            )
            yield from in_turn(
                chance,
                caller,
                begin + timedelta(seconds=50),
                "ecs:DescribeServices ecs:RegisterTaskDefinition ecs:UpdateService ecs:DescribeServices",
                gap=9,
            )


PLAN = """sts:GetCallerIdentity iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups s3:GetBucketPolicy
 s3:GetBucketAcl s3:GetBucketVersioning s3:GetBucketEncryption ec2:DescribeRouteTables kms:DescribeKey kms:GetKeyPolicy cloudtrail:DescribeTrails cloudtrail:GetEventSelectors lambda:GetFunction20150331v2 dynamodb:DescribeContinuousBackups"""


def terraform(span: Span, account: str = PROD, number: int = 0) -> tuple[Caller, list[Record], datetime]:
    """Enter as the pipeline that applies infrastructure: a build in the security account takes the role across accounts."""
    chance = span.chance("terraform", account, number)
    begin = span.at(8.5 + 4 * number + 2.5 * chance.random())
    build = f"AWSCodeBuild-{guid(chance)}"
    key = temporary_key(chance)
    entry = [sts.mint_by_service(chance, begin, SECURITY, "terraform-runner", build, key, "codebuild")]
    runner = Caller(sts.assumed(SECURITY, "terraform-runner", build, key, begin), SECURITY, EGRESS[2], "terraform")
    caller, links = sts.chain(
        chance,
        begin + timedelta(seconds=40),
        runner,
        account,
        "terraform-apply",
        f"terraform-{span.day:%Y%m%d}-{number}",
    )
    return caller, [*entry, *links], begin + timedelta(seconds=45)


def terraform_plan(span: Span) -> Iterator[Record]:
    """Yield the plans that compare what is with what is written."""
    if span.copy or span.day.weekday() >= 5 or (not span.dense and span.day.day > 3):
        return
    for account in (PROD, DEV) if span.dense and span.day.weekday() % 2 == 0 else (PROD,):
        chance = span.chance("plan", account)
        caller, entry, at = terraform(span, account)
        yield from entry
        for api in [api for api in PLAN.split() if chance.random() < (0.42 if span.dense else 0.2)]:
            at += timedelta(seconds=chance.randrange(0, 3))
            error = throttled(api) if chance.random() < 0.012 else None
            yield call(chance, at, caller, api, error=error)


def vendor(span: Span) -> Iterator[Record]:
    """Yield the monitoring vendor's visits from its own account."""
    if span.copy:
        return
    for number in range(3 if span.dense else 1):
        chance = span.chance("vendor", number)
        principal = f"{stable_id('AROA', PARTNER, 'monitor')}:collector"
        parent = Caller(
            {"type": "AWSAccount", "principalId": principal, "accountId": PARTNER},
            PARTNER,
            f"3.120.181.{chance.choice((14, 15, 90))}",
            "go",
        )
        begin = span.at(number * 8 + 0.5 + chance.random() / 10)
        caller, entry = sts.chain(chance, begin, parent, PROD, "vendor-monitoring", "collector")
        yield from entry
        yield from in_turn(
            chance,
            caller,
            begin + timedelta(seconds=1),
            "monitoring:GetMetricData ec2:DescribeInstances rds:DescribeDBInstances",
            gap=1,
        )
        if chance.random() < 0.05:
            yield call(
                chance,
                begin + timedelta(seconds=9),
                caller,
                "ec2:DescribeVolumes",
                error=denied(caller, "ec2:DescribeVolumes"),
            )


PRODUCERS: tuple[Producer, ...] = (ci_deploy, terraform_plan, vendor)
