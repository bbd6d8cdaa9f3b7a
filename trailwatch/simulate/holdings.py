"""The organisation's IAM as it should be: what its people, programs and services need, and nothing against a practice."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

from trailwatch.actions import action_of
from trailwatch.simulate import benign, callers, pipelines, sts, users
from trailwatch.simulate.chance import stable_hex
from trailwatch.simulate.estate import (
    Account,
    Document,
    Estate,
    Group,
    Key,
    Role,
    Root,
    User,
    allow,
    aws_policy,
    policy_arn,
    trust,
)  # fmt: skip
from trailwatch.simulate.harmless import mailer_key
from trailwatch.simulate.people import PEOPLE
from trailwatch.simulate.stock import ACCOUNTS, DEV, HOME, PARTNER, PROD, SECURITY

_NUMBERS = {name: number for number, name in ACCOUNTS.items()}
_FOUNDED = {PROD: date(2024, 1, 15), DEV: date(2024, 1, 16), SECURITY: date(2024, 1, 12)}
_RESERVED = f"aws-reserved/sso.amazonaws.com/{HOME}/"
_GITHUB = "token.actions.githubusercontent.com"
# What AWS keeps, shortened to what the simulator's callers do with it.
AWS_POLICIES: Mapping[str, Document] = {
    "AdministratorAccess": allow(["*"]),
    "ReadOnlyAccess": allow(
        ["ec2:Describe*", "ecs:Describe*", "ecs:List*", "cloudwatch:Get*", "logs:Filter*", "iam:Get*"]
    ),
    "SecurityAudit": allow(["iam:Get*", "iam:List*", "cloudtrail:Describe*", "config:Describe*", "s3:GetBucketPolicy"]),
    "service-role/AWSBackupServiceRolePolicyForBackup": allow(
        ["ec2:CreateSnapshot", "ec2:DeleteSnapshot", "rds:CreateDBSnapshot"]
    ),
    "IAMUserChangePassword": allow(["iam:ChangePassword"], "arn:aws:iam::*:user/${aws:username}"),
}
_PASSWORDS: Document = {
    "MinimumPasswordLength": 16, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "ExpirePasswords": True, "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24, "HardExpiry": False,
}  # fmt: skip


def trail(account: str, name: str, **more: Any) -> Document:
    """Return a trail with its selectors and its status, as it should be."""
    selector = {
        "ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": [],
    }  # fmt: skip
    return {
        "Name": name, "TrailARN": f"arn:aws:cloudtrail:{HOME}:{account}:trail/{name}", "HomeRegion": HOME,
        "S3BucketName": f"{name}-{account}", "IsMultiRegionTrail": True, "IsOrganizationTrail": False,
        "IncludeGlobalServiceEvents": True, "LogFileValidationEnabled": True,
        "KmsKeyId": f"arn:aws:kms:{HOME}:{account}:alias/{name}", "IsLogging": True, "EventSelectors": [selector],
        "AdvancedEventSelectors": [], **more,
    }  # fmt: skip


# Each account describes it under the ARN of the account that owns it.
ORGANIZATION_TRAIL = trail(SECURITY, "org-trail", IsOrganizationTrail=True)


def morning(day: date, hour: float = 9.5) -> datetime:
    """Return a time at which things are set up."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def clean(at: datetime) -> Estate:
    """Return every account's IAM at a time, nothing in it against a practice."""
    table = tomllib.loads((resources.files("trailwatch.simulate") / "estate.toml").read_text(encoding="utf-8"))
    return {number: _account(number, table[name], at) for number, name in ACCOUNTS.items()}


def _account(number: str, table: Mapping[str, Any], at: datetime) -> Account:
    policies: dict[str, Document] = {aws_policy(name): document for name, document in AWS_POLICIES.items()}
    groups, roles = [], []
    for name, entry in table["groups"].items():
        groups.append(Group(name, morning(entry["created"]), _attached(policies, number, name, entry)))
    for name, entry in table["roles"].items():
        attached = _attached(policies, number, name, entry)
        roles.append(Role(name, morning(entry["created"]), _trust(number, entry), attached=attached))
    # Root of a member account has no credentials: they were removed from the management account.
    root = Root(password=number != DEV, mfa=number != DEV)
    founded = morning(_FOUNDED[number], 14)
    everyone = tuple(user for user in _users(number, at) if user.created <= at)
    every_role = tuple(role for role in (*roles, *_reserved(number), *_of_services(number)) if role.created <= at)
    return Account(number, founded, root, everyone, tuple(groups), every_role, policies, _PASSWORDS)


