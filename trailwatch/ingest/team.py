"""An ingest by the workers of a cluster: they fetch, decode and write files; what sends the work commits them.

One commit for the files of all workers keeps the log short and its order that of an ingest on one machine: events
first, the ledger last. A worker that is lost leaves files that no table knows, and its part is read again elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa

from trailwatch.aws import Access
from trailwatch.ingest import ledger
from trailwatch.ingest.account import Account
from trailwatch.ingest.items import Item, Source, together
from trailwatch.ingest.ledger import FAILED, Entry
from trailwatch.ingest.limits import MIB, Limits
from trailwatch.ingest.reader import Reader
from trailwatch.ingest.sinks import Loose, Memory
from trailwatch.progress import Progress, Silent
from trailwatch.store.address import Address
from trailwatch.store.parquet import Action
from trailwatch.store.schema import EVENTS, OBJECTS, OTHERS
from trailwatch.store.shards import Numbers
from trailwatch.store.tables import Store
from trailwatch.workers import Workers, share

SMALLEST, LARGEST = MIB, 8 * MIB  # of a part, as its objects are stored
MOST = 5_000  # objects of a part
PARTS = 4  # for each worker, where that does not make them too small: nobody waits long for the last one


@dataclass(frozen=True)
class Job:
    """What every part of an ingest needs: where objects come from, and where rows go (nowhere: they travel back)."""

    source: Source
    into: Address | None
    limits: Limits
    threads: int
    shards: Numbers


@dataclass(frozen=True)
class Done:
    """What became of a part."""

    objects: int
    account: Account
    entries: list[Entry] = field(default_factory=list)
    files: dict[str, list[Action]] = field(default_factory=dict)
    events: pa.Table | None = None


def read_part(job: Job, items: Sequence[Item]) -> Done:
    """Read some objects: the work of one worker."""
    account = Account()
    sink = Loose(job.into.open()) if job.into else Memory()
    reader = Reader(job.source, sink, account, progress=Silent(), threads=job.threads, limits=job.limits,
                    shards=job.shards)  # fmt: skip
    reader.take(items)
    reader.finish()
    if isinstance(sink, Loose):
        return Done(len(items), account, sink.entries, sink.files)
    return Done(len(items), account, events=sink.events())


class Team:
    """Gives objects to workers part by part, and commits what they wrote by the number of events and by time."""

    def __init__(
        self,
        source: Source,
        sink: Store | Memory,
        account: Account,
        *,
        workers: Workers,
        progress: Progress,
        threads: int,
        limits: Limits,
        access: Access | None = None,
        shards: Numbers = (),
    ) -> None:
        self._sink, self._account, self._workers, self._progress = sink, account, workers, progress
        into = Address(sink.uri, access) if isinstance(sink, Store) else None
        self._job, self._limits = Job(source, into, limits, threads, shards), limits
        self._files: dict[str, list[Action]] = {EVENTS.name: [], OTHERS.name: []}
        self._entries: list[Entry] = []
        self._events = 0
        self._committed = time.monotonic()

    def take(self, items: Sequence[Item]) -> None:
        """Read objects."""
        self._progress.start("ingest", len(items), unit="objects")
        account = self._account
        for done in self._workers.map(partial(read_part, self._job), parts(items, self._workers.count)):
            account.add(done.account)
            for name, files in done.files.items():
                self._files[name] += files
            self._entries += done.entries
            self._events += done.account.events
            if done.events is not None and isinstance(self._sink, Memory):
                self._sink.take(done.events)
            if self._events >= self._limits.events or time.monotonic() - self._committed >= self._limits.seconds:
                self._commit()
            self._progress.advance(done.objects, events=account.events, bytes=account.bytes)
        self._progress.finish()

    def fail(self, entry: Entry, reason: str) -> None:
        """Count an object that cannot be read; the next run tries again."""
        self._account.fail(entry.item.key, reason)
        entry.status, entry.reason = FAILED, reason
        self.note(entry)

    def note(self, entry: Entry) -> None:
        """Write a row of the ledger with the next commit."""
        self._entries.append(entry)

    def finish(self) -> None:
        """Commit what is left."""
        self._commit()

    def _commit(self) -> None:
        if isinstance(self._sink, Store):
            for name in (EVENTS.name, OTHERS.name):
                self._sink.commit(name, self._files[name])
            self._sink.append(OBJECTS.name, ledger.rows(self._entries, now=datetime.now(UTC)))
        self._files = {name: [] for name in self._files}
        self._entries, self._events = [], 0
        self._committed = time.monotonic()


def parts(items: Sequence[Item], workers: int) -> Iterator[list[Item]]:
    """Divide objects into parts by their size: some for each worker, none too small to be worth sending."""
    size = share([item.size for item in items], workers * PARTS)
    yield from together(items, most=MOST, size=min(max(size, SMALLEST), LARGEST))
