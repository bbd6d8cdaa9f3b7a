"""What runs without people: instances, functions, tasks, pipelines, keys of old users, a vendor, and rare jobs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from . import callers
from .chance import around, dice, guid, stable_hex, stable_id, temporary_key
from .records import Caller, Record, call, denied, throttled
from .stock import DEV, EGRESS, ENDPOINTS, OFFICE, PARTNER, PROD, RUNNERS, SECURITY


@dataclass(frozen=True)
class Span:
    """The day and density that a producer makes records for."""

    seed: int
    day: date
    dense: bool
    weight: float = 1.0
    copy: int = 0  # >0: one more workload of the same kind, in a scaled world

    def chance(self, *parts: object) -> random.Random:
        """Return the dice of one identity on this day."""
        return dice(self.seed, *parts, self.day, self.copy)

    def at(self, hours: float) -> datetime:
        """Return a time of this UTC day."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(seconds=round(hours * 3600))

    def name(self, name: str) -> str:
        """Return the name of a workload, numbered for copies."""
        return f"{name}-{self.copy}" if self.copy else name

    def many(self, chance: random.Random, mean: float) -> int:
        """Draw how often something happens on this day."""
        return max(1, around(chance, mean * self.weight * (1 if self.dense else 0.25), 0.2))


Producer = Callable[[Span], Iterator[Record]]


def _calls(chance: random.Random, caller: Caller, begin: datetime, apis: str, *, gap: float = 2.0) -> Iterator[Record]:
    at = begin
    for api in apis.split():
        at += timedelta(seconds=round(chance.expovariate(1 / gap)))
        yield call(chance, at, caller, api)


def web_app(span: Span) -> Iterator[Record]:
    """Yield the day of the web servers: credentials by EC2, secrets at start, parameters through the day."""
    role, weekend = span.name("web-app"), span.day.weekday() >= 5
    for number in range((2 if weekend else 3) if span.dense else 1):
        chance = span.chance("web-app", number)
        instance = callers.instance_id("web", span.copy, number, span.day.isocalendar()[:2])
        key, since = temporary_key(chance), span.at(0.2 + number * 0.03)
        yield callers.mint_by_service(chance, since, PROD, role, instance, key, "ec2")
        identity = callers.assumed(PROD, role, instance, key, since, delivery="2.0")
        inside = Caller(identity, PROD, f"10.20.{number + 1}.{int(stable_hex(2, instance), 16) % 240 + 8}", "go", endpoint=ENDPOINTS[PROD], values={"instance": instance})
        outside = replace(inside, address=EGRESS[number % len(EGRESS)], endpoint="")
        for _ in range(span.many(chance, 6 if weekend else 8)):
            at = span.at(0.3 + 23.4 * chance.random())
            api = chance.choices(("ssm:GetParameters", "secretsmanager:GetSecretValue", "ssm:UpdateInstanceInformation", "logs:CreateLogStream", "dynamodb:DescribeTable"), (4, 4, 3, 2, 2))[0]
            yield call(chance, at, inside, api)
            if span.dense and api == "secretsmanager:GetSecretValue":
                yield _by_service(chance, at, inside, "secretsmanager", "kms:Decrypt")
        yield call(chance, span.at(0.4 + 23 * chance.random()), outside, "sts:GetCallerIdentity")


def _by_service(chance: random.Random, at: datetime, caller: Caller, service: str, api: str) -> Record:
    host = f"{service}.amazonaws.com"
    identity = {**caller.identity, "invokedBy": host}
    return call(chance, at, Caller(identity, caller.account, host, context=host, values=caller.values), api)


def invoice_fn(span: Span) -> Iterator[Record]:
    """Yield the day of a function that runs every few hours."""
    role = span.name("invoice-fn")
    for number in range(3 if span.dense else int(span.day.day != 3)):
        chance = span.chance("invoice-fn", number)
        since, key = span.at(number * 8 + 5.1 + chance.random() / 4), temporary_key(chance)
        yield callers.mint_by_service(chance, since, PROD, role, role, key, "lambda")
        arn = f"arn:aws:lambda:eu-central-1:{PROD}:function:{role}"
        identity = callers.assumed(PROD, role, role, key, since, inScopeOf={"sourceArn": arn, "sourceAccount": PROD, "issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": arn})
        caller = Caller(identity, PROD, EGRESS[1], "lambda", values={"loggroup": "/aws/lambda/invoice-fn", "secret": "prod/shop/payment"})
        yield from _calls(chance, caller, since + timedelta(seconds=2), "logs:CreateLogStream secretsmanager:GetSecretValue dynamodb:DescribeTable")
        yield _by_service(chance, since + timedelta(seconds=4), caller, "secretsmanager", "kms:Decrypt")
        for _ in range(span.many(chance, 1.5)):
            yield call(chance, since + timedelta(seconds=chance.randrange(10, 200)), caller, "ses:SendRawEmail")


