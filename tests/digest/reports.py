"""A week's practice report with findings of both sides, in three accounts of which one has no exports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from trailwatch.config import Config, Organization
from trailwatch.detect.detection import Detection
from trailwatch.digest.coverage import AccountSeen, Coverage, Unable
from trailwatch.digest.page import Digest, assemble
from trailwatch.digest.report import Before
from trailwatch.finding import Finding, Top

DAY, WEEK_AGO = date(2026, 1, 5), date(2025, 12, 29)
PROD, DEV, BARE = "111122223333", "444455556666", "777788889999"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
CONFIG = Config(organization=Organization(accounts={PROD: "prod", DEV: "dev", BARE: "bare"}))


def rule(id: str, *practices: str, posture: bool = False, cis: tuple[str, ...] = ()) -> Detection:
    shape: dict[str, Any] = {"snapshot": "select 1"} if posture else {"where": "true"}
    return Detection(id=id, title="", severity="medium", practices=practices, cis=cis, **shape)


RULES = (
    rule("root-used", "root-use", cis=("4.3",)), rule("root-last-used", "root-use", posture=True),
    rule("key-old", "rotation", posture=True), rule("key-old-used", "rotation"),
    rule("inline-written", "managed-policies", cis=("4.4",)), rule("inline-there", "managed-policies", posture=True),
    rule("objects-read", "least-privilege", cis=("4.8",)), rule("admin-granted", "least-privilege", cis=("4.4",)),
    rule("off-hours", "shifts"), rule("off-network", "networks"), rule("unreviewed", "permission-review", posture=True),
    rule("trail-stopped", "monitoring", cis=("4.5",)),
)  # fmt: skip
CHECKS = tuple(one.id for one in RULES if one.snapshot)


def finding(id: str, detection: str, *practices: str, **change: Any) -> Finding:
    values: dict[str, Any] = {
        "id": id, "detection": detection, "detection_version": "1", "kind": "activity", "title": f"Title of {id}",
        "severity": "medium", "severity_parts": {"impact": 3.0, "novelty": 1.0, "product": 3.0}, "score": 3.0,
        "account": PROD, "principal": f"{PROD}/user/alice", "person": "alice", "first_time": NOON, "last_time": NOON,
        "count": 1, "event_ids": (f"{id}-1",), "practices": practices, "next": f"Do something about {id}.",
    }  # fmt: skip
    return Finding(**{**values, **change})


def configured(id: str, detection: str, *practices: str, **change: Any) -> Finding:
    return finding(id, detection, *practices, **{"kind": "posture", "count": 0, "event_ids": (), **change})


FINDINGS = (
    finding("a1", "inline-written", "managed-policies", evidence={"since": "2026-01-02"}),
    configured("p1", "inline-there", "managed-policies", severity="low", person="bob", principal=f"{PROD}/user/bob"),
    configured("p2", "inline-there", "managed-policies", account=DEV, person="", principal=f"{DEV}/role/deploy", severity="high"),
    configured("p3", "unreviewed", "permission-review", principal="", person=""),
    finding("a2", "admin-granted", "least-privilege", severity="critical", account="", principal=f"{DEV}/role/admin", person="eve",
            evidence={"also": [{"id": "x", "detection": "trail-stopped", "title": "t", "severity": "high"}]}),
    finding("i1", "trail-stopped", "monitoring", severity="info"),
    finding("s1", "off-hours", "shifts", suppressed_by="on call (carol, until 2026-03-31)"),
    finding("e1", "off-network", "networks", status="ended"),
    finding("n1", "spray", "password-policy", principal="", person="", addresses=(Top("203.0.113.7", 9),)),
)  # fmt: skip


def coverage(**change: Any) -> Coverage:
    values: dict[str, Any] = {
        "events": 1000, "day_complete": True, "identities": 9,
        "accounts": (AccountSeen(PROD, "prod", 900, 1, NOON), AccountSeen(DEV, "dev", 100, 1, NOON),
                     AccountSeen(BARE, "bare", 0, 1, NOON)),
        "unable": (Unable("objects-read", "no data events are in these logs"),),
    }  # fmt: skip
    return Coverage(**{**values, **change})


def answers(*accounts: str, missing: str = "no export of credential-report") -> dict[tuple[str, str], str]:
    return {
        (account, check): "" if account in accounts else missing for account in (PROD, DEV, BARE) for check in CHECKS
    }


def page(**change: Any) -> Digest:
    values: dict[str, Any] = {
        "day": DAY, "made_at": NOON, "coverage": coverage(), "findings": FINDINGS, "detections": RULES, "config": CONFIG,
        "posture": answers(PROD, DEV),
        "before": Before(WEEK_AGO, {("managed-policies", ""): 1, ("managed-policies", PROD): 1, ("rotation", ""): 4}),
    }  # fmt: skip
    return assemble(**{**values, **change})
