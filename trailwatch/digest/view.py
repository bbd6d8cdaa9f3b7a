"""What one digest looks at, made visible in an engine: its events, their sessions, and the history before its day."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.findings.reading import Reading
from trailwatch.profile import baseline, sessions
from trailwatch.store.schema import IDENTITY_DAYS, SESSIONS, TIME
from trailwatch.store.tables import Store

LEAST = 1_000  # MB for the engine that a day is looked at in; what does not fit is worked on through the disk
LEAD = timedelta(hours=1)  # a count may begin this long before the day
SESSION_DAYS = timedelta(days=2)  # a temporary credential lives up to 36 hours


def show(store: Store, engine: Engine, reading: Reading, unread: pa.Table, config: Config) -> pa.Table:
    """Make `attributed`, `activity`, `identity_days` and `seen` visible; return the ids of the events to report."""
    _show_events(store, engine, reading)
    _show_sessions(store, engine, reading)
    sessions.means(engine)
    sessions.attribute(engine, aliases=config.aliases())
    window = max(config.model.window_days, baseline.WINDOW)
    baseline.show(store, engine, day=reading.day, window=window)
    engine.execute("create or replace view activity as from activity_window")
    days = (reading.day - timedelta(days=window), reading.day)
    store.show(engine, IDENTITY_DAYS.name, days=days)
    engine.table("unread", unread)
    return engine.relation("reported_events", day=reading.day)


def memory(store: Store, day: date) -> str:
    """Return how much memory the engine for a day gets: a kilobyte an event, and no more than most of the machine's."""
    found = store.partitions("events")
    events = sum(count for key, files in found.items() if key[0] == day for _, count in files)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 8 // 10
    return f"{min(max(LEAST, events // 1_000), machine // 10**6)}MB"


def narrowed(store: Store, reading: Reading, versions: Mapping[datetime, int]) -> tuple[Reading, pa.Table]:
    """Return the reading with those late spans only that hold events nobody has read, and the ids of these events.

    `versions` gives, for the end of each earlier reading, the version of `events` that it saw. What counts is what that
    version held, not the time of ingestion alone: an ingest at work beside a digest commits a little after its time.
    """
    spans, ids = [], []
    now = store.partitions("events")
    before: dict[int, dict[tuple[Any, ...], list[tuple[str, int]]]] = {}
    for span in reading.late:
        # A reading that was made again since has no version any more; then the time of ingestion has to do.
        version = versions.get(span.after)
        if version is not None and version not in before:
            before[version] = store.partitions("events", version=version)
        if version is not None and _files_of(now, span.day) == _files_of(before[version], span.day):
            continue
        with Engine() as engine:
            days = (span.day, span.day)
            store.show(engine, "events", days=days, name="stored_events")
            store.show(engine, "events", days=days, name="events_before", version=version)
            found = engine.relation("unread_events", after=span.after, until=span.until)
        if found.num_rows:
            spans.append(span)
            ids.append(found)
    empty = pa.table({"event_id": pa.array([], pa.string())})
    return replace(reading, late=tuple(spans)), pa.concat_tables([empty, *ids])


def _files_of(partitions: Mapping[tuple[Any, ...], list[tuple[str, int]]], day: date) -> set[str]:
    return {path for key, files in partitions.items() if key[0] == day for path, _ in files}


def _show_events(store: Store, engine: Engine, reading: Reading) -> None:
    start = datetime.combine(reading.day, time(), UTC)
    looked = {reading.day: start, reading.day - timedelta(days=1): start - LEAD}
    for span in reading.late:
        looked[span.day] = datetime.combine(span.day, time(), UTC)
    store.show(engine, "events", days=(min(looked), reading.day), name="stored_events")
    engine.table("looked_at", pa.table({
        "dt": pa.array(looked, pa.date32()),
        "since": pa.array(looked.values(), TIME),
        "until": pa.array([reading.until] * len(looked), TIME),
    }))  # fmt: skip
    [(events,)] = engine.rows("select count(*) from stored_events")
    if events <= sessions.FEW:
        engine.build("raw_events", relation="spanned_events")
    else:
        # Parquet hands over each distinct value once, and what it means is worked out once; a table hands over rows.
        engine.view("raw_events", relation="spanned_events")


def _show_sessions(store: Store, engine: Engine, reading: Reading) -> None:
    days = {reading.day, *(span.day for span in reading.late)}
    wanted = {day - back * timedelta(days=1) for day in days for back in range(SESSION_DAYS.days + 1)}
    store.show(engine, SESSIONS.name, days=(min(wanted), max(wanted)), name="all_sessions")
    engine.table("session_days", pa.table({"dt": pa.array(sorted(wanted), pa.date32())}))
    engine.execute("create or replace view sessions_window as from all_sessions semi join session_days using (dt)")
