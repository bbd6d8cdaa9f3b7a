"""What changed between two snapshots, and what is no change."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import exports
import pytest

from trailwatch.snapshot import shape
from trailwatch.snapshot.changes import changes
from trailwatch.snapshot.export import DETAILS, PASSWORDS, REPORT, SUMMARY, TRAILS, USES
from trailwatch.snapshot.report import read_report

BODIES: dict[str, Any] = {
    REPORT: read_report(exports.REPORT), DETAILS: shape.details([exports.DETAILS]), PASSWORDS: exports.POLICY,
    SUMMARY: exports.SUMMARY, TRAILS: shape.trails([exports.TRAIL | exports.SELECTORS | exports.STATUS]),
    USES: {"arn": []},
}  # fmt: skip
ALICE = ("UserDetailList", 0)


def _told(kind: str, change: Callable[[Any], Any]) -> list[tuple[str, str, str, str]]:
    after = copy.deepcopy(BODIES[kind])
    change(after)
    return [(one.change, one.what, one.name, one.detail) for one in changes(kind, BODIES[kind], after)]


def _set(*path: Any) -> Callable[[Any], None]:
    *place, last, value = path

    def change(body: Any) -> None:
        for key in place:
            body = body[key]
        body[last] = value

    return change


@pytest.mark.parametrize(("kind", "change", "told"), [
    (REPORT, lambda body: body.pop(2), ("removed", "user", "bob", "")),
    (REPORT, _set(1, "mfa_active", True), ("changed", "user", "alice", "mfa_active: false → true")),
    (REPORT, _set(1, "access_key_1_active", False), ("changed", "key", "key 1 of alice", "access_key_1_active: true → false")),
    (REPORT, _set(1, "access_key_1_last_rotated", "2026-07-01T00:00:00Z"),
     ("changed", "key", "key 1 of alice", "access_key_1_last_rotated: 2025-03-01T09:05:00Z → 2026-07-01T00:00:00Z")),
    (REPORT, lambda body: body[1].update(access_key_2_active=True, access_key_2_last_rotated="2026-07-01T00:00:00Z"),
     ("added", "key", "key 2 of alice", "made 2026-07-01T00:00:00Z")),
    (REPORT, lambda body: body[2].update(access_key_2_active=False, access_key_2_last_rotated=None),
     ("removed", "key", "key 2 of bob", "")),
    (DETAILS, lambda body: body["RoleDetailList"].clear(), ("removed", "role", "deploy", "")),
    (DETAILS, _set(*ALICE, "GroupList", []), ("removed", "membership", "staff of user alice", "")),
    (DETAILS, _set(*ALICE, "GroupList", ["staff", "admins"]), ("added", "membership", "admins of user alice", "")),
    (DETAILS, _set(*ALICE, "AttachedManagedPolicies", []),
     ("removed", "policy", "arn:aws:iam::111122223333:policy/own of user alice", "")),
    (DETAILS, _set(*ALICE, "UserPolicyList", []), ("removed", "policy", "inline all of user alice", "")),
    (DETAILS, _set(*ALICE, "UserPolicyList", 0, "PolicyDocument", {}), ("changed", "policy", "inline all of user alice", "")),
    (DETAILS, _set("GroupDetailList", 0, "GroupPolicyList", [{"PolicyName": "p", "PolicyDocument": {}}]),
     ("added", "policy", "inline p of group staff", "")),
    (DETAILS, _set("RoleDetailList", 0, "AssumeRolePolicyDocument", {}), ("changed", "trust", "role deploy", "")),
    (DETAILS, _set(*ALICE, "PermissionsBoundary", {"PermissionsBoundaryArn": "x"}), ("changed", "boundary", "user alice", "")),
    (DETAILS, _set("Policies", 0, "PolicyVersionList", 0, "Document", {}),
     ("changed", "policy", "arn:aws:iam::111122223333:policy/own", "default version v1")),
    (DETAILS, lambda body: body["Policies"].clear(), ("removed", "policy", "arn:aws:iam::111122223333:policy/own", "")),
    (PASSWORDS, _set("MinimumPasswordLength", 8), ("changed", "setting", "password policy", "MinimumPasswordLength: 14 → 8")),
    (SUMMARY, _set("AccountMFAEnabled", 0), ("changed", "setting", "root", "AccountMFAEnabled: 1 → 0")),
    (TRAILS, _set(0, "IsLogging", False), ("changed", "trail", exports.TRAIL_ARN, "IsLogging: true → false")),
    (TRAILS, lambda body: body.clear(), ("removed", "trail", exports.TRAIL_ARN, "")),
])  # fmt: skip
def test_a_change_is_told_once(kind, change, told) -> None:
    assert _told(kind, change) == [told]


@pytest.mark.parametrize(("kind", "change"), [
    (REPORT, _set(1, "password_last_used", "2026-07-27T00:00:00Z")),
    (REPORT, _set(1, "access_key_1_last_used_date", "2026-07-27T00:00:00Z")),
    (DETAILS, _set("RoleDetailList", 0, "RoleLastUsed", {})), (DETAILS, _set(*ALICE, "Tags", [{"Key": "a", "Value": "b"}])),
    (SUMMARY, _set("Users", 9)), (USES, _set("arn", [{"ServiceNamespace": "s3"}])),
])  # fmt: skip
def test_use_and_counts_are_no_change(kind, change) -> None:
    assert _told(kind, change) == []


@pytest.mark.parametrize("kind", BODIES)
def test_the_same_is_no_change(kind) -> None:
    assert _told(kind, lambda _: None) == []


def test_what_is_new_is_told_with_what_it_has() -> None:
    before = {**BODIES[DETAILS], "UserDetailList": []}
    told = [(one.change, one.what, one.name) for one in changes(DETAILS, before, BODIES[DETAILS])]
    assert ("added", "user", "alice") in told
    assert ("added", "policy", "inline all of user alice") in told
    assert ("added", "membership", "staff of user alice") in told
    assert {change for change, *_ in told} == {"added"}
