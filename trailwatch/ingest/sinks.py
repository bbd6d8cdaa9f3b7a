"""Where the rows of an ingest go: into a store's tables, or into memory for a scan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from trailwatch.ingest import ledger
from trailwatch.ingest.ledger import Entry
from trailwatch.store.bundles import unbundle
from trailwatch.store.parquet import Action
from trailwatch.store.schema import EVENTS, OBJECTS, OTHERS
from trailwatch.store.tables import Store


class Tables:
    """The tables of a store; events first, the ledger last, so that a crash repeats and never loses."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events: list[pa.Table] = []
        self._others: list[pa.Table] = []
        self._entries: list[Entry] = []

    def add(self, events: pa.Table, others: pa.Table, entries: Sequence[Entry]) -> None:
        """Keep rows until the commit."""
        if events.num_rows:
            self._events.append(events)
        self._others.append(others)
        self._entries += entries

    def commit(self, now: datetime) -> None:
        """Append the rows, each table in one atomic commit."""
        if self._others:
            if self._events:
                self._store.append(EVENTS.name, pa.concat_tables(self._events))
            self._store.append(OTHERS.name, pa.concat_tables(self._others))
            self._store.append(OBJECTS.name, ledger.rows(self._entries, now=now))
        self._events, self._others, self._entries = [], [], []
        # The pool would keep the memory of one commit beside that of the next.
        pa.default_memory_pool().release_unused()


class Loose:
    """Files in a store that nobody sees yet: who sent the work commits them, all workers' together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, list[pa.Table]] = {EVENTS.name: [], OTHERS.name: []}
        self.files: dict[str, list[Action]] = {EVENTS.name: [], OTHERS.name: []}
        self.entries: list[Entry] = []

    def add(self, events: pa.Table, others: pa.Table, entries: Sequence[Entry]) -> None:
        """Keep rows until there are enough for a file."""
        for name, rows in ((EVENTS.name, events), (OTHERS.name, others)):
            if rows.num_rows:
                self._waiting[name].append(rows)
        self.entries += entries

    def commit(self, now: datetime) -> None:  # noqa: ARG002
        """Write the files."""
        for name, tables in self._waiting.items():
            if tables:
                self.files[name] += self._store.put(name, pa.concat_tables(tables))
            self._waiting[name] = []
        pa.default_memory_pool().release_unused()


class Memory:
    """One table in memory."""

    def __init__(self) -> None:
        self._events: list[pa.Table] = []

    def add(self, events: pa.Table, others: pa.Table, entries: Sequence[Entry]) -> None:  # noqa: ARG002
        """Keep the events."""
        self._events.append(unbundle(events, EVENTS.columns))

    def commit(self, now: datetime) -> None:
        """Keep what is here."""

    def take(self, events: pa.Table) -> None:
        """Keep what a worker read."""
        self._events.append(events)

    def events(self) -> pa.Table:
        """Return all events."""
        return pa.concat_tables([EVENTS.columns.empty_table(), *self._events])
