"""Findings and incidents as JSON and as rows of their tables, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.finding import Finding, Incident
from trailwatch.store.schema import FINDINGS, INCIDENTS


def finding_body(finding: Finding) -> str:
    """Return a finding as JSON text, the form in which tables and digests keep it."""
    return msgspec.json.encode(finding, order="deterministic").decode()


def incident_body(incident: Incident) -> str:
    """Return an incident as JSON text."""
    return msgspec.json.encode(incident, order="deterministic").decode()


def read_finding(body: str) -> Finding:
    """Return the finding that a body holds."""
    return msgspec.json.decode(body, type=Finding)


def read_incident(body: str) -> Incident:
    """Return the incident that a body holds."""
    return msgspec.json.decode(body, type=Incident)


def finding_rows(findings: Iterable[Finding], *, day: date, run: str) -> pa.Table:
    """Return rows of the table `findings` for one day."""
    rows: list[dict[str, Any]] = [
        {
            "dt": day,
            **{name: getattr(finding, name) for name in _SHARED},
            "event_ids": list(finding.event_ids),
            "body": finding_body(finding),
            "run": run,
        }
        for finding in findings
    ]
    return pa.Table.from_pylist(rows, schema=FINDINGS.columns)


def incident_rows(incidents: Iterable[Incident], *, day: date, run: str) -> pa.Table:
    """Return rows of the table `incidents` for one day."""
    rows: list[dict[str, Any]] = [
        {
            "dt": day,
            "id": incident.id,
            "title": incident.title,
            "severity": incident.severity,
            "status": incident.status,
            "first_time": incident.first_time,
            "last_time": incident.last_time,
            "findings": list(incident.findings),
            "body": incident_body(incident),
            "run": run,
        }
        for incident in incidents
    ]
    return pa.Table.from_pylist(rows, schema=INCIDENTS.columns)


_SHARED = (
    "id", "detection", "detection_version", "kind", "title", "severity", "status", "suppressed_by", "late",
    "account", "principal", "person", "first_time", "last_time", "count", "incident",
)  # fmt: skip
