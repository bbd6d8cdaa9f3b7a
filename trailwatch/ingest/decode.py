"""The bytes of objects → rows of `events` and `others`; the same way for trails, tests and detections' cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.ingest import odd
from trailwatch.ingest.keys import NO_DAY
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.odd import Odd
from trailwatch.ingest.records import Raw, Record, document
from trailwatch.ingest.rows import Rows, Source
from trailwatch.ingest.split import split
from trailwatch.store.bundles import unbundle
from trailwatch.store.schema import EVENTS
from trailwatch.store.shards import Numbers

_SHOWN = 65_536  # of a record beyond the limit, this much is kept


@dataclass(frozen=True)
class Decoded:
    """What a batch became; together as many rows as there were records and broken pieces."""

    events: pa.Table
    others: pa.Table


@dataclass(frozen=True)
class Added:
    """What one object held: records and broken pieces; where it holds none, its kind; and its damage."""

    records: int = 0
    repaired: int = 0
    kind: str = ""
    damage: str = ""


class Batch:
    """Objects that become two tables together."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.size = 0  # bytes of text
        self._limits = limits or Limits()
        self._rows = Rows()
        self._odds: list[Odd] = []
        self._days: dict[int, date] = {}

    def add(self, data: bytes, *, object_id: int = 0, day: date = NO_DAY) -> Added:
        """Take the records of one object; `day` serves those that have no time of their own."""
        self._days[object_id] = day
        records = document(data, largest=self._limits.record)
        if records is not None:
            self.size += len(data)
            self._look_closer(self._rows.add(Source(object_id, data, records)))
            return Added(len(records))
        found = split(data)
        if found.kind:
            return Added(kind=found.kind, damage=found.damage)
        self.size += len(data)
        for content, reason in found.broken:
            self._odds.append(odd.broken(content[: self._limits.record], reason, object_id=object_id, day=day))
        self.judge(found.raws, object_id=object_id)
        return Added(len(found.raws) + len(found.broken), found.repaired, damage=found.damage)

    def judge(self, raws: Iterable[Raw], *, object_id: int = 0) -> None:
        """Take records of valid JSON one by one."""
        self._rows.keep(self._events(raws, object_id), object_id)

    def decode(self, *, shards: int | Numbers = 1, now: datetime | None = None) -> Decoded:
        """Return the rows of everything that was taken."""
        moment = now or datetime.now(UTC)
        self._look_closer(self._rows.flush())
        events = self._rows.table(now=moment, shards=shards)
        return Decoded(events, odd.table(self._odds, now=moment))

    def _look_closer(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self.judge(split(source.data).raws, object_id=source.object_id)

    def _events(self, raws: Iterable[Raw], object_id: int) -> list[Record]:
        day = self._days.get(object_id, NO_DAY)
        events = []
        for raw in raws:
            if len(raw) > self._limits.record:
                shown = bytes(raw)[:_SHOWN].decode("utf-8", "replace")
                judged: Record | Odd = odd.broken(
                    shown, f"larger than {self._limits.record:,} bytes", object_id=object_id, day=day
                )
            else:
                judged = odd.judge(raw, object_id=object_id, day=day)
            if isinstance(judged, Record):
                events.append(judged)
            else:
                self._odds.append(judged)
        return events


def decode(raws: Iterable[Raw], *, shards: int = 1, now: datetime | None = None) -> Decoded:
    """Return the rows of records that are valid JSON text."""
    batch = Batch()
    batch.judge(raws)
    found = batch.decode(shards=shards, now=now)
    return Decoded(unbundle(found.events, EVENTS.columns), found.others)


def records(items: Sequence[dict[str, Any]], *, shards: int = 1, now: datetime | None = None) -> pa.Table:
    """Return JSON records as rows of `events`, through the decoder that reads trails.

    A record that is no event (another class, or not understood) is not among the rows.
    """
    return decode([msgspec.json.encode(item) for item in items], shards=shards, now=now).events
