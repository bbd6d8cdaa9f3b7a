"""Objects → batches of rows → commits; what cannot be read or understood is counted on the way."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import pyarrow as pa

from trailwatch.ingest import keys
from trailwatch.ingest.account import Account
from trailwatch.ingest.decode import Batch
from trailwatch.ingest.fetch import fetch_all
from trailwatch.ingest.inflate import TooLarge, inflate
from trailwatch.ingest.items import Fetched, Item, Source, Unreadable
from trailwatch.ingest.ledger import FAILED, Entry
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.odd import NOT_UNDERSTOOD
from trailwatch.progress import Progress
from trailwatch.store.shards import Numbers


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let the collector of cycles rest: records hold none, and it would look through each of them again and again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class Sink(Protocol):
    """Where rows go."""

    def add(self, events: pa.Table, others: pa.Table, entries: Sequence[Entry]) -> None:
        """Take the rows of one batch."""

    def commit(self, now: datetime) -> None:
        """Keep what was taken, for good."""


class Reading(Protocol):
    """Who reads objects: this process (Reader), or the workers of a cluster (Team)."""

    def take(self, items: Sequence[Item]) -> None:
        """Read objects."""

    def fail(self, entry: Entry, reason: str) -> None:
        """Count an object that cannot be read; the next run tries again."""

    def note(self, entry: Entry) -> None:
        """Write a row of the ledger with the next commit."""

    def finish(self) -> None:
        """Commit what is left."""


class Reader:
    """Reads objects in the order given; commits by the number of events, by time and by size."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        account: Account,
        *,
        progress: Progress,
        threads: int,
        limits: Limits,
        shards: Numbers = (),
    ) -> None:
        self._shards = shards or 1
        self._source, self._sink, self._account = source, sink, account
        self._progress, self._threads, self._limits = progress, threads, limits
        self._batch = Batch(limits)
        self._entries: dict[int, Entry] = {}
        self._notes: list[Entry] = []
        self._events = self._size = 0
        self._committed = time.monotonic()

    def take(self, items: Sequence[Item]) -> None:
        """Read objects."""
        self._progress.start("ingest", len(items), unit="objects")
        with _without_collector():
            self._take(items)
        self._progress.finish()

    def _take(self, items: Sequence[Item]) -> None:
        limits = self._limits
        for item, fetched in fetch_all(
            self._source, items, threads=self._threads, in_flight=limits.in_flight, largest=limits.inflated
        ):
            if isinstance(fetched, Unreadable):
                self.fail(Entry(item), str(fetched))
            else:
                self._read(item, fetched)
            if self._batch.size >= limits.batch or self._overdue():
                self._decode()
            self._progress.advance(1, events=self._account.events, bytes=self._account.bytes)

    def fail(self, entry: Entry, reason: str) -> None:
        """Count an object that cannot be read; the next run tries again."""
        self._account.fail(entry.item.key, reason)
        entry.status, entry.reason = FAILED, reason
        self.note(entry)

    def note(self, entry: Entry) -> None:
        """Write a row of the ledger with the next commit."""
        self._notes.append(entry)

    def finish(self) -> None:
        """Decode and commit what is left."""
        self._decode()
        self._commit()

    def _read(self, item: Item, fetched: Fetched) -> None:
        entry = Entry(item, etag=fetched.etag)
        self._account.bytes += len(fetched.data)
        try:
            inflated = inflate(fetched.data, limit=self._limits.inflated)
        except TooLarge as reason:
            self.fail(entry, str(reason))
            return
        found = self._batch.add(
            inflated.data, object_id=item.object_id, day=item.place.day or item.last_modified.date()
        )
        damage = inflated.damage or found.damage
        if found.kind:
            if item.place.kind == keys.PLAIN and (found.kind != keys.UNRECOGNISED or not damage):
                self._account.skip(found.kind)
            else:
                self.fail(entry, damage or f"{found.kind}: no list of records in it")
            return
        entry.records = found.records
        if damage:
            self._account.fail(item.key, damage)
            entry.status, entry.reason = FAILED, damage
        else:
            self._account.read += 1
        self._account.records += entry.records
        self._account.repaired += found.repaired
        self._entries[item.object_id] = entry

    def _decode(self) -> None:
        now = datetime.now(UTC)
        decoded = self._batch.decode(shards=self._shards, now=now)
        for other in decoded.others.select(["object_id", "record_class", "reason"]).to_pylist():
            entry = self._entries[other["object_id"]]
            if other["record_class"] == NOT_UNDERSTOOD:
                entry.not_understood += 1
                figures, name = self._account.not_understood, other["reason"]
            else:
                entry.others += 1
                figures, name = self._account.others, other["record_class"]
            figures[name] = figures.get(name, 0) + 1
        self._account.events += decoded.events.num_rows
        self._events += decoded.events.num_rows
        self._size += decoded.events.nbytes
        self._sink.add(decoded.events, decoded.others, [*self._entries.values(), *self._notes])
        self._batch, self._entries, self._notes = Batch(self._limits), {}, []
        if self._events >= self._limits.events or self._size >= self._limits.kept or self._overdue():
            self._commit()

    def _commit(self) -> None:
        self._sink.commit(datetime.now(UTC))
        self._events = self._size = 0
        self._committed = time.monotonic()

    def _overdue(self) -> bool:
        return time.monotonic() - self._committed >= self._limits.seconds
