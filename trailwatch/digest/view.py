"""What one digest looks at, made visible in an engine: its events, their sessions, and the history before its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.findings.reading import Reading
from trailwatch.profile import baseline
from trailwatch.profile.sessions import alias_table
from trailwatch.store.schema import IDENTITY_DAYS, SESSIONS, TIME
from trailwatch.store.tables import Store

LEAD = timedelta(hours=1)  # a count may begin this long before the day
SESSION_DAYS = timedelta(days=2)  # a temporary credential lives up to 36 hours
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


def show(store: Store, engine: Engine, reading: Reading, config: Config) -> pa.Table:
    """Make `attributed`, `activity`, `identity_days` and `seen` visible; return the ids of the events to report."""
    _show_events(store, engine, reading)
    _show_sessions(store, engine, reading)
    engine.view("events")
    engine.build("links")
    engine.table("aliases", alias_table(config.aliases()))
    engine.view("attributed")
    window = max(config.model.window_days, baseline.WINDOW)
    baseline.show(store, engine, day=reading.day, window=window)
    engine.execute("create or replace view activity as from activity_window")
    days = (reading.day - timedelta(days=window), reading.day)
    store.show(engine, IDENTITY_DAYS.name, days=days)
    return engine.relation("reported_events")


def narrowed(store: Store, reading: Reading) -> Reading:
    """Return the reading with those late spans only that hold events.

    Only the column of ingestion times is read for it, so that a digest does not read the events of a month again.
    """
    if not reading.late:
        return reading
    first, last = min(span.day for span in reading.late), max(span.day for span in reading.late)
    with Engine() as engine:
        store.show(engine, "events", days=(first, last), name="stored_events")
        _spans(engine, [(span.day, span.after, span.until) for span in reading.late])
        held = set(engine.rows("select s.dt, s.until from reported_spans s semi join stored_events e "
                               "on e.dt = s.dt and e.ingested_at > s.after and e.ingested_at <= s.until"))  # fmt: skip
    return replace(reading, late=tuple(span for span in reading.late if (span.day, span.until) in held))


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
    engine.build("raw_events", relation="spanned_events")
    _spans(engine, [(reading.day, _EARLIEST, reading.until), *((s.day, s.after, s.until) for s in reading.late)])


def _spans(engine: Engine, spans: Sequence[tuple[date, datetime, datetime]]) -> None:
    engine.table("reported_spans", pa.table({
        "dt": pa.array([span[0] for span in spans], pa.date32()),
        "after": pa.array([span[1] for span in spans], TIME),
        "until": pa.array([span[2] for span in spans], TIME),
    }))  # fmt: skip


def _show_sessions(store: Store, engine: Engine, reading: Reading) -> None:
    days = {reading.day, *(span.day for span in reading.late)}
    wanted = {day - back * timedelta(days=1) for day in days for back in range(SESSION_DAYS.days + 1)}
    store.show(engine, SESSIONS.name, days=(min(wanted), max(wanted)), name="all_sessions")
    engine.table("session_days", pa.table({"dt": pa.array(sorted(wanted), pa.date32())}))
    engine.execute("create or replace view sessions_window as from all_sessions semi join session_days using (dt)")
