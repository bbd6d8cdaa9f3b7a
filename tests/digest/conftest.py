"""Two days' digests: one with a story, one quiet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from trailwatch.config import Config, Organization, Person
from trailwatch.detect.detection import Detection
from trailwatch.digest.coverage import AccountSeen, Coverage, Failure, Silence, Unable
from trailwatch.digest.page import Digest, assemble
from trailwatch.finding import Finding, Top
from trailwatch.findings.incidents import join

DAY = date(2026, 1, 5)
PROD, DEV = "111122223333", "444455556666"
EVIL = "<script>alert('x')</script>\x1b[2J=cmd|' /C calc'!A0"
CONFIG = Config(
    organization=Organization(accounts={PROD: "prod", DEV: "dev"}),
    people={"bob@example.com": Person(time_zone="Europe/Berlin")},
)
RULES = (
    Detection(id="root-sign-in", title="", severity="high", practices=("root-use",), where="true"),
    Detection(id="trail-stopped", title="", severity="critical", practices=("monitoring",), where="true"),
    Detection(
        id="off-network", title="", severity="medium", practices=("networks",), where="true", needs=("networks",)
    ),
    Detection(id="mfa-off", title="", severity="medium", practices=("mfa",), where="true"),
)


def _at(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    return datetime(2026, 1, 5, hour, minute, tzinfo=UTC) + timedelta(days=days)


def _finding(
    name: str, detection: str, title: str, severity: str, first: datetime, last: datetime, **change: Any
) -> Finding:
    values: dict[str, Any] = {
        "id": name, "detection": detection, "detection_version": "1", "kind": "activity", "title": title,
        "severity": severity, "severity_parts": {"impact": 6.0, "novelty": 1.0, "after hours": 1.25, "product": 7.5},
        "score": 7.5, "account": PROD, "principal": f"{PROD}/role/Developer", "person": "bob@example.com",
        "first_time": first, "last_time": last, "count": 3, "event_ids": (f"{name}-1", f"{name}-2", f"{name}-3"),
        "actions": (Top("iam:AttachUserPolicy", 2), Top("iam:CreateUser", 1)), "addresses": (Top("203.0.113.7", 3),),
        "clients": (Top("aws-cli/2 linux", 3),), "regions": (Top("us-east-1", 3),), "targets": (Top("backup-admin", 2),),
        "evidence": {"links": {"addresses": ["203.0.113.7"]}}, "status": "new",
    }  # fmt: skip
    return Finding(**{**values, **change})


def _story() -> list[Finding]:
    return [
        _finding("a1", "new-network", "bob@example.com came from a network never seen for them or their peers", "medium",
                 _at(2, 11), _at(2, 54), tactic="initial-access", practices=("networks",), actions=(Top("sts:GetCallerIdentity", 3),),
                 targets=(), why="A stolen session is mostly used from somewhere else.",
                 next="Call Bob. If it was not him, revoke the role's sessions.",
                 evidence={"local_time": "2026-01-05T03:11:00", "time_zone": "Europe/Berlin", "hour_share": 0.0,
                           "links": {"credentials": ["ASIAEXAMPLE"]}}),
        _finding("a2", "admin-granted", "bob@example.com gave AdministratorAccess to backup-admin", "high", _at(2, 31), _at(2, 33),
                 tactic="privilege-escalation", practices=("least-privilege",), attack=("T1098.003",),
                 why="Whoever holds backup-admin can now do everything in this account.",
                 next="Detach the policy, and disable the user's keys until Bob confirms it.",
                 evidence={"features": [{"words": "14 distinct write actions, usual 2 ± 1", "what": ["iam:CreateUser", "iam:AttachUserPolicy"]}],
                           "links": {"credentials": ["ASIAEXAMPLE"]}}),
        _finding("a3", "trail-stopped", "bob@example.com stopped the trail org-trail", "critical", _at(2, 51), _at(2, 51), count=1,
                 tactic="defense-evasion", practices=("monitoring",), score=10.0, targets=(Top("org-trail", 1),),
                 actions=(Top("cloudtrail:StopLogging", 1),), event_ids=("a3-1",),
                 severity_parts={"impact": 10.0, "novelty": 1.0, "product": 10.0},
                 why="From here on nothing is recorded.", next="Start logging again: aws cloudtrail start-logging --name org-trail",
                 evidence={"links": {"credentials": ["ASIAEXAMPLE"]}}),
        _finding("b1", "dormant-key", f"A key of ci-legacy woke up after 140 days: {EVIL}", "medium", _at(9), _at(9, 40), status="risen",
                 person="", principal=f"{PROD}/user/ci-legacy", practices=("unused",), credential="AKIAEXAMPLE", late=True,
                 targets=(Top(EVIL, 3),), why="Keys nobody uses are the ones nobody misses.", next="Ask who runs ci-legacy.",
                 evidence={"key_gap": 140.0, "key_rhythm": 3.0, "since": "2026-01-04"}),
        _finding("c1", "root-read", "Root user of dev looked around", "low", _at(10), _at(10, 1), person="", account=DEV,
                 principal=f"{DEV}/root", practices=("root-use",), targets=()),
        _finding("d1", "denied-burst", "role scanner was denied 40 times", "medium", _at(1), _at(3), person="",
                 principal=f"{DEV}/role/scanner", account=DEV, suppressed_by="weekly audit (carol, until 2026-03-31)"),
        _finding("e1", "old-key", "An old key is still in use", "medium", _at(1, days=-7), _at(3, days=-7), status="ended",
                 principal=f"{DEV}/user/dave", person="dave", account=DEV, practices=("rotation",)),
    ]  # fmt: skip


def _coverage(**change: Any) -> Coverage:
    values: dict[str, Any] = {
        "events": 214_331, "complete_until": datetime(2026, 1, 6, tzinfo=UTC), "day_complete": True, "identities": 87,
        "accounts": (AccountSeen(PROD, "prod", 200_000, 3, _at(23, 59)), AccountSeen(DEV, "dev", 14_331, 2, _at(23, 50))),
        "objects": {"listed": 1204, "read": 1204, "failed": 0, "changed": 0}, "history_days": 74, "detections": 41,
        "records": 214_331,
    }  # fmt: skip
    return Coverage(**{**values, **change})


@pytest.fixture
def coverage() -> Callable[..., Coverage]:
    return _coverage


@pytest.fixture
def story() -> Digest:
    findings, incidents = join(_story(), day=DAY)
    coverage = _coverage(
        failures=(Failure("truncated gzip", 2, DAY, ("trail/AWSLogs/x.json.gz",)),),
        silent=(Silence(DEV, "dev", "eu-west-1", 9, 10),),
        unable=(Unable("off-network", "no networks are declared"), Unable("odd", "Binder Error", failed=True)),
        late_events=12, young_identities=2,
    )  # fmt: skip
    quiet = [_finding("q1", "spray", "Failed sign-ins for 9 users from 198.51.100.9", "medium", _at(4, days=-2), _at(5, days=-2),
                      person="", principal="", evidence={"since": "2026-01-03"}, practices=("password-policy",))]  # fmt: skip
    return assemble(
        day=DAY, made_at=datetime(2026, 1, 6, 3, tzinfo=UTC), coverage=coverage, findings=findings, incidents=incidents,
        quiet=quiet, detections=RULES, versions={"events": 12}, config=CONFIG,
    )  # fmt: skip


@pytest.fixture
def quiet_day() -> Digest:
    return assemble(day=DAY, made_at=datetime(2026, 1, 6, 3, tzinfo=UTC), coverage=_coverage(), findings=[],
                    detections=RULES, config=CONFIG)  # fmt: skip


@pytest.fixture
def blind_day() -> Digest:
    coverage = _coverage(
        events=0,
        complete_until=None,
        behind=True,
        day_complete=False,
        accounts=(),
        identities=0,
        objects={"listed": 0, "read": 0, "failed": 0, "changed": 0},
        history_days=0,
    )
    return assemble(
        day=DAY, made_at=datetime(2026, 1, 6, 3, tzinfo=UTC), coverage=coverage, findings=[], detections=RULES
    )