def orders_task(span: Span) -> Iterator[Record]:
    """Yield the day of the containers behind the shop."""
    role = span.name("orders-task")
    for number in range(2 if span.dense else 1):
        chance = span.chance("orders-task", number)
        since, key, task = span.at(1 + number * 11 + chance.random()), temporary_key(chance), callers.task_id(chance)
        yield callers.mint_by_service(chance, since, PROD, role, task, key, "ecs-tasks")
        caller = Caller(callers.assumed(PROD, role, task, key, since), PROD, f"10.20.8.{chance.randrange(10, 240)}", "java", endpoint=ENDPOINTS[PROD])
        for _ in range(span.many(chance, 4)):
            at = since + timedelta(seconds=chance.randrange(5, 36000))
            yield call(chance, at, caller, chance.choices(("secretsmanager:GetSecretValue", "sqs:GetQueueAttributes", "dynamodb:DescribeTable"), (3, 2, 2))[0])


def ci_deploy(span: Span) -> Iterator[Record]:
    """Yield the day's deployments from GitHub, several on working days."""
    role, day = span.name("ci-deploy"), span.day.weekday()
    for account, mean in ((DEV, 2.0), (PROD, 1.1)):
        chance = span.chance("ci-deploy", account)
        if not span.dense and span.day.day in (1, 3):
            continue
        runs = around(chance, mean * span.weight, 0.4) if day < 5 else int(chance.random() < 0.25)
        for _ in range(runs if span.dense else min(runs, 1) if account == DEV else 0):
            repo = chance.choice(("orders", "frontend", "search"))
            subject = f"repo:example/{repo}:ref:refs/heads/main"
            begin, where = span.at(7.2 + 9.5 * chance.random()), f"{chance.choice(RUNNERS)}.{chance.randrange(4, 250)}"
            caller, entry = callers.web_identity(chance, begin, account, role, f"GitHubActions-{repo}", subject, where, "go")
            caller = replace(caller, values={"service": repo, "repository": repo})
            yield from entry
            yield from _calls(chance, caller, begin + timedelta(seconds=3), "sts:GetCallerIdentity ecr:GetAuthorizationToken ecr:InitiateLayerUpload ecr:CompleteLayerUpload ecr:PutImage", gap=4)
            yield from _calls(chance, caller, begin + timedelta(seconds=50), "ecs:DescribeServices ecs:RegisterTaskDefinition ecs:UpdateService ecs:DescribeServices", gap=9)


_PLAN = """sts:GetCallerIdentity iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups s3:GetBucketPolicy
 s3:GetBucketAcl s3:GetBucketVersioning s3:GetBucketEncryption ec2:DescribeRouteTables kms:DescribeKey kms:GetKeyPolicy cloudtrail:DescribeTrails cloudtrail:GetEventSelectors lambda:GetFunction20150331v2 dynamodb:DescribeContinuousBackups"""


def terraform(span: Span, account: str = PROD, number: int = 0) -> tuple[Caller, list[Record], datetime]:
    """Enter as the pipeline that applies infrastructure: a build in the security account takes the role across accounts."""
    chance = span.chance("terraform", account, number)
    begin = span.at(8.5 + 4 * number + 2.5 * chance.random())
    build = f"AWSCodeBuild-{guid(chance)}"
    key = temporary_key(chance)
    entry = [callers.mint_by_service(chance, begin, SECURITY, "terraform-runner", build, key, "codebuild")]
    runner = Caller(callers.assumed(SECURITY, "terraform-runner", build, key, begin), SECURITY, EGRESS[2], "terraform")
    caller, links = callers.chain(chance, begin + timedelta(seconds=40), runner, account, "terraform-apply", f"terraform-{span.day:%Y%m%d}-{number}")
    return caller, [*entry, *links], begin + timedelta(seconds=45)


def terraform_plan(span: Span) -> Iterator[Record]:
    """Yield the plans that compare what is with what is written."""
    if span.copy or span.day.weekday() >= 5 or (not span.dense and span.day.day > 3):
        return
    for account in (PROD, DEV) if span.dense else (PROD,):
        chance = span.chance("plan", account)
        caller, entry, at = terraform(span, account)
        yield from entry
        for api in [api for api in _PLAN.split() if chance.random() < (0.42 if span.dense else 0.2)]:
            at += timedelta(seconds=chance.randrange(0, 3))
            error = throttled(api) if chance.random() < 0.012 else None
            yield call(chance, at, caller, api, error=error)


