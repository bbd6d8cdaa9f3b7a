"""The daily tidying: files that no reader and no digest wants any more, at most once a day."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from trailwatch.engine import Engine
from trailwatch.ingest.collect import FORGOTTEN
from trailwatch.store.retention import Vacuumed, vacuum
from trailwatch.store.tables import Store

DIGESTS = 7  # so many can be made again exactly
_TIDIED = "tidied"
_EVERY = timedelta(hours=20)


def tidy(store: Store, *, now: datetime) -> Vacuumed | None:
    """Take files away that nobody wants; None where that was done within the last day."""
    last = store.marked(_TIDIED)
    if last is not None and now - last < _EVERY:
        return None
    done = clean(store)
    store.mark(_TIDIED, now)
    return done


def clean(store: Store, *, dry_run: bool = False) -> Vacuumed:
    """Take away what no version of the last seven days, nor one of the last seven digests, holds."""
    horizon = horizon_of(store)

    def held(_table: str, path: str) -> bool:
        # What was forgotten is not kept for a digest: none of the last ones reads days so far back.
        day = path.partition("=")[2][:10] if path.startswith(("dt=", "month=")) else ""
        return not (day and horizon and day < horizon.replace(day=1).isoformat())

    return vacuum(store, pinned=pinned(store), held=held, dry_run=dry_run)


def pinned(store: Store) -> list[dict[str, int]]:
    """Return the versions of the tables that the last digests read."""
    with Engine() as engine:
        store.show(engine, "digests")
        rows = engine.rows(
            "select arg_max(versions, (made_at, run)) from digests group by dt order by dt desc limit $count",
            count=DIGESTS,
        )
    return [json.loads(versions) for (versions,) in rows]


def digest_days(store: Store) -> list[date]:
    """Return the days of the last digests, the oldest first."""
    return sorted({key[0] for key in store.partitions("digests")})[-DIGESTS:]


def horizon_of(store: Store) -> date | None:
    """Return the day before which events were forgotten."""
    mark = store.marked(FORGOTTEN)
    return None if mark is None else mark.date()
