"""The exports of IAM beside the logs, as the AWS command line writes them: one folder an account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from trailwatch.simulate import holdings, sts, traces
from trailwatch.simulate.chance import stable_id
from trailwatch.simulate.estate import Account, Group, Key, Role, User
from trailwatch.simulate.holdings import ORGANIZATION_TRAIL
from trailwatch.simulate.upkeep import Upkeep, Use
from trailwatch.simulate.world import World

_KEY_COLUMNS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active", *(f"access_key_{slot}_{name}" for slot in (1, 2) for name in _KEY_COLUMNS),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
_NONE = "N/A"


def exports(world: World, upkeep: Upkeep) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every export at the time up to which the records were seen."""
    estate = traces.left(holdings.clean(upkeep.until), [chapter.id for chapter in world.chapters])
    for number, account in upkeep.carry_out(estate).items():
        yield f"iam/{number}/credential-report.csv", _report(account, upkeep).encode()
        passwords = {"PasswordPolicy": account.passwords} if account.passwords else {"default": True}
        for name, body in (
            ("account-authorization-details", details(account, upkeep)),
            ("account-password-policy", passwords),
            ("account-summary", {"SummaryMap": _summary(account)}),
            ("trails", [ORGANIZATION_TRAIL, *account.trails]),
        ):
            yield f"iam/{number}/{name}.json", msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n"


def _report(account: Account, upkeep: Upkeep) -> str:
    rows = [
        _root(account, upkeep),
        *(_user(account, user, upkeep) for user in sorted(account.users, key=lambda u: u.name)),
    ]
    # AWS ends the report without a line break.
    return "\n".join([",".join(_COLUMNS), *(",".join(row[name] for name in _COLUMNS) for row in rows)])


def _root(account: Account, upkeep: Upkeep) -> dict[str, str]:
    root = account.root
    unknown = "not_supported" if root.password else "false"
    used = _time(root.used) if root.used else "no_information" if root.password else _NONE
    return {
        "user": "<root_account>", "arn": f"arn:aws:iam::{account.number}:root",
        "user_creation_time": _time(account.created), "password_enabled": unknown, "password_last_used": used,
        "password_last_changed": "not_supported", "password_next_rotation": "not_supported",
        "mfa_active": _flag(root.mfa), **_keys(root.keys, upkeep), **_CERTIFICATES,
    }  # fmt: skip


def _user(account: Account, user: User, upkeep: Upkeep) -> dict[str, str]:
    arn = f"arn:aws:iam::{account.number}:user/{user.name}"
    longest = (account.passwords or {}).get("MaxPasswordAge", 0)
    signed_in = upkeep.sign_ins.get(arn)
    row = {
        "password_last_used": _NONE, "password_last_changed": _NONE, "password_next_rotation": _NONE,
    }  # fmt: skip
    if user.password:
        row = {
            "password_last_used": _time(signed_in) if signed_in else "no_information",
            "password_last_changed": _time(user.password),
            "password_next_rotation": _time(user.password + timedelta(days=longest)) if longest else _NONE,
        }
    return {
        "user": user.name, "arn": arn, "user_creation_time": _time(user.created),
        "password_enabled": _flag(user.password is not None), **row, "mfa_active": _flag(user.mfa),
        **_keys(user.keys, upkeep), **_CERTIFICATES,
    }  # fmt: skip


_CERTIFICATES = {
    "cert_1_active": "false", "cert_1_last_rotated": _NONE, "cert_2_active": "false", "cert_2_last_rotated": _NONE,
}  # fmt: skip


def _keys(keys: tuple[Key, ...], upkeep: Upkeep) -> dict[str, str]:
    row: dict[str, str] = {}
    # The slots are in the order of the key's ids and not of their age.
    for slot, key in enumerate((*sorted(keys, key=lambda key: key.id)[:2], None, None)[:2], start=1):
        use = upkeep.keys.get(key.id) if key else None
        row |= {
            f"access_key_{slot}_active": _flag(bool(key and key.active)),
            f"access_key_{slot}_last_rotated": _time(key.created) if key else _NONE,
            f"access_key_{slot}_last_used_date": _time(use.at) if use else _NONE,
            f"access_key_{slot}_last_used_region": _NONE if not use or use.service == "s3" else use.region,
            f"access_key_{slot}_last_used_service": use.service if use else _NONE,
        }
    return row


