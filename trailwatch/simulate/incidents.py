"""The attacks of the story. No record carries a mark; the truth stands in story.json alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from trailwatch.simulate import callers, habits
from trailwatch.simulate.chance import dice, stable_id
from trailwatch.simulate.people import PEOPLE, address
from trailwatch.simulate.records import Caller, Record, american, call, denied
from trailwatch.simulate.stock import DEV, PROD, STRANGER
from trailwatch.simulate.story import Chapter, days

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_PEOPLE = {person.email: person for person in PEOPLE}


def intruders_key(seed: int) -> str:
    """Return the key that the intruder makes for svc-reports."""
    return stable_id("AKIA", "intruder", seed, length=16)


def _steps(
    chance: random.Random, caller: Caller, at: datetime, apis: str, *, gap: float, refused: str = ""
) -> Iterator[Record]:
    """Yield calls one after another; those named in `refused` are denied."""
    no = set(refused.split())
    for api in apis.split():
        at += timedelta(seconds=round(chance.expovariate(1 / gap)) + 1)
        yield call(chance, at, caller, api, error=denied(caller, api) if api in no else None)


def root_day(seed: int, day: date) -> Iterator[Record]:
    """Somebody signs in as root without MFA and makes root an access key."""
    chance = dice(seed, "story", "root", day)
    at = habits.local(day, 13.3, "Europe/Berlin")
    caller = callers.root(chance, at, PROD, "45.155.205.33", "windows")
    yield callers.console_login(chance, at, caller, mfa="No")
    yield from _steps(
        chance,
        caller,
        at + timedelta(seconds=20),
        "iam:GetAccountSummary iam:ListUsers iam:ListMFADevices iam:ListAccountAliases ce:GetCostAndUsage iam:ListRoles",
        gap=25,
    )
    made = at + timedelta(minutes=6)
    key = {"accessKeyId": stable_id("AKIA", "root", seed, length=16), "status": "Active", "createDate": american(made)}
    yield call(chance, made, caller, "iam:CreateAccessKey", params=None, answer={"accessKey": key})
    yield from _steps(chance, caller, made + timedelta(seconds=30), "iam:GetAccountSummary s3:ListBuckets", gap=20)


_SWEEP = """ec2:DescribeInstances ec2:DescribeRegions s3:ListBuckets iam:ListUsers iam:ListRoles ec2:DescribeVpcs ec2:DescribeSecurityGroups iam:GetAccountSummary lambda:ListFunctions20150331 rds:DescribeDBInstances
 rds:DescribeDBSnapshots iam:ListPolicies iam:ListGroups secretsmanager:ListSecrets ssm:DescribeParameters kms:ListKeys kms:ListAliases dynamodb:ListTables ec2:DescribeSnapshots ec2:DescribeImages ec2:DescribeKeyPairs
 organizations:DescribeOrganization organizations:ListAccounts cloudtrail:DescribeTrails guardduty:ListDetectors iam:ListAccessKeys iam:ListAttachedUserPolicies ecr:DescribeRepositories sns:ListTopics route53:ListHostedZones"""
_SWEEP_REFUSED = "organizations:DescribeOrganization organizations:ListAccounts guardduty:ListDetectors kms:ListKeys cloudtrail:DescribeTrails"


def off_hours(seed: int, day: date) -> Iterator[Record]:
    """Alice's permission set, at night, from elsewhere, with a client she never uses; a key and rights for another user."""
    chance = dice(seed, "story", "off-hours", day)
    at = habits.local(day, 3.17, "Europe/Berlin")
    caller, entry = callers.sso(
        chance,
        at,
        email="alice@example.com",
        account=PROD,
        permission_set="PlatformEngineer",
        address="45.155.205.118",
        client="boto3",
        system="linux",
    )
    yield callers.portal(
        chance, at - timedelta(seconds=40), email="alice@example.com", address="45.155.205.118", system="linux"
    )
    yield from entry
    yield from _steps(chance, caller, at + timedelta(seconds=15), "sts:GetCallerIdentity", gap=3)
    yield from _steps(chance, caller, at + timedelta(seconds=60), _SWEEP, gap=9, refused=_SWEEP_REFUSED)
    key_at = habits.local(day, 3.55, "Europe/Berlin")
    key = {
        "accessKeyId": intruders_key(seed),
        "status": "Active",
        "userName": "svc-reports",
        "createDate": american(key_at),
    }
    yield call(
        chance, key_at, caller, "iam:CreateAccessKey", params={"userName": "svc-reports"}, answer={"accessKey": key}
    )
    yield call(
        chance,
        key_at + timedelta(seconds=21),
        caller,
        "iam:AttachUserPolicy",
        params={"userName": "svc-reports", "policyArn": ADMIN},
    )
    for number in range(12):
        secret = f"prod/{('shop', 'reports', 'billing', 'partner')[number % 4]}/{('db', 'api', 'smtp')[number // 4]}"
        yield call(
            chance,
            key_at + timedelta(seconds=120 + 14 * number + chance.randrange(8)),
            caller,
            "secretsmanager:GetSecretValue",
            params={"secretId": secret},
        )


