"""What a detection or the model reports, and the scale that it is reported on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SEVERITIES = ("info", "low", "medium", "high", "critical")
KINDS = ("activity", "posture", "anomaly", "coverage")
STATUSES = ("new", "risen", "ongoing", "reopened", "ended", "resolved")


def rank(severity: str) -> int:
    """Return the place of a severity on the scale, 0 for info to 4 for critical."""
    return SEVERITIES.index(severity)


@dataclass(frozen=True)
class Top:
    """A value that occurs in a finding, with how often."""

    value: str
    count: int


@dataclass(frozen=True)
class Finding:
    """One act of one identity that breaks a practice or is not normal, with its evidence."""

    id: str
    detection: str
    detection_version: str
    kind: str
    title: str
    severity: str
    severity_parts: Mapping[str, float]
    score: float
    account: str
    principal: str
    person: str
    first_time: datetime
    last_time: datetime
    count: int
    event_ids: tuple[str, ...]
    truncated: bool = False
    status: str = "new"
    suppressed_by: str = ""
    late: bool = False
    account_name: str = ""
    principal_id: str = ""
    credential: str = ""
    origin: str = ""
    outcome: str = ""
    actions: tuple[Top, ...] = ()
    addresses: tuple[Top, ...] = ()
    clients: tuple[Top, ...] = ()
    regions: tuple[Top, ...] = ()
    targets: tuple[Top, ...] = ()
    attack: tuple[str, ...] = ()
    tactic: str = ""
    practices: tuple[str, ...] = ()
    why: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    next: str = ""
    incident: str = ""


@dataclass(frozen=True)
class Incident:
    """One story: findings that belong to one session tree, person or address."""

    id: str
    title: str
    severity: str
    status: str
    accounts: tuple[str, ...]
    principals: tuple[str, ...]
    persons: tuple[str, ...]
    first_time: datetime
    last_time: datetime
    tactics: tuple[str, ...]
    findings: tuple[str, ...]
    timeline: tuple[Mapping[str, Any], ...] = ()
