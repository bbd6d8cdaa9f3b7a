"""What AWS does by itself in every account: Config, Backup, CloudTrail, scaling, keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from trailwatch.simulate import sts
from trailwatch.simulate.chance import guid
from trailwatch.simulate.records import Caller, Record, call
from trailwatch.simulate.spans import Producer, Span
from trailwatch.simulate.stock import ACCOUNTS, DEV, GLOBAL, HOME, PROD, SECOND, SECURITY

_LINKED = "aws-service-role/{}.amazonaws.com/"


def config(span: Span) -> Iterator[Record]:
    """Yield Config's recording, by its service-linked role in every account and its two regions."""
    if span.copy:
        return
    names = [
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVolumes",
        "s3:ListBuckets",
        "lambda:ListFunctions20150331",
        "rds:DescribeDBInstances",
        "dynamodb:ListTables",
    ]
    for account in ACCOUNTS if span.dense or span.day.day == 15 else ():
        for region in (HOME, GLOBAL) if span.dense else (HOME,):
            chance = span.chance("config", account, region)
            begin = span.at(2 + 20 * chance.random())
            caller, entry = sts.service_role(
                chance,
                begin,
                account,
                "AWSServiceRoleForConfig",
                "AWSConfig-Describe",
                "config",
                path=_LINKED.format("config"),
                region=region,
            )
            yield from entry
            picked = (
                ["iam:ListRoles", "iam:ListUsers"] if region == GLOBAL else chance.sample(names, 4 if span.dense else 1)
            )
            for number, api in enumerate(picked):
                yield call(chance, begin + timedelta(seconds=1 + number), caller, api, region=region)


def backup(span: Span) -> Iterator[Record]:
    """Yield the nightly backups and their copies to the second region."""
    if span.copy:
        return
    chance = span.chance("backup")
    begin = span.at(2 + chance.random() / 3)
    caller, entry = sts.service_role(
        chance,
        begin,
        PROD,
        "AWSBackupDefaultServiceRole",
        "AWSBackup-AWSBackupDefaultServiceRole",
        "backup",
        path="service-role/",
    )
    yield from entry
    apis = (
        "ec2:DescribeVolumes",
        "ec2:CreateSnapshot",
        "ec2:CreateSnapshot",
        "ec2:CreateSnapshot",
        "rds:CreateDBSnapshot",
        "dynamodb:CreateBackup",
        "ec2:DeleteSnapshot",
        "ec2:DeleteSnapshot",
    )
    for number, api in enumerate(apis if span.dense else apis[1:2]):
        yield call(chance, begin + timedelta(seconds=5 + 7 * number), caller, api)
    for number in range(2 if span.dense else 0):
        yield call(chance, begin + timedelta(minutes=30, seconds=number), caller, "ec2:CopySnapshot", region=SECOND)


def cloudtrail(span: Span) -> Iterator[Record]:
    """Yield CloudTrail's own look at its bucket, and the encryption of what it delivers."""
    if span.copy:
        return
    chance = span.chance("cloudtrail")
    caller = sts.service(SECURITY, "cloudtrail")
    for number in range(4 if span.dense else 1):
        at = span.at(number * 5.9 + 5.8 * chance.random())
        yield call(
            chance,
            at,
            caller,
            "s3:GetBucketAcl",
            params={
                "bucketName": "org-trail-410987654321",
                "acl": "",
                "Host": "org-trail-410987654321.s3.eu-central-1.amazonaws.com",
            },
        )
        yield call(chance, at + timedelta(seconds=2), caller, "kms:GenerateDataKey")
    yield call(
        chance,
        span.at(1 + 20 * chance.random()),
        sts.service(SECURITY, "access-analyzer"),
        "organizations:ListAccounts",
    )


