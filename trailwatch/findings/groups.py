"""Hits of one detection that are one act: the events behind them, and what these have in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.finding import Top

Row = Mapping[str, Any]
KEPT_EVENTS, TOP = 1000, 5

_COLUMNS = (
    "event_id", "event_time", "dt", "account", "account_name", "principal", "principal_id", "person", "credential",
    "long_term_key", "session_root", "shared_event_id", "issued_key", "identity_type", "origin", "outcome", "address",
    "ip", "ip_kind", "source_ip", "vpc_endpoint_id", "client", "aws_region", "action", "event_source", "event_name",
    "target", "target_user", "role", "shift", "time_zone", "network", "network_rule", "history", "days_known",
    "error_code", "parent_principal", "user_name", "session_name",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """The hits of one detection that share the key that the detection groups by."""

    rule: Detection
    key: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]  # the events, by time
    evidence: Mapping[str, Any]

    def values(self, column: str) -> list[str]:
        """Return the distinct non-empty values of a column, in order of time."""
        return list(dict.fromkeys(str(row[column]) for row in self.rows if row.get(column) not in (None, "")))

    def only(self, column: str) -> str:
        """Return the value that all events share, '' if they differ."""
        found = {str(row.get(column) or "") for row in self.rows}
        return found.pop() if len(found) == 1 else ""

    def top(self, column: str) -> tuple[Top, ...]:
        """Return the five most frequent non-empty values with their counts."""
        counts = Counter(str(row[column]) for row in self.rows if row.get(column) not in (None, ""))
        ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return tuple(Top(value, count) for value, count in ranked[:TOP])

    @property
    def first(self) -> datetime:
        """When the first event happened."""
        return self.rows[0]["event_time"]  # type: ignore[no-any-return]

    @property
    def last(self) -> datetime:
        """When the last event happened."""
        return self.rows[-1]["event_time"]  # type: ignore[no-any-return]


def read_events(engine: Engine, hits: pa.Table, *, more: Iterable[str] = ()) -> dict[str, Row]:
    """Return the events behind hits by id, with the columns that findings show and `more`."""
    engine.table("hits", hits.select(["event_id"]))
    wanted = sorted({*_COLUMNS, *more})
    return {row["event_id"]: row for row in engine.relation("hit_events", wanted=wanted).to_pylist()}


def group(hits: pa.Table, rules: Mapping[str, Detection], events: Mapping[str, Row]) -> Iterator[Group]:
    """Yield one group per detection and key, in a stable order; a hit without its event keeps its own columns."""
    gathered: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, tuple[Row, str]]] = {}
    for hit in hits.to_pylist():
        rule = rules[hit["detection"]]
        row = events.get(hit["event_id"])
        if row is None:
            # Only a detection's own query can name an event outside the scope; without a time it is no evidence.
            continue
        key = tuple((name, str(_first(row.get(name), hit.get(name)))) for name in _keys(rule))
        gathered.setdefault((rule.id, key), {}).setdefault(row["event_id"], (row, hit.get("evidence") or ""))
    for (detection, key), found in sorted(gathered.items()):
        entries = sorted(found.values(), key=lambda entry: (entry[0]["event_time"], entry[0]["event_id"]))
        rows = tuple(row for row, _ in entries)
        yield Group(rules[detection], key, rows, merged(text for _, text in entries))


def unknown_events(hits: pa.Table, events: Mapping[str, Row]) -> dict[str, int]:
    """Return, per detection, how many hits name an event that is not in scope."""
    missing = Counter(hit["detection"] for hit in hits.to_pylist() if hit["event_id"] not in events)
    return dict(missing)


def merged(texts: Iterable[str]) -> dict[str, Any]:
    """Return the evidence of several hits as one: the largest number, else the first value, of each key."""
    result: dict[str, Any] = {}
    for text in dict.fromkeys(texts):
        for key, value in (json.loads(text) if text else {}).items():
            if value is None:
                continue
            before = result.get(key)
            if before is None or (_number(value) and _number(before) and value > before):
                result[key] = value
    return result


def _keys(rule: Detection) -> list[str]:
    keys = [name for name in (rule.count.by if rule.count else rule.by) if name != "account"]
    # A person signs in through one account and works in another: that is still one act.
    return keys if "who" in keys else ["account", *keys]


def _first(*values: object) -> object:
    return next((value for value in values if value not in (None, "")), "")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
