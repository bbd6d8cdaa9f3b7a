"""The ledger: which objects were read before, and what to do with those that are listed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from trailwatch.engine import Engine, relation_text
from trailwatch.ingest import keys
from trailwatch.ingest.items import Item
from trailwatch.store.schema import OBJECTS
from trailwatch.store.tables import Store

READ, FAILED, CHANGED = "read", "failed", "changed"


@dataclass
class Entry:
    """One row of the ledger: one read of one object."""

    item: Item
    status: str = READ
    reason: str | None = None
    etag: str = ""
    records: int = 0
    others: int = 0
    not_understood: int = 0

    @property
    def events(self) -> int:
        """The records that became events."""
        return self.records - self.others - self.not_understood


class Ledger:
    """What a store knows of the objects of one bucket, at the moment it is opened."""

    def __init__(self, engine: Engine, store: Store, bucket: str) -> None:
        self._engine = engine
        self._bucket = bucket
        store.show(engine, OBJECTS.name)
        engine.build("ledger", bucket=bucket)

    def sort(self, items: Sequence[Item]) -> list[str]:
        """Return for each listed object `new`, `again`, `known` or `changed`."""
        self._engine.table(
            "listed",
            pa.table(
                {
                    "place": pa.array(range(len(items)), pa.int64()),
                    "object_id": pa.array([item.object_id for item in items], pa.int64()),
                    "etag": pa.array([item.etag for item in items], pa.string()),
                }
            ),
        )
        return [str(verdict) for _, verdict in self._engine.rows(relation_text("verdicts"))]

    def last(self, item: Item) -> dict[str, Any]:
        """Return the newest row of an object."""
        rows = self._engine.relation("last_read", object=item.object_id).to_pylist()
        return dict(rows[0]) if rows else {}

    def unfinished(self, *, prefix: str, listed_again: Sequence[int]) -> list[Item]:
        """Return the objects of earlier runs that could not be read and were not listed this time."""
        self._engine.table("listed_again", pa.table({"object_id": pa.array(listed_again, pa.int64())}))
        rows = self._engine.relation("unfinished", bucket=self._bucket, prefix=prefix).to_pylist()
        return [
            Item(
                row["bucket"], row["key"], row["etag"], row["size"], row["last_modified"], keys.read(row["key"]),
                row["object_id"],
            )
            for row in rows
        ]  # fmt: skip


def rows(entries: Sequence[Entry], *, now: datetime) -> pa.Table:
    """Return entries as rows of the table `objects`."""
    return pa.Table.from_pylist(
        [
            {
                "dt": entry.item.place.day or keys.NO_DAY,
                "object_id": entry.item.object_id,
                "bucket": entry.item.bucket,
                "key": entry.item.key,
                "etag": entry.etag or entry.item.etag,
                "size": entry.item.size,
                "last_modified": entry.item.last_modified,
                "account": entry.item.place.account,
                "region": entry.item.place.region,
                "kind": entry.item.place.kind,
                "status": entry.status,
                "reason": entry.reason,
                "records": entry.records,
                "events": entry.events,
                "others": entry.others,
                "not_understood": entry.not_understood,
                "ingested_at": now,
            }
            for entry in entries
        ],
        schema=OBJECTS.columns,
    )
