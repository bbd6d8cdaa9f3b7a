"""Small relations in the form that the scan leaves behind: events in `scope`, and narrow hits."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.finding import Finding

DAY = date(2026, 1, 5)
MORNING = datetime(2026, 1, 5, 8, tzinfo=UTC)
ACCOUNT = "111122223333"
EVENT = {
    "event_id": "", "event_time": MORNING, "account": ACCOUNT, "account_name": "", "principal": f"{ACCOUNT}/user/alice",
    "principal_id": "AIDAEXAMPLE", "person": "alice", "credential": "ASIAEXAMPLEALICE", "long_term_key": "",
    "session_root": "ASIAEXAMPLEALICE", "shared_event_id": "", "issued_key": "", "identity_type": "IAMUser",
    "origin": "direct", "outcome": "ok", "address": "203.0.113.0/24", "ip": "203.0.113.7", "ip_kind": "public",
    "source_ip": "203.0.113.7", "vpc_endpoint_id": "", "client": "aws-cli/2 linux", "aws_region": "us-east-1",
    "action": "iam:CreateUser", "event_source": "iam.amazonaws.com", "event_name": "CreateUser", "target": "",
    "target_user": "", "role": "", "shift": "", "time_zone": "", "network": "", "network_rule": "", "history": True,
    "days_known": 60, "error_code": "", "parent_principal": "", "user_name": "alice", "session_name": "",
}  # fmt: skip
HITS = pa.schema([
    ("detection", pa.string()), ("event_id", pa.string()), ("account", pa.string()), ("principal", pa.string()),
    ("person", pa.string()), ("credential", pa.string()), ("evidence", pa.string()),
])  # fmt: skip


def _rule(name: str = "user-created", **change: Any) -> Detection:
    values = {"title": "{principal} created a user", "severity": "medium", "why": "New users are doors.",
              "version": "v1", "practices": ("least-privilege",), "where": "true", "attack": ("T1136.003",)}  # fmt: skip
    return Detection(id=name, **{**values, **change})


class Day:
    """The events and hits of a day, put together one by one."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.hits: list[dict[str, Any]] = []
        self.engine = Engine(threads=1)

    def event(self, *detections: str, minutes: float = 0, evidence: dict[str, Any] | None = None, **change: Any) -> str:
        event_id = change.pop("event_id", f"e{len(self.events):04}")
        row = {**EVENT, "event_time": MORNING + timedelta(minutes=minutes), **change, "event_id": event_id}
        row["dt"] = row["event_time"].date()
        self.events.append(row)
        for detection in detections:
            self.hits.append({**{key: row.get(key) for key in HITS.names}, "detection": detection,
                              "evidence": json.dumps(evidence or {})})  # fmt: skip
        return event_id

    def scope(self) -> pa.Table:
        self.engine.table("scope", pa.Table.from_pylist(self.events or [{**EVENT, "dt": DAY}]))
        return pa.Table.from_pylist(self.hits, schema=HITS)


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def rule() -> Callable[..., Detection]:
    return _rule


def _finding(name: str = "f1", **change: Any) -> Finding:
    values: dict[str, Any] = {
        "id": name, "detection": "user-created", "detection_version": "v1", "kind": "activity", "title": "A user was created",
        "severity": "medium", "severity_parts": {"impact": 3.0, "novelty": 1.0, "product": 3.0}, "score": 3.0,
        "account": ACCOUNT, "principal": f"{ACCOUNT}/user/alice", "person": "alice", "first_time": MORNING,
        "last_time": MORNING, "count": 1, "event_ids": (f"{name}-event",),
    }  # fmt: skip
    return Finding(**{**values, **change})


@pytest.fixture
def finding() -> Callable[..., Finding]:
    return _finding
