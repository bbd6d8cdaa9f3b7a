"""Records as JSON text → rows of `events` and `others`: one SQL relation makes the columns, for tests as for trails."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from trailwatch.engine import Engine
from trailwatch.ingest.batch import Batch, Unread
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.split import Raw, Split
from trailwatch.store.schema import EVENTS, OTHERS

NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True)
class Decoded:
    """What a batch of records became; together as many rows as there were records and broken pieces."""

    events: pa.Table
    others: pa.Table


class Decoder(Engine):
    """An engine that turns batches of records into rows, and reads their text where it stands."""

    def __init__(self, *, shards: int = 1, threads: int | None = None, memory: str | None = None) -> None:
        super().__init__(threads=threads, memory=memory)
        self._shards = shards

    def decode(self, batch: Batch, *, now: datetime | None = None) -> Decoded:
        """Return the rows of a batch."""
        # `Engine.table` would copy the text of every record.
        self._con.register("arriving", batch.table())
        try:
            return _decoded(self, batch, shards=self._shards, now=now)
        finally:
            self._con.unregister("arriving")


def decode(engine: Engine, raws: Sequence[Raw], *, shards: int = 1, now: datetime | None = None) -> Decoded:
    """Return the rows of records that are valid JSON text."""
    batch = Batch(Limits())
    batch.add(Split(raws=list(raws)))
    engine.table("arriving", batch.table())
    return _decoded(engine, batch, shards=shards, now=now)


def records(items: Sequence[dict[str, Any]], *, shards: int = 1, now: datetime | None = None) -> pa.Table:
    """Return JSON records as rows of `events`, through the decoder that reads trails.

    A record that is no event (another class, or not understood) is not among the rows.
    """
    with Engine(threads=1) as engine:
        return decode(engine, [msgspec.json.encode(item) for item in items], shards=shards, now=now).events


def _decoded(engine: Engine, batch: Batch, *, shards: int, now: datetime | None) -> Decoded:
    moment = now or datetime.now(UTC)
    return _parted(engine.relation("decode", shards=shards, now=moment), _unread(batch.unread, moment))


def _parted(rows: pa.Table, unread: pa.Table) -> Decoded:
    other = pc.not_equal(rows["record_class"], "")
    if not pc.any(other, min_count=0).as_py():
        return Decoded(rows.select(EVENTS.columns.names), unread)
    return Decoded(
        rows.filter(pc.invert(other)).select(EVENTS.columns.names),
        pa.concat_tables([rows.filter(other).select(OTHERS.columns.names).cast(OTHERS.columns), unread]),
    )


def _unread(pieces: Sequence[Unread], now: datetime) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "dt": piece.day,
                "record_class": NOT_UNDERSTOOD,
                "event_id": "sha256:" + hashlib.sha256(piece.text.encode()).hexdigest(),
                "reason": piece.reason,
                "raw": piece.text,
                "object_id": piece.object_id,
                "ingested_at": now,
            }
            for piece in pieces
        ],
        schema=OTHERS.columns,
    )
