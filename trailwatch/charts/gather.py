"""Counts what the charts of several identities need, in one pass over a window of the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from trailwatch.charts.material import Day, Hour, Material, Session, Use
from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.profile import baseline
from trailwatch.store.tables import Store

WINDOW = 60
MOST_SESSIONS = 40
Identity = tuple[str, str]  # kind (person, principal) and name


def gather(
    store: Store, identities: Iterable[Identity], *, day: date, config: Config | None = None, window: int = WINDOW
) -> dict[str, Material]:
    """Return, by name, what the charts of identities show of the days up to a day."""
    asked = list(dict.fromkeys(identities))
    start = day - timedelta(days=window - 1)
    if not asked:
        return {}
    with Engine() as engine:
        engine.table("pictured", pa.table({
            "kind": pa.array([kind for kind, _ in asked], pa.string()),
            "name": pa.array([name for _, name in asked], pa.string()),
        }))  # fmt: skip
        store.show(engine, "activity", days=(start, day))
        store.show(engine, "seen", days=(date.min, day))
        store.show(engine, "sessions", days=(day - timedelta(days=2), day))
        counts = _by_name(engine.relation("chart_days", start=start, day=day))
        uses = _by_name(engine.relation("chart_uses", start=start, day=day))
        sessions = _by_name(engine.relation("chart_sessions", day=day, most=MOST_SESSIONS))
    zones = baseline.zones(config or Config())
    found = {}
    for kind, name in asked:
        zone = _zone(zones, name)
        found[name] = Material(
            name, kind, day, start, zone,
            days=_days(counts[name]), hours=_hours(counts[name], zone, day),
            uses=tuple(Use(row["dimension"], row["value"], row["first"], tuple(row["days"])) for row in uses[name]),
            sessions=tuple(
                Session(row["credential"], row["parent"], row["kind"], row["principal"], row["session_name"],
                        row["first_time"], row["last_time"], row["events"])
                for row in sessions[name]
            ),
        )  # fmt: skip
    return found


def _by_name(rows: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        found[row["name"]].append(row)
    return found


def _zone(zones: Mapping[str, str], name: str) -> str:
    fits = [pattern for pattern in zones if fnmatchcase(name.lower(), pattern.lower())]
    return zones[max(fits, key=len)] if fits else "UTC"


def _days(rows: Iterable[Mapping[str, Any]]) -> tuple[Day, ...]:
    events: dict[date, list[int]] = {}
    for row in rows:
        of_day = events.setdefault(row["dt"], [0, 0])
        of_day[0] += row["events"]
        of_day[1] += row["refused"]
    return tuple(Day(day, *counts) for day, counts in sorted(events.items()))


def _hours(rows: Iterable[Mapping[str, Any]], zone: str, marked: date) -> tuple[Hour, ...]:
    there: dict[int, set[date]] = defaultdict(set)
    for row in rows:
        if row["present"]:
            # Half past: the middle of an hour stays in its hour in zones at odd half hours.
            moment = datetime.combine(row["dt"], time(row["hour"], 30), UTC).astimezone(ZoneInfo(zone))
            there[moment.weekday() * 24 + moment.hour].add(row["dt"])
    return tuple(Hour(slot, len(days), marked in days) for slot, days in sorted(there.items()))