def single_sign_on(span: Span) -> Iterator[Record]:
    """Yield Identity Center keeping its own identity provider in each account, by its service-linked role."""
    if span.copy or (span.day.weekday() != 0 and span.day.day != 15):
        return
    for account in ACCOUNTS:
        chance = span.chance("sso", account)
        begin = span.at(5 + 10 * chance.random())
        caller, entry = sts.service_role(
            chance,
            begin,
            account,
            "AWSServiceRoleForSSO",
            "AWS-SSO",
            "sso",
            path=_LINKED.format("sso"),
        )
        yield from entry
        # In dev, previews of whole accounts come and go, so that their provider is made anew.
        apis = (
            "iam:GetSAMLProvider",
            *(("iam:CreateSAMLProvider",) if account == DEV else ()),
            "iam:UpdateSAMLProvider",
        )
        provider = {"name": "AWSSSO_DO_NOT_DELETE", "sAMLMetadataDocument": "<EntityDescriptor/>"}
        for number, api in enumerate(apis):
            yield call(chance, begin + timedelta(seconds=1 + number), caller, api, params=provider if number else None)


def scaling(span: Span) -> Iterator[Record]:
    """Yield the shop's scaling, by the traffic of the day."""
    if span.copy or (not span.dense and span.day.day != 2):
        return
    chance = span.chance("autoscaling")
    steps = (1, 2, 2, 2, 3, 2, 1)[span.day.weekday()] if span.dense else 1
    for number in range(steps):
        begin = span.at(6 + number * 5 + 3 * chance.random())
        caller, entry = sts.service_role(
            chance,
            begin,
            PROD,
            "AWSServiceRoleForAutoScaling",
            "AutoScaling",
            "autoscaling",
            path=_LINKED.format("autoscaling"),
        )
        yield from entry
        for seconds, api in (
            (1, "ec2:DescribeLaunchTemplates"),
            (2, "ec2:RunInstances" if number % 2 == 0 else "ec2:TerminateInstances"),
            (4, "ec2:DescribeInstances"),
            (6, "elasticloadbalancing:DescribeTargetHealth"),
        ):
            yield call(chance, begin + timedelta(seconds=seconds), caller, api)


def decrypts(span: Span) -> Iterator[Record]:
    """Yield what services decrypt for themselves."""
    if not span.dense:
        return
    for account, name, mean in ((PROD, "rds", 3), (PROD, "logs", 4), (DEV, "logs", 2)):
        chance = span.chance("decrypt", account, name)
        for _ in range(span.many(chance, mean)):
            yield call(
                chance,
                span.at(23.9 * chance.random()),
                sts.service(account, name),
                chance.choice(("kms:Decrypt", "kms:GenerateDataKey")),
            )


def events(span: Span) -> Iterator[Record]:
    """Yield events that nobody called: key rotation, deleted secret versions, expiring images."""
    if span.copy:
        return
    chance = span.chance("service-events")
    names = [
        (
            "secretsmanager",
            "RotationSucceeded",
            {"SecretId": f"arn:aws:secretsmanager:eu-central-1:{PROD}:secret:prod/shop/db-a1B2c3"},
            span.day.weekday() == 1,
        )
    ]
    names.append(("kms", "RotateKey", {"keyId": guid(chance), "rotationType": "AUTOMATIC"}, span.day.day == 3))
    names.append(
        (
            "ecr",
            "PolicyExecutionEvent",
            {"lifecycle-policy-action": "EXPIRE", "repository-name": "orders"},
            chance.random() < 0.3,
        )
    )
    for service, name, details, today in names:
        if not today:
            continue
        identity = {"accountId": PROD, "invokedBy": "AWS Internal" if service == "kms" else f"{service}.amazonaws.com"}
        where = "AWS Internal" if service == "kms" else f"{service}.amazonaws.com"
        record = call(
            chance,
            span.at(23.9 * chance.random()),
            Caller(identity, PROD, where, context=where),
            f"{service}:{name}",
            params=None,
        )
        record["eventType"], record["serviceEventDetails"], record["readOnly"] = "AwsServiceEvent", details, False
        yield record


PRODUCERS: tuple[Producer, ...] = (config, backup, cloudtrail, single_sign_on, scaling, decrypts, events)
