"""Findings and incidents from the digests that hold them: their tables say the same in another form."""

from __future__ import annotations

import msgspec

from trailwatch.digest.page import Digest
from trailwatch.engine import Engine
from trailwatch.findings.records import finding_rows, incident_rows
from trailwatch.store.tables import Store


def retell(store: Store) -> int:
    """Write the findings and incidents of each kept digest again where they differ; returns how many days were written."""
    with Engine() as engine:
        for table in ("digests", "findings", "incidents"):
            store.show(engine, table)
        pages = engine.rows(
            "select dt, run, body from digests qualify row_number() over (partition by dt order by made_at desc, run desc) = 1"
        )
        told = {day: set(ids) for day, ids in engine.rows("select dt, list(id) from findings group by dt")}
        joined = {day: set(ids) for day, ids in engine.rows("select dt, list(id) from incidents group by dt")}
    written = 0
    for day, run, body in pages:
        page = msgspec.json.decode(body, type=Digest)
        where = f"dt = '{day.isoformat()}'"
        stale = False
        if told.get(day, set()) != {one.id for one in page.findings}:
            store.replace("findings", finding_rows(page.findings, day=day, run=run), where=where)
            stale = True
        if joined.get(day, set()) != {one.id for one in page.incidents}:
            store.replace("incidents", incident_rows(page.incidents, day=day, run=run), where=where)
            stale = True
        written += stale
    return written
