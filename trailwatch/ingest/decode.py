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

from trailwatch.engine import Engine, relation_text
from trailwatch.ingest.batch import Batch, Unread
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.split import Split
from trailwatch.store.schema import EVENTS, OTHERS

NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True)
class Decoded:
    """What a batch of records became; together as many rows as there were records and broken pieces."""

    events: pa.Table
    others: pa.Table


class Decoder(Engine):
    """An engine that turns batches of records into rows."""

    def __init__(self, *, shards: int = 1, threads: int | None = None, memory: str | None = None) -> None:
        super().__init__(threads=threads, memory=memory)
        self._shards = shards

    def decode(self, batch: Batch, *, now: datetime | None = None) -> Decoded:
        """Return the rows of a batch."""
        moment = now or datetime.now(UTC)
        # `Engine.table` would copy the text of every record.
        self._con.register("arriving", batch.table())
        try:
            rows = self.query(relation_text("decode"), shards=self._shards, now=moment)
        finally:
            self._con.unregister("arriving")
        return _parted(rows, _unread(batch.unread, moment))


def records(items: Sequence[dict[str, Any]], *, shards: int = 1, now: datetime | None = None) -> pa.Table:
    """Return JSON records as rows of `events`, through the decoder that reads trails.

    A record that is no event (another class, or not understood) is not among the rows.
    """
    batch = Batch(Limits())
    batch.add(Split(raws=[msgspec.json.encode(item) for item in items]))
    with Decoder(shards=shards, threads=1) as decoder:
        return decoder.decode(batch, now=now).events


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
