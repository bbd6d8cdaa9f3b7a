"""What a chapter leaves in IAM besides what its records do: users and roles that should not be there, settings left weak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from trailwatch.simulate.chance import stable_id
from trailwatch.simulate.estate import Account, Estate, Group, Key, Role, User, allow, aws_policy, policy_arn, trust
from trailwatch.simulate.holdings import actions, morning, trail
from trailwatch.simulate.stock import DEV, PROD

_FOREIGN = "888999000111"


def _root_day(account: Account) -> Account:
    """Root had no MFA already when somebody signed in; its key comes with the records."""
    return replace(account, root=replace(account.root, mfa=False))


def _contractor(account: Account) -> Account:
    """Besides single sign-on the contractor was given a user with a key, and nobody remembers it."""
    made = morning(date(2026, 6, 22))
    key = Key(stable_id("AKIA", DEV, "mallory", length=16), made + timedelta(minutes=4))
    return account.having(User("mallory", made, ("developers",), keys=(key,)))


def _legacy_backup(account: Account) -> Account:
    made = morning(date(2024, 6, 10))
    group = Group("backup-operators", made, (policy_arn(PROD, "backup-operators"),))
    key = Key(stable_id("AKIA", PROD, "legacy-backup", length=16), made + timedelta(minutes=7))
    policy = allow(actions(["ec2:DescribeVolumes", "ec2:CreateSnapshot", "ec2:DescribeSnapshots"]))
    policies = {**account.policies, group.attached[0]: policy}
    return replace(account, policies=policies).having(User("legacy-backup", made, (group.name,), keys=(key,)), group)


def _weak_passwords(account: Account) -> Account:
    return replace(account, passwords=None)


def _kim(account: Account) -> Account:
    made = morning(date(2026, 7, 20))
    return account.having(User("kim", made, ("developers",), password=made))


def _judy(account: Account) -> Account:
    made = morning(date(2025, 2, 3))
    key = Key(stable_id("AKIA", DEV, "judy", length=16), made + timedelta(minutes=3))
    return account.having(User("judy", made, ("developers",), keys=(key,)))


def _thumbnails(account: Account) -> Account:
    made = morning(date(2025, 4, 14))
    group = Group("thumbnails", made, (policy_arn(DEV, "thumbnails"),))
    policy = allow(actions(["s3:GetBucketLocation", "sqs:GetQueueAttributes"]))
    key = Key(stable_id("AKIA", DEV, "svc-thumbs", length=16), made + timedelta(minutes=5))
    policies = {**account.policies, group.attached[0]: policy}
    return replace(account, policies=policies).having(User("svc-thumbs", made, (group.name,), keys=(key,)), group)


def _preview_admin(account: Account) -> Account:
    made = morning(date(2026, 6, 15))
    service = trust("Service", "codebuild.amazonaws.com")
    role = Role("preview-admin", made, service, attached=(aws_policy("AdministratorAccess"),))
    return replace(account, roles=(*account.roles, role))


def _open_trust(account: Account) -> Account:
    made = morning(date(2026, 6, 15))
    policies = {**account.policies, policy_arn(PROD, "partner-sync"): allow(actions(["glue:GetTables"]))}
    stranger = trust("AWS", f"arn:aws:iam::{_FOREIGN}:root")
    role = Role("partner-sync", made, stranger, attached=(policy_arn(PROD, "partner-sync"),))
    return replace(account, policies=policies, roles=(*account.roles, role))


def _stopped_trail(account: Account) -> Account:
    return replace(
        account, trails=(*account.trails, trail(DEV, "dev-trail", IsMultiRegionTrail=False, IsLogging=False))
    )


TRACES: dict[str, tuple[str, Callable[[Account], Account]]] = {
    "root-day": (PROD, _root_day),
    "contractor-after-end": (DEV, _contractor),
    "dormant-key": (PROD, _legacy_backup),
    "weak-passwords": (DEV, _weak_passwords),
    "user-without-mfa": (DEV, _kim),
    "left-behind": (DEV, _judy),
    "key-on-workload": (DEV, _thumbnails),
    "too-much": (DEV, _preview_admin),
    "open-trust": (PROD, _open_trust),
    "stopped-trail": (DEV, _stopped_trail),
}


def left(estate: Estate, chapters: list[str]) -> Estate:
    """Return the estate with what the chapters leave in it."""
    accounts = dict(estate)
    for chapter in chapters:
        if chapter in TRACES:
            number, change = TRACES[chapter]
            accounts[number] = change(accounts[number])
    return accounts
