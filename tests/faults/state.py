"""What a store holds, in a form in which two stores can be compared."""

from __future__ import annotations

from typing import Any

import trailwatch as tw
from trailwatch.engine import Engine

ASKED = {
    "events": "select event_id, count(*), min(event_time), min(principal) from events group by event_id order by all",
    "activity": "select * exclude (event_id) from activity order by all",
    "seen": "select * from seen order by all",
}
# Of each object the newest row counts; where it came from differs between a folder and a bucket.
LEDGER = """
select regexp_extract(key, '[^/]+$') as name, arg_max(status, ingested_at), arg_max(records, ingested_at),
    arg_max(size, ingested_at)
from objects group by bucket, key order by all
"""


def state(trail: tw.Trail) -> dict[str, Any]:
    """Return the events, what settle made of them, and the ledger."""
    found: dict[str, Any] = {name: [tuple(row.values()) for row in trail.sql(sql)] for name, sql in ASKED.items()}
    found["ledger"] = ledger(trail)
    return found


def read(trail: tw.Trail) -> dict[str, Any]:
    """Return which events came and the ledger: what settle would make of them follows."""
    with Engine() as engine:
        trail.store.show(engine, "events")
        ids = [id for (id,) in engine.rows("select distinct event_id from events order by all")]
    return {"ids": ids, "ledger": ledger(trail)}


def ledger(trail: tw.Trail) -> list[tuple[Any, ...]]:
    """Return each object with its status, records and size."""
    with Engine() as engine:
        trail.store.show(engine, "objects")
        return engine.rows(LEDGER)
