"""The views that people ask in SQL: events with their meaning, activity, sessions, findings, and every table as it is."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine, relation_text
from trailwatch.errors import ConfigError
from trailwatch.finding import Finding
from trailwatch.findings.records import read_finding
from trailwatch.investigate.guard import memory_within
from trailwatch.profile import sessions
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store
from trailwatch.window import Window

REACH = timedelta(days=2)
MEMORY = "4GB"


def ask(
    store: Store,
    query: str,
    *,
    config: Config,
    window: Window | None = None,
    seconds: float = 60.0,
    memory: str = MEMORY,
) -> pa.Table:
    """Run one SELECT of a person over the views, locked to the files of this store and stopped after `seconds`."""
    asked = set(re.findall(r"[a-z_]+", query.lower()))
    most = amount(memory)
    # What does not fit into memory fails: nothing of a question is written to a disk.
    with Engine(memory=memory, spill=False) as engine:
        files = show(store, engine, config=config, window=window, attributed=bool(asked & {"events", "attributed"}))
        engine.lock(files)
        with memory_within(most):
            return engine.ask(query, seconds=seconds, most=most)


def amount(memory: str) -> int:
    """Return an amount of memory, such as 4GB, in bytes."""
    found = re.fullmatch(r"(\d{1,6})\s?([KMGT]?)(i?)B", memory)
    if not found:
        raise ConfigError(f"{memory!r} is no amount of memory", where="--memory", hint="4GB")
    unit: int = (1024 if found[3] else 1000) ** " KMGT".index(found[2] or " ")
    return int(found[1]) * unit


def finding(store: Store, id: str) -> Finding | None:
    """Return the newest telling of a finding, None where no digest holds it."""
    with Engine() as engine:
        store.show(engine, "findings")
        rows = engine.rows("select body from findings where id = $id order by dt desc limit 1", id=id)
    return read_finding(rows[0][0]) if rows else None


def show(
    store: Store, engine: Engine, *, config: Config, window: Window | None = None, attributed: bool = True
) -> list[str]:
    """Make every table of a store visible, `events` with its meaning and persons; return the files behind them."""
    days = window.days() if window else None
    files: list[str] = []
    for name, layout in TABLES.items():
        span = days if layout.partitions[:1] == ("dt",) else None
        if span and name == "sessions" and span[0] - date.min > REACH:
            # Whoever stands behind an event may have signed in on a day before the window.
            span = (span[0] - REACH, span[1])
        found = store.files(name, days=span)
        engine.files("raw_events" if name == "events" else name, found, layout.columns, partitions=layout.partitions)
        files += found
    # People ask `events` and get who was behind them; the views beneath keep reading what one record says.
    engine.execute("create schema people")
    engine.execute("create view people.findings as " + relation_text("people_findings"))
    if attributed:
        sessions.means(engine)
        engine.execute("create or replace view sessions_window as from sessions")
        sessions.attribute(engine, aliases=config.aliases())
        engine.execute("create view people.events as from main.attributed")
    engine.execute("set search_path = 'people,main'")
    return files
