"""Models kept in the store, one a week: a day's verdict does not depend on when its digest is made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.model.learnt import Learnt, dump, load, versions
from trailwatch.store.schema import MODELS
from trailwatch.store.tables import Store

KEPT = timedelta(weeks=10)


@dataclass(frozen=True)
class Kept:
    """A model of a week, and how many verdicts of the month before it would turn round, of how many."""

    week: date
    learnt: Learnt
    changed: int = 0
    of: int = 0


@dataclass(frozen=True)
class Shelf:
    """The models of a store."""

    store: Store

    def take(self, week: date, key: str) -> Kept | None:
        """Return the model of a week that was fitted in just this way."""
        return self._first("dt = $week and key = $key", week=week, key=key)

    def before(self, week: date) -> Kept | None:
        """Return the newest model of an earlier week, however it was fitted."""
        return self._first("dt < $week", week=week)

    def put(self, kept: Kept, key: str) -> None:
        """Keep a model, and let those go that nobody needs any more."""
        row = {
            "dt": kept.week, "key": key, "fitted_at": datetime.now(UTC), "data_hash": kept.learnt.hash,
            "versions": json.dumps(versions(), sort_keys=True), "rows": kept.learnt.rows, "days": kept.learnt.days,
            "changed": kept.changed, "of": kept.of, "body": dump(kept.learnt),
        }  # fmt: skip
        self.store.append("models", pa.Table.from_pylist([row], schema=MODELS.columns))
        oldest = kept.week - KEPT
        if any(day < oldest for (day,) in self.store.partitions("models")):
            self.store.replace("models", MODELS.columns.empty_table(), where=f"dt < '{oldest.isoformat()}'")

    def _first(self, where: str, **values: object) -> Kept | None:
        with Engine() as engine:
            self.store.show(engine, "models")
            rows = engine.rows(
                f'select dt, changed, "of", body from models where {where} order by dt desc, fitted_at limit 1',
                **values,
            )
        return Kept(rows[0][0], load(rows[0][3]), rows[0][1], rows[0][2]) if rows else None
