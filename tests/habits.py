"""Rows of activity as a test needs them, and the baseline that is learned from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.profile import baseline
from trailwatch.store.schema import ACTIVITY

DAY = date(2026, 7, 1)
PLAIN: dict[str, Any] = {
    "shard": 0, "account": "111122223333", "principal": "111122223333/user/alice", "principal_id": "AIDAALICE00000000001",
    "person": "alice", "long_term_key": "", "identity_type": "IAMUser", "origin": "direct",
    "event_source": "ec2.amazonaws.com", "event_name": "DescribeInstances", "region": "eu-central-1",
    "address": "198.51.100.0/24", "client": "aws-cli/2 linux", "outcome": "ok", "read_only": True, "role": "",
    "events": 1, "event_id": "e",
}  # fmt: skip


def used(day: date | str, hour: int = 9, **changes: Any) -> dict[str, Any]:
    """One row of activity."""
    when = date.fromisoformat(day) if isinstance(day, str) else day
    time = datetime(when.year, when.month, when.day, hour, 30, tzinfo=UTC)
    return {**PLAIN, "dt": when, "hour": hour, "first_time": time, "last_time": time, **changes}


def days(first: str, count: int, step: int = 1) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=number * step) for number in range(count)]


def learned(rows: Iterable[dict[str, Any]], *, day: date = DAY, **options: Any) -> Engine:
    """An engine with the baseline of a day, as a store would give it."""
    engine = Engine(threads=1)
    table = pa.Table.from_pylist(list(rows), schema=ACTIVITY.columns)
    engine.table("activity", table)
    engine.table("seen", engine.relation("seen"))
    engine.table("activity_window", table)
    baseline.build(engine, day=day, **options)
    return engine


def rhythm(engine: Engine, kind: str, value: str) -> dict[str, Any] | None:
    rows = engine.query(
        "select * from rhythm where kind = $kind and value = $value", kind=kind, value=value
    ).to_pylist()
    return rows[0] if rows else None