def details(account: Account, upkeep: Upkeep) -> dict[str, Any]:
    """Return the authorization details of an account, each document an object."""
    owners: tuple[User | Group | Role, ...] = (*account.users, *account.groups, *account.roles)
    attached = [arn for owner in owners for arn in owner.attached]
    return {
        "UserDetailList": [
            {
                "Path": "/", "UserName": user.name, "UserId": stable_id("AIDA", account.number, user.name),
                "Arn": f"arn:aws:iam::{account.number}:user/{user.name}", "CreateDate": _time(user.created),
                **_inline("UserPolicyList", user), "GroupList": list(user.groups), **_managed(user), "Tags": [],
            }
            for user in account.users
        ],
        "GroupDetailList": [
            {
                "Path": "/", "GroupName": group.name, "GroupId": stable_id("AGPA", account.number, group.name),
                "Arn": f"arn:aws:iam::{account.number}:group/{group.name}", "CreateDate": _time(group.created),
                **_inline("GroupPolicyList", group), **_managed(group),
            }
            for group in account.groups
        ],
        "RoleDetailList": [_role(account.number, role, upkeep) for role in account.roles],
        "Policies": [
            _policy(account, arn, attached.count(arn)) for arn in account.policies if arn in attached
        ],
    }  # fmt: skip


def _role(number: str, role: Role, upkeep: Upkeep) -> dict[str, Any]:
    arn = sts.role_arn(number, role.name, role.path)
    use: Use | None = upkeep.roles.get(arn)
    return {
        "Path": f"/{role.path}", "RoleName": role.name, "RoleId": stable_id("AROA", number, role.name), "Arn": arn,
        "CreateDate": _time(role.created), "AssumeRolePolicyDocument": role.trust, "InstanceProfileList": [],
        **_inline("RolePolicyList", role), **_managed(role), "Tags": [],
        "RoleLastUsed": {"LastUsedDate": _time(use.at), "Region": use.region} if use else {},
    }  # fmt: skip


def _policy(account: Account, arn: str, count: int) -> dict[str, Any]:
    made, short = _time(account.created), arn.rpartition("/")[2]
    version = {"Document": account.policies[arn], "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": made}
    return {
        "PolicyName": short, "PolicyId": stable_id("ANPA", arn), "Arn": arn,
        "Path": f"/{arn.split('policy/')[1].removesuffix(short)}", "DefaultVersionId": "v1", "AttachmentCount": count,
        "PermissionsBoundaryUsageCount": 0, "IsAttachable": True, "CreateDate": made, "UpdateDate": made,
        "PolicyVersionList": [version],
    }  # fmt: skip


def _inline(name: str, owner: User | Group | Role) -> dict[str, Any]:
    return {name: [{"PolicyName": key, "PolicyDocument": document} for key, document in owner.inline.items()]}


def _managed(owner: User | Group | Role) -> dict[str, Any]:
    return {
        "AttachedManagedPolicies": [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in owner.attached]
    }


def _summary(account: Account) -> dict[str, int]:
    devices = account.root.mfa + sum(user.mfa for user in account.users)
    return {
        "AccountAccessKeysPresent": len(account.root.keys), "AccountMFAEnabled": int(account.root.mfa),
        "AccountPasswordPresent": int(account.root.password), "AccountSigningCertificatesPresent": 0,
        "Groups": len(account.groups), "MFADevices": devices, "MFADevicesInUse": devices,
        "Policies": sum(":iam::aws:" not in arn for arn in account.policies), "Roles": len(account.roles),
        "Users": len(account.users),
    }  # fmt: skip


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