def svc_reports(span: Span) -> Iterator[Record]:
    """Yield the nightly report of an old user with a key, on a server in the office."""
    if span.copy:
        return
    chance = span.chance("svc-reports")
    caller = replace(reports_user(span.day), values={"database": "sales", "query": guid(chance)})
    at = span.at(3.5 + chance.random() / 6)
    yield from _calls(chance, caller, at, "sts:GetCallerIdentity s3:GetBucketLocation athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryExecution athena:GetQueryResults", gap=8)
    if span.dense and span.day.weekday() < 5:
        yield from _calls(chance, caller, at + timedelta(minutes=4), "athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults ses:SendRawEmail", gap=8)


ROTATED = date(2026, 8, 6)


def reports_key(day: date) -> str:
    """Return the access key that svc-reports works with on a day."""
    return stable_id("AKIA", PROD, "svc-reports", "second" if day > ROTATED else "first", length=16)


def reports_user(day: date) -> Caller:
    """Return svc-reports with the key of a day."""
    return callers.user(PROD, "svc-reports", f"{OFFICE}.40", "boto3", key=reports_key(day))


def legacy_backup(span: Span) -> Iterator[Record]:
    """Yield the old backup user, whose key went to sleep in February."""
    if span.copy or span.day > date(2026, 2, 15):
        return
    chance = span.chance("legacy-backup")
    caller = callers.user(PROD, "legacy-backup", f"{OFFICE}.41", "boto3")
    yield from _calls(chance, caller, span.at(1.2), "ec2:DescribeVolumes ec2:CreateSnapshot ec2:CreateSnapshot ec2:DescribeSnapshots", gap=5)


def departed(span: Span) -> Iterator[Record]:
    """Yield the former life of judy, an IAM user who left in November."""
    if span.copy or span.day > date(2025, 11, 24) or span.day.weekday() >= 5:
        return
    chance = span.chance("judy")
    caller = callers.user(DEV, "judy", f"91.64.201.{chance.choice((17, 88))}", "cli", "mac")
    names = ("s3:ListBuckets", "ec2:DescribeInstances", "logs:FilterLogEvents", "lambda:ListFunctions20150331", "dynamodb:DescribeTable", "sqs:ListQueues")
    yield from _calls(chance, caller, span.at(8 + chance.random() * 6), " ".join(chance.choices(names, k=5)), gap=150)


def vendor(span: Span) -> Iterator[Record]:
    """Yield the monitoring vendor's visits from its own account."""
    if span.copy:
        return
    for number in range(3 if span.dense else 1):
        chance = span.chance("vendor", number)
        principal = f"{stable_id('AROA', PARTNER, 'monitor')}:collector"
        parent = Caller({"type": "AWSAccount", "principalId": principal, "accountId": PARTNER}, PARTNER, f"3.120.181.{chance.choice((14, 15, 90))}", "go")
        begin = span.at(number * 8 + 0.5 + chance.random() / 10)
        caller, entry = callers.chain(chance, begin, parent, PROD, "vendor-monitoring", "collector")
        yield from entry
        yield from _calls(chance, caller, begin + timedelta(seconds=1), "monitoring:GetMetricData ec2:DescribeInstances rds:DescribeDBInstances", gap=1)
        if chance.random() < 0.05:
            yield call(chance, begin + timedelta(seconds=9), caller, "ec2:DescribeVolumes", error=denied(caller, "ec2:DescribeVolumes"))


def quarter_close(span: Span) -> Iterator[Record]:
    """Yield the job that closes the quarter, three days at its start."""
    if not span.copy and span.day.month in {1, 4, 7, 10} and span.day.day <= 3:
        yield from _job(span, "quarter-close", 2.5, "secretsmanager:GetSecretValue athena:StartQueryExecution athena:GetQueryExecution glue:GetTables glue:GetPartitions athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults glue:BatchCreatePartition s3:GetBucketLocation", 3 if span.dense else 1)


def month_end(span: Span) -> Iterator[Record]:
    """Yield the job of the first of each month."""
    if not span.copy and span.day.day == 1:
        yield from _job(span, "license-audit", 4.0, "ec2:DescribeInstances ec2:DescribeImages rds:DescribeDBInstances ecs:ListServices tag:GetResources", 1)


def _job(span: Span, role: str, hour: float, apis: str, rounds: int) -> Iterator[Record]:
    for number in range(rounds):
        chance = span.chance(role, number)
        since, key, task = span.at(hour + number * 2 + chance.random() / 5), temporary_key(chance), callers.task_id(chance)
        yield callers.mint_by_service(chance, since, PROD, role, task, key, "ecs-tasks")
        caller = Caller(callers.assumed(PROD, role, task, key, since), PROD, f"10.20.9.{chance.randrange(10, 240)}", "java", endpoint=ENDPOINTS[PROD], values={"secret": "prod/shop/db"})
        yield from _calls(chance, caller, since + timedelta(seconds=5), apis, gap=12)


PRODUCERS: tuple[Producer, ...] = (web_app, invoice_fn, orders_task, ci_deploy, terraform_plan, svc_reports, legacy_backup, departed, vendor, quarter_close, month_end)