def new_network(seed: int, day: date) -> Iterator[Record]:
    """Bob's session in his hours and with his client, from a hosting network; a snapshot leaves the organisation."""
    chance = dice(seed, "story", "new-network", day)
    at = habits.local(day, 14.6, "Europe/Berlin")
    caller, entry = callers.sso(
        chance,
        at,
        email="bob@example.com",
        account=PROD,
        permission_set="DataEngineer",
        address="193.142.146.59",
        client="boto3",
        system="mac",
    )
    yield from entry
    yield from _steps(
        chance,
        caller,
        at + timedelta(seconds=9),
        "s3:ListBuckets s3:GetBucketPolicy s3:GetBucketPolicy s3:GetBucketLocation glue:GetDatabases glue:GetTables ssm:GetParameters ec2:DescribeVolumes ec2:DescribeSnapshots ssm:GetParameters",
        gap=35,
    )
    volume, snapshot = f"vol-0{chance.getrandbits(64):016x}", f"snap-0{chance.getrandbits(64):016x}"
    at += timedelta(minutes=14)
    answer = {
        "requestId": "<request>",
        "snapshotId": snapshot,
        "volumeId": volume,
        "status": "pending",
        "ownerId": PROD,
        "volumeSize": "500",
        "encrypted": False,
    }
    yield call(chance, at, caller, "ec2:CreateSnapshot", params={"volumeId": volume}, answer=answer)
    share = {
        "snapshotId": snapshot,
        "createVolumePermission": {"add": {"items": [{"userId": STRANGER}]}},
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }
    yield call(
        chance,
        at + timedelta(minutes=3),
        caller,
        "ec2:ModifySnapshotAttribute",
        params=share,
        answer={"requestId": "<request>", "_return": True},
    )
    yield from _steps(
        chance, caller, at + timedelta(minutes=4), "ec2:DescribeSnapshotAttribute ec2:DescribeSnapshots", gap=30
    )


def dormant_key(seed: int, day: date) -> Iterator[Record]:
    """The key of legacy-backup, asleep since February, looks around."""
    chance = dice(seed, "story", "dormant-key", day)
    caller = callers.user(PROD, "legacy-backup", "45.155.206.14", "cli", "linux")
    at = habits.local(day, 16.1, "Europe/Berlin")
    yield from _steps(
        chance,
        caller,
        at,
        "sts:GetCallerIdentity s3:ListBuckets iam:ListUsers ec2:DescribeInstances iam:ListAttachedUserPolicies secretsmanager:ListSecrets ec2:DescribeSnapshots ec2:DescribeVolumes iam:ListRoles lambda:ListFunctions20150331 s3:GetBucketLocation",
        gap=22,
        refused="iam:ListUsers iam:ListAttachedUserPolicies secretsmanager:ListSecrets iam:ListRoles lambda:ListFunctions20150331",
    )


