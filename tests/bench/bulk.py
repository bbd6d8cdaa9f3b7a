"""A settled store of many events made in bulk: three simulated days, ingested and settled, then copied block by block.

Each block lies three days later, with ids and temporary keys of its own, so that its sessions hang together as the
simulated ones do. Delta tables and files are those that ingest and settle write.

    python tests/bench/bulk.py FOLDER EVENTS [DAYS]
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import msgspec
from isal import igzip

from trailwatch.engine import Engine
from trailwatch.ingest.collect import ingest
from trailwatch.profile.crew import Job
from trailwatch.profile.settle import settle
from trailwatch.profile.stages import months_made_of, moved
from trailwatch.simulate import stream
from trailwatch.store.address import Address
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

FIRST = date(2026, 3, 3)
DAYS, BASE = 90, 3
A_DAY = 236  # simulated events of a working day at scale 1
_ONCE = "regexp_replace({0}, 'ASIA([A-Z0-9]{{14}})[A-Z0-9]{{2}}', 'ASIA\\1' || $suffix, 'g')"
_TIMES = ("event_time", "ingested_at", "issued_time", "first_time", "last_time")
_KEYS = ("access_key_id", "response", "credential", "parent_credential")
_DATED = ("session_created", "credential", "parent_credential")


def bulk(folder: Path, events: int, *, days: int = DAYS) -> Store:
    """Return a settled store of about so many events over days that BASE divides."""
    base = _base(folder / "base", scale(events / days))
    store = Store.open(str(folder / "store"), create=True)
    for block in range(days // BASE):
        with Engine(threads=2, memory="4GB") as engine:
            for table in ("events", "sessions", "activity", "identity_days"):
                base.show(engine, table)
                for day in range(BASE):
                    rows = engine.query(
                        _copy(table, block), block=block, suffix=f"{block:02d}", dt=FIRST + timedelta(day)
                    )
                    store.append(table, rows.select(TABLES[table].columns.names).cast(TABLES[table].columns))
    _seen(store)
    remember(store)
    return store


def remember(store: Store) -> None:
    """Let a store know that it is settled, as settle does after it made all of this."""
    with Job(Address(store.uri), {}, None, "2GB").bench(store) as bench:
        files = store.partitions("events")
        bench.past.remember("sessions", {key: bench.sessions_inputs(files, key) for key in files})
        inputs = moved(bench, files, files, version=store.version("sessions"))
        bench.past.remember("activity", {key: f"{made}/" for key, made in inputs.items()})
        months = months_made_of(bench, store.version("activity"))
        bench.past.remember("seen", {(month, 0): made for month, made in months.items()})
    done = settle(store)
    assert not done.sessions_made
    assert not done.activity_made


def scale(a_day: float) -> float:
    """Return the scale at which the simulator makes about so many events on a working day."""
    return max(1.0, a_day / A_DAY)


def logs(folder: Path, *, days: int, start: date, scale: float) -> Path:
    """Write the objects of simulated days of the same organization."""
    for key, records in stream(days=days, start=start, scale=scale, story=False):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(igzip.compress(msgspec.json.encode({"Records": records}), 1))
    return folder


def _base(folder: Path, scale: float) -> Store:
    read = logs(folder / "logs", days=BASE, start=FIRST, scale=scale)
    store = Store.open(str(folder / "store"), create=True)
    ingest(store, str(read))
    settle(store)
    return store


def _copy(table: str, block: int) -> str:
    shift = f"(3 * {block})"
    changed = []
    for column in TABLES[table].columns.names:
        text = column
        if column in _TIMES:
            text = f"{column} + to_days{shift}"
        elif column == "dt":
            text = f"dt + {shift}"
        elif column in ("event_id", "issued_event_id"):
            text = f"case when {column} <> '' then $suffix || {column}[3:] else {column} end"
        if column in _DATED:
            for back in reversed(range(-1, BASE + 1)):
                day = FIRST + timedelta(back)
                text = f"replace({text}, '{day}T', '{day + timedelta(3 * block)}T')"
        if column in _KEYS:
            text = f"case when contains({column}, 'ASIA') then {_ONCE.format(text)} else {text} end"
        if text != column:
            changed.append(f"{text} as {column}")
    return f"select * replace ({', '.join(changed)}) from {table} where dt = $dt and $block >= 0 and $suffix <> ''"


def _seen(store: Store) -> None:
    for month in sorted({key[0].replace(day=1) for key in store.partitions("activity")}):
        with Engine(threads=2, memory="4GB", temporary=Path(store.uri)) as engine:
            store.show(engine, "activity", days=(month, month.replace(day=28) + timedelta(3)))
            rows = engine.query(f"from ({_seen_text()}) where month = $month", month=month)
            store.append("seen", rows.select(TABLES["seen"].columns.names).cast(TABLES["seen"].columns))


def _seen_text() -> str:
    from trailwatch.engine import relation_text

    return relation_text("seen")


if __name__ == "__main__":
    bulk(Path(sys.argv[1]), int(sys.argv[2]), days=int((sys.argv[3:] or [DAYS])[0]))
