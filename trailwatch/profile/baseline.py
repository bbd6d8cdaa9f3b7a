"""What is normal for each identity before a day: rhythm, hours, amounts, class and peers, never read from events.

All relations stand on `activity_window` (the days before) and `seen` (all history).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.store.tables import Store

WINDOW = 90
RELATIONS = ("used_days", "rhythm", "time_zones", "habits", "classes", "peers", "daily", "usual")
"""In the order in which they are made: later ones read earlier ones."""
JUDGING = RELATIONS[:6]
"""What detections and the model read; the others only describe."""


def show(store: Store, engine: Engine, *, day: date, window: int = WINDOW) -> None:
    """Make `activity_window` (the window before the day, and the day) and `seen` visible in an engine.

    A user or role that was deleted and made again under its old name is another one: it starts without history.
    """
    store.show(engine, "activity", days=(day - timedelta(days=window), day), name="activity_files")
    store.show(engine, "seen", days=(date.min, day), name="seen_files")
    engine.build("formers", day=day)
    for name, relation in (("activity_window", "activity_now"), ("seen", "seen_now")):
        engine.view(name, relation=relation)


def build(
    engine: Engine,
    *,
    day: date,
    zones: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
    relations: Iterable[str] = RELATIONS,
) -> None:
    """Make the relations of the baseline of a day as tables; zones and classes are by shell glob, longest wins."""
    _declare(engine, "zone_patterns", "time_zone", zones or {})
    _declare(engine, "declared_classes", "class", classes or {})
    wanted = set(relations)
    for name in RELATIONS:
        if name in wanted:
            if name in ("used_days", "time_zones", "usual"):
                engine.build(name)
            else:
                engine.build(name, day=day)


def zones(config: Config) -> dict[str, str]:
    """Return pattern → time zone for the people, groups and principals of a configuration."""
    found: dict[str, str] = {}
    for group in config.groups.values():
        found |= {member.lower(): group.time_zone for member in group.members if group.time_zone}
    for name, person in config.people.items():
        found |= {known.lower(): person.time_zone for known in (name, *person.aliases) if person.time_zone}
    return found | {pattern: principal.time_zone for pattern, principal in config.principals.items()
                    if principal.time_zone}  # fmt: skip


def classes(config: Config) -> dict[str, str]:
    """Return pattern → class for the principals of a configuration."""
    found = dict.fromkeys(config.automation.principals, "pipeline")
    return found | {pattern: kind for pattern, principal in config.principals.items()
                    if (kind := principal.class_)}  # fmt: skip


def _declare(engine: Engine, table: str, column: str, values: Mapping[str, str]) -> None:
    rows = pa.table({"pattern": pa.array(values.keys(), pa.string()), column: pa.array(values.values(), pa.string())})
    engine.table(table, rows)
