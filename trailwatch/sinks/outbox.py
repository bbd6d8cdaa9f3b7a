"""What each sink got and still has to get: the table `sent`, which is the memory that makes a repetition exact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pyarrow as pa

from trailwatch.config.sinks import Sink
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.findings.reading import LATE_DAYS
from trailwatch.findings.records import read_finding
from trailwatch.sinks.notice import TOLD, Notice
from trailwatch.store.schema import SENT
from trailwatch.store.tables import Store

MOST = 2000  # notices of one sink in one run; the rest follows in the next


def since(store: Store, sink: str) -> date | None:
    """Return the day from which on a sink is told, None where it was never asked."""
    with Engine() as engine:
        store.show(engine, "sent")
        (found,) = engine.rows("select max(dt) from sent where sink = $sink and state = 'began'", sink=sink)[0]
    return found if isinstance(found, date) else None


def begin(store: Store, sink: str, *, now: datetime) -> date | None:
    """Return the day from which on a sink is told; a new one begins with the newest complete day, not with the past."""
    known = since(store, sink)
    found = known or first(store)
    if found and not known:
        _write(store, [_row(found, sink, "began", now)])
    return found


def first(store: Store) -> date | None:
    """Return the day that a new sink begins with."""
    with Engine() as engine:
        store.show(engine, "digests")
        (found,) = engine.rows("select coalesce(max(dt) filter (complete), max(dt)) from digests")[0]
    return found if isinstance(found, date) else None


def waiting(store: Store, name: str, sink: Sink, *, start: date) -> list[Notice]:
    """Return what a sink still has to get, the oldest first."""
    with Engine() as engine:
        store.show(engine, "findings", days=(start, date.max))
        store.show(engine, "sent", days=(start, date.max))
        rows = engine.relation("outbox", sink=name, since=start, statuses=list(TOLD)).to_pylist()
    found = (Notice(row["dt"], read_finding(row["body"])) for row in rows)
    return [one for one in found if _wanted(one, sink)]


def note(
    store: Store, sink: str, notices: Iterable[Notice], *, now: datetime, state: str = "sent", why: str = ""
) -> None:
    """Write down that notices were sent, or that a sink failed on them."""
    _write(store, [
        _row(one.day, sink, state, now, id=one.finding.id, status=one.finding.status, severity=one.finding.severity, note=why)
        for one in notices
    ])  # fmt: skip


def forward(store: Store, sink: str, *, start: date, now: datetime) -> None:
    """Look no further back than digests can still change, once a sink has got everything."""
    days = [key[0] for key in store.partitions("digests")]
    reach = max(days) - timedelta(days=LATE_DAYS + 1) if days else start
    if reach - start > timedelta(days=LATE_DAYS):
        _write(store, [_row(reach, sink, "began", now)])


def _wanted(notice: Notice, sink: Sink) -> bool:
    account = notice.finding.account or notice.finding.principal.partition("/")[0]
    return rank(notice.finding.severity) >= rank(sink.severity) and (not sink.accounts or account in sink.accounts)


def _row(day: date, sink: str, state: str, now: datetime, **more: str) -> dict[str, object]:
    return {
        "dt": day,
        "sink": sink,
        "state": state,
        "sent_at": now,
        "id": "",
        "status": "",
        "severity": "",
        "note": "",
        **more,
    }


def _write(store: Store, rows: list[dict[str, object]]) -> None:
    store.append("sent", pa.Table.from_pylist(rows, schema=SENT.columns))
