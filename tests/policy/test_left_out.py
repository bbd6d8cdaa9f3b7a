"""Calls that findings tell of are left out of a policy, and what that kept out is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from policy.alice import IDS, SECRET_READ, STRANGE, USER_DELETED, allowed, append, finding, first, trail

from trailwatch.api import Trail

__all__ = ["first", "trail"]  # fixtures


def removed(made: Any) -> dict[str, list[str]]:
    return {one.finding: one.actions for one in made.removed}


def test_what_a_finding_tells_of_is_left_out(trail: Trail) -> None:
    finding(trail, SECRET_READ, USER_DELETED)
    made = trail.policy("alice")
    assert removed(made) == {"f1": ["iam:DeleteUser", "secretsmanager:GetSecretValue"]}
    assert {"iam:DeleteUser", "secretsmanager:GetSecretValue"}.isdisjoint(allowed(made))
    assert made.removed[0].calls == 2
    assert "so not allowed: iam:DeleteUser" in made.text()


@pytest.mark.parametrize(
    ("more", "verdict", "left_out"),
    [
        ({"severity": "low"}, "", False),
        ({"severity": "low"}, "confirmed", True),
        ({}, "benign", False),
        ({"suppressed_by": "declared"}, "", False),
        ({"kind": "posture"}, "", False),
    ],
)
def test_what_counts_as_a_finding(trail: Trail, more: dict[str, Any], verdict: str, left_out: bool) -> None:
    append(trail, "findings", **{
        "id": "f1", "kind": "activity", "title": "t", "severity": "medium", "status": "new", "suppressed_by": "",
        "event_ids": [IDS[SECRET_READ]], "count": 1,
    } | more)  # fmt: skip
    if verdict:
        append(trail, "marks", finding="f1", verdict=verdict, marked_at=datetime(2026, 1, 6, tzinfo=UTC))
    assert ("secretsmanager:GetSecretValue" not in allowed(trail.policy("alice"))) is left_out


def test_an_incident_counts_with_all_its_findings(trail: Trail) -> None:
    finding(trail, SECRET_READ, severity="low")
    assert trail.policy("alice").removed == ()
    append(trail, "incidents", id="i1", title="t", severity="high", status="new", findings=["f1"])
    assert removed(trail.policy("alice")) == {"f1": ["secretsmanager:GetSecretValue"]}


def test_a_network_of_findings_alone_is_left_out_whole(trail: Trail) -> None:
    finding(trail, STRANGE)
    assert removed(trail.policy("alice")) == {"f1": ["ec2:DescribeInstances", "s3:DeleteBucket"]}
