"""What changed between two snapshots of one kind: users, keys, memberships, policies, trust, trails, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trailwatch.snapshot.export import DETAILS, PASSWORDS, REPORT, SUMMARY, TRAILS, canonical

_SETTINGS = ("mfa_active", "password_enabled", "password_last_changed", "cert_1_active", "cert_2_active")
_ACCOUNT = (
    "AccountMFAEnabled",
    "AccountAccessKeysPresent",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
)
_INLINE = {"UserDetailList": "UserPolicyList", "GroupDetailList": "GroupPolicyList", "RoleDetailList": "RolePolicyList"}
_OWNERS = {"UserDetailList": ("user", "UserName"), "GroupDetailList": ("group", "GroupName"),
           "RoleDetailList": ("role", "RoleName")}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One difference: what is new, gone or other than before."""

    change: Literal["added", "removed", "changed"]
    what: str  # user, key, group, role, policy, membership, trust, boundary, trail, setting
    name: str
    detail: str = ""


def changes(kind: str, before: Any, after: Any) -> list[Change]:
    """Return what changed between two bodies of one kind, in order of what and name.

    The use of things (last used, last accessed) is no change, and neither is what an account merely counts.
    """
    found = {REPORT: _report, DETAILS: _details, PASSWORDS: _settings, SUMMARY: _summary, TRAILS: _trails}.get(kind)
    return sorted(found(before, after), key=lambda one: (one.what, one.name, one.detail)) if found else []


def _report(before: Any, after: Any) -> Iterator[Change]:
    old, new = ({row["user"]: row for row in rows} for rows in (before, after))
    yield from _presence("user", old, new)
    for user in new:
        was, now = old.get(user, {}), new[user]
        for slot in (1, 2):
            yield from _key(f"key {slot} of {user}", was, now, f"access_key_{slot}")
        if was:
            yield from _fields("user", user, was, now, _SETTINGS)


def _key(name: str, was: Mapping[str, Any], now: Mapping[str, Any], slot: str) -> Iterator[Change]:
    active, made = f"{slot}_active", f"{slot}_last_rotated"
    if not was.get(made) and not was.get(active):
        if now.get(made) or now.get(active):
            yield Change("added", "key", name, f"made {now.get(made)}{'' if now.get(active) else ', not active'}")
    elif not now.get(made) and not now.get(active):
        yield Change("removed", "key", name)
    else:
        yield from _fields("key", name, was, now, (active, made))


def _details(before: Any, after: Any) -> Iterator[Change]:
    for table, (what, label) in _OWNERS.items():
        old, new = (
            {one[label] if label in one else one["Arn"]: one for one in body[table]} for body in (before, after)
        )
        yield from _presence(what, old, new)
        for name in new:
            yield from _owner(what, name, old.get(name, {}), new[name], _INLINE[table])
    old, new = ({one["Arn"]: _default(one) for one in body["Policies"]} for body in (before, after))
    yield from _presence("policy", old, new)
    for arn in old.keys() & new.keys():
        if old[arn] != new[arn]:
            yield Change("changed", "policy", arn, f"default version {new[arn][0]}")


def _owner(what: str, name: str, was: Mapping[str, Any], now: Mapping[str, Any], inline: str) -> Iterator[Change]:
    owner = f"{what} {name}"
    for field, label, key in (("GroupList", "membership", None), ("AttachedManagedPolicies", "policy", "PolicyArn")):
        old, new = ({str(one.get(key, one)) if key else str(one) for one in side.get(field, ())} for side in (was, now))
        yield from (Change("added", label, f"{one} of {owner}") for one in new - old)
        yield from (Change("removed", label, f"{one} of {owner}") for one in old - new)
    kept, made = ({one["PolicyName"]: one.get("PolicyDocument") for one in side.get(inline, ())} for side in (was, now))
    for policy in kept.keys() | made.keys():
        place = f"inline {policy} of {owner}"
        if policy not in kept or policy not in made:
            yield Change("removed" if policy in kept else "added", "policy", place)
        elif kept[policy] != made[policy]:
            yield Change("changed", "policy", place)
    if was and was.get("AssumeRolePolicyDocument") != now.get("AssumeRolePolicyDocument"):
        yield Change("changed", "trust", owner)
    if was and was.get("PermissionsBoundary") != now.get("PermissionsBoundary"):
        yield Change("changed", "boundary", owner)


def _default(policy: Mapping[str, Any]) -> tuple[str, Any]:
    versions = [one for one in policy.get("PolicyVersionList", ()) if one.get("IsDefaultVersion")]
    return str(policy.get("DefaultVersionId")), versions[0].get("Document") if versions else None


def _settings(before: Any, after: Any) -> Iterator[Change]:
    yield from _fields("setting", "password policy", before, after, sorted(before.keys() | after.keys()))


def _summary(before: Any, after: Any) -> Iterator[Change]:
    yield from _fields("setting", "root", before, after, _ACCOUNT)


def _trails(before: Any, after: Any) -> Iterator[Change]:
    old, new = ({trail["TrailARN"]: trail for trail in body} for body in (before, after))
    yield from _presence("trail", old, new)
    for arn in old.keys() & new.keys():
        yield from _fields("trail", arn, old[arn], new[arn], sorted(new[arn]))


def _presence(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    yield from (Change("added", what, name) for name in new.keys() - old.keys())
    yield from (Change("removed", what, name) for name in old.keys() - new.keys())


def _fields(what: str, name: str, was: Mapping[str, Any], now: Mapping[str, Any], fields: Any) -> Iterator[Change]:
    for field in fields:
        if was.get(field) != now.get(field):
            yield Change("changed", what, name, f"{field}: {_said(was.get(field))} → {_said(now.get(field))}")


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= 80 else text[:79] + "…"
