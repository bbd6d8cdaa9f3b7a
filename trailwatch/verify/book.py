"""The verdicts of a store: what is known already, and what is added."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.ingest import keys
from trailwatch.ingest.items import Item
from trailwatch.store.schema import VERDICTS
from trailwatch.store.tables import Store
from trailwatch.verify.vault import Days
from trailwatch.verify.verdict import Judged, Kind

_ROWS, _SECONDS = 20_000, 60.0  # between two commits
_KEPT = ("valid", "invalid", "missing", "moved", "unnamed", "gap")


class Known(NamedTuple):
    """The newest verdict on an object."""

    verdict: str
    etag: str
    size: int
    hash: str
    reason: str


def still_good(known: Known | None, item: Item, expected: str = "") -> bool:
    """Tell whether a log was found good before, with the expected hash, and has not been touched since."""
    return bool(
        known and item.etag and known.verdict == "valid" and known.hash == (expected or known.hash)
        and (known.etag, known.size) == (item.etag, item.size)
    )  # fmt: skip


class Book:
    """What a store says of the objects of some days, and the rows that a run adds."""

    def __init__(self, engine: Engine, store: Store, days: Days, *, now: datetime) -> None:
        self._engine, self._store, self._now = engine, store, now
        self._page: tuple[str, str, Days] = ("", "", days)
        self._known: dict[tuple[str, int], Known] | None = None
        self._rows: list[Judged] = []
        self._since = time.monotonic()
        store.show(engine, VERDICTS.name, days=days)
        engine.build("known_verdicts", first=days[0], last=days[1])

    def turn(self, account: str, region: str, days: Days) -> None:
        """Turn to the verdicts of one account, region and span of days."""
        self._page, self._known = (account, region, days), None

    def known(self, kind: Kind, item: Item) -> Known | None:
        """Return the verdict on an object of the page that is turned to."""
        if self._known is None:
            account, region, days = self._page
            rows = self._engine.rows(
                "select kind, object_id, verdict, etag, size, hash, reason from known_verdicts "
                "where account = $account and region = $region and dt between $first and $last",
                account=account, region=region, first=days[0], last=days[1],
            )  # fmt: skip
            self._known = {(kind, name): Known(*rest) for kind, name, *rest in rows}
        return self._known.get((kind, item.object_id))

    def add(self, judged: Judged, known: Known | None) -> None:
        """Write a verdict down where it is another than the known one."""
        told = Known(judged.verdict, judged.item.etag, judged.item.size, judged.hash, judged.reason)
        if judged.verdict in _KEPT and told != known:
            self._rows.append(judged)
            if len(self._rows) >= _ROWS or time.monotonic() - self._since > _SECONDS:
                self.commit()

    def commit(self) -> None:
        """Write down what has been added."""
        rows, self._rows, self._since = self._rows, [], time.monotonic()
        if rows:
            self._store.append(VERDICTS.name, _table(rows, self._now))


def _table(rows: Sequence[Judged], now: datetime) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "dt": row.item.place.day or keys.NO_DAY, "object_id": row.item.object_id, "bucket": row.item.bucket,
                "key": row.item.key, "etag": row.item.etag, "size": row.item.size, "account": row.account,
                "region": row.region, "kind": row.kind, "verdict": row.verdict, "reason": row.reason,
                "hash": row.hash, "first_time": row.first_time, "last_time": row.last_time, "verified_at": now,
            }
            for row in rows
        ],
        schema=VERDICTS.columns,
    )  # fmt: skip