# Two or three a day; each alone is a read that any auditor makes.
_SLOW = {
    3: "iam:GetAccountAuthorizationDetails kms:ListGrants iam:ListInstanceProfiles",
    4: "iam:ListAccessKeys secretsmanager:ListSecrets ssm:DescribeParameters",
    5: "organizations:ListAccounts rds:DescribeDBSnapshots ec2:DescribeKeyPairs",
    6: "ec2:DescribeSnapshots ecr:GetAuthorizationToken",
    7: "iam:ListOpenIDConnectProviders kms:GetKeyPolicy iam:GetPolicyVersion",
}


def slow_abuse(seed: int, day: date) -> Iterator[Record]:
    """Dave, in his own sessions, from his own network and in his hours, reads a few things that are none of his business."""
    chance = dice(seed, "story", "slow", day)
    person = _PEOPLE["dave@example.com"]
    made = habits.sessions(seed, person, day, dense=True)
    session = next((s for s in made if s.caller.account == DEV), made[0])
    length = (session.end - session.begin).total_seconds()
    for number, api in enumerate(_SLOW[day.day].split()):
        at = session.begin + timedelta(seconds=length * (0.15 + 0.25 * number) + chance.randrange(60))
        yield call(chance, at, session.caller, api)


def after_end(seed: int, day: date) -> Iterator[Record]:
    """The contractor's sign-in still works a week after the contract ended."""
    chance = dice(seed, "story", "after-end", day)
    person = _PEOPLE["mallory-contractor@partner.example"]
    at, where = habits.local(day, 11.4, person.zone), address(person, "home", day.toordinal() // 21)
    caller, entry = callers.sso(
        chance,
        at,
        email=person.email,
        account=DEV,
        permission_set="Developer",
        address=where,
        client="cli",
        system="mac",
    )
    yield callers.portal(chance, at - timedelta(seconds=30), email=person.email, address=where, system="mac")
    yield from entry
    yield from _steps(
        chance,
        replace(caller, client="cli"),
        at + timedelta(seconds=20),
        "s3:ListBuckets lambda:GetFunction20150331v2 ecs:DescribeServices lambda:GetFunction20150331v2 logs:FilterLogEvents",
        gap=90,
    )


ATTACKS: tuple[Chapter, ...] = (
    Chapter(
        "root-day",
        "attack",
        days(date(2026, 7, 22)),
        "Root signs in without MFA from a hosting network and creates a root access key",
        (f"{PROD}/root",),
        root_day,
        ("root-use", "root-keys", "root-mfa", "monitoring"),
    ),
    Chapter(
        "contractor-after-end",
        "attack",
        days(date(2026, 7, 24)),
        "The contractor's session succeeds a week after the contract's end",
        ("mallory-contractor@partner.example",),
        after_end,
        ("end-dates",),
    ),
    Chapter(
        "off-hours-intruder",
        "attack",
        days(date(2026, 7, 28)),
        "Alice's session at night: discovery, a key and admin rights for svc-reports, twelve secrets",
        ("alice@example.com",),
        off_hours,
        ("own-credentials", "groups", "least-privilege", "rotation", "shifts", "networks", "monitoring"),
    ),
    Chapter(
        "new-network",
        "attack",
        days(date(2026, 7, 30)),
        "Bob's session from a hosting network shares a snapshot with a strange account",
        ("bob@example.com",),
        new_network,
        ("own-credentials", "least-privilege", "networks", "monitoring"),
    ),
    Chapter(
        "slow-abuse",
        "attack",
        days(date(2026, 8, 3), 1, 2, 3, 4),
        "Dave reads two or three things a day that neither he nor his peers ever read",
        ("dave@example.com",),
        slow_abuse,
        ("monitoring",),
    ),
    Chapter(
        "dormant-key",
        "attack",
        days(date(2026, 8, 4)),
        "The key of legacy-backup wakes after 170 days, elsewhere",
        (f"{PROD}/user/legacy-backup",),
        dormant_key,
        ("rotation", "unused", "networks", "monitoring"),
    ),
)
