"""The days that still want a digest."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from trailwatch.digest import build
from trailwatch.digest.coverage import DELIVERY
from trailwatch.findings.reading import LATE_DAYS
from trailwatch.store.tables import Store


def due(store: Store, *, now: datetime) -> list[date]:
    """Return the days that the daily job makes a digest of, the oldest first.

    A first run begins with the newest complete day that has events; a later one goes on where the last complete
    digest ended, at most as far back as CloudTrail delivers.
    """
    today = now.astimezone(UTC).date()
    closed = today - timedelta(days=1 if now - datetime.combine(today, time(), UTC) >= DELIVERY else 2)
    days = {key[0] for key in store.partitions("events")}
    newest = max((day for day in days if day <= closed), default=closed)
    complete = [made.day for made in build.history(store) if made.complete]
    if not complete:
        return sorted({newest} | ({today} & days))
    first = max(max(complete) + timedelta(days=1), newest - timedelta(days=LATE_DAYS))
    missing = [first + timedelta(days=step) for step in range((closed - first).days + 1)]
    # Of days after the newest event there is nothing to tell but once that nothing came.
    told = [day for day in missing if day <= newest or day == closed]
    return told + sorted({today} & days)