def _users(number: str, at: datetime) -> Iterable[User]:
    if number == PROD:
        turn = users.reports_turn(at.date())
        made = users.reports_made(turn)
        key = Key(users.reports_key(at.date()), morning(made, 8.3))
        yield User("svc-reports", morning(date(2024, 4, 8)), ("reporting",), keys=(key,))
        yield User(
            "break-fix", morning(date(2024, 1, 29)), ("emergency",), password=morning(date(2024, 1, 29)), mfa=True
        )
    if number == DEV:
        # The key of the week before the told days; later ones come with the records.
        key = Key(mailer_key(date(2026, 6, 1).toordinal() // 7 - 1), morning(date(2026, 5, 26)))
        yield User("svc-mailer", morning(date(2025, 4, 14)), ("mailers",), keys=(key,))
    if number == SECURITY:
        made = morning(date(2026, 6, 29))
        yield User("break-fix", made, ("readers",), password=made, mfa=True)


def _attached(policies: dict[str, Document], number: str, name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    if "managed" in entry:
        return (aws_policy(entry["managed"]),)
    calls = entry["allows"].split() if "allows" in entry else _of_pipeline(entry["actor"])
    document = allow(actions(calls))
    if "actor" in entry:
        statement = {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": [sts.role_arn(number, "preview-*")]}
        document = {**document, "Statement": [*document["Statement"], statement]}
    if "assumes" in entry:
        targets = [sts.role_arn(account, entry["assumes"]) for account in ACCOUNTS]
        statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": targets}
        document = {**document, "Statement": [*document["Statement"], statement]}
    policies[policy_arn(number, name)] = document
    return (policy_arn(number, name),)


def _of_pipeline(actor: str) -> list[str]:
    return [*pipelines.PLAN.split(), *(row.api for row in benign.TABLE if row.actor == actor)]


def actions(calls: Iterable[str]) -> list[str]:
    """Return the IAM actions of calls, in order; calls that need no permission are left out."""
    made = {":".join(action_of(f"{call.split(':')[0]}.amazonaws.com", call.split(":")[1])) for call in calls}
    return sorted(made - {"sts:GetCallerIdentity"})


def _trust(number: str, entry: Mapping[str, Any]) -> Document:
    if "service" in entry:
        return trust("Service", f"{entry['service']}.amazonaws.com")
    if "partner" in entry:
        condition = {"sts:ExternalId": "7d2c-example"}
        return trust("AWS", f"arn:aws:iam::{PARTNER}:root", StringEquals=condition)
    if "github" in entry:
        provider = f"arn:aws:iam::{number}:oidc-provider/{_GITHUB}"
        repositories = {f"{_GITHUB}:sub": f"repo:{entry['github']}/*:ref:refs/heads/main"}
        return trust(
            "Federated", provider, "sts:AssumeRoleWithWebIdentity",
            StringEquals={f"{_GITHUB}:aud": "sts.amazonaws.com"}, StringLike=repositories,
        )  # fmt: skip
    arns = []
    for one in entry["roles"]:
        account, role = one.split("/")
        if role.startswith("@"):
            reserved = callers.reserved(_NUMBERS[account], role[1:])
            arns.append(sts.role_arn(_NUMBERS[account], reserved, _RESERVED))
        else:
            arns.append(sts.role_arn(_NUMBERS[account], role))
    return trust("AWS", arns, ["sts:AssumeRole", "sts:SetSourceIdentity"])


def _reserved(number: str) -> Iterable[Role]:
    provider = f"arn:aws:iam::{number}:saml-provider/AWSSSO_{stable_hex(16, number, 'saml')}_DO_NOT_DELETE"
    taken = trust(
        "Federated", provider, ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"},
    )  # fmt: skip
    sets = {work.permission_set: work for person in PEOPLE for work in person.works if work.account == number}
    for name, work in sorted(sets.items()):
        managed = (aws_policy(name),) if name in AWS_POLICIES else ()
        own = {person.email for person in PEOPLE if person.works[0] == work}
        calls = (*work.calls, *(row.api for row in benign.TABLE if row.actor in own))
        inline = {} if managed else {"AwsSSOInlinePolicy": allow(actions(calls))}
        made = morning(date(2024, 2, 1), 10)
        yield Role(callers.reserved(number, name), made, taken, _RESERVED, managed, inline)


def _of_services(number: str) -> Iterable[Role]:
    linked = {"config": "AWSServiceRoleForConfig", "sso": "AWSServiceRoleForSSO"}
    if number == PROD:
        linked["autoscaling"] = "AWSServiceRoleForAutoScaling"
        yield Role(
            "AWSBackupDefaultServiceRole", morning(date(2024, 3, 4)), trust("Service", "backup.amazonaws.com"), "service-role/",
            attached=(aws_policy("service-role/AWSBackupServiceRolePolicyForBackup"),),
        )  # fmt: skip
    for service, name in linked.items():
        host = f"{service}.amazonaws.com"
        yield Role(name, morning(date(2024, 1, 17)), trust("Service", host), f"aws-service-role/{host}/")
