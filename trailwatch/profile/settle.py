"""Settle: doubles out, then sessions, activity, identity_days and seen, each made again only when its inputs changed.

Killed anywhere and run again it ends in the same state: a result is written before the memory of its inputs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

from trailwatch.engine import Engine
from trailwatch.profile.batches import Batch, Files, Partition, group, made, persist, show
from trailwatch.profile.doubles import clean
from trailwatch.profile.inputs import MEANING, Memory
from trailwatch.profile.stages import REACH, Bench, due, make_activity, make_seen, make_sessions, moved, read
from trailwatch.progress import Progress, Silent
from trailwatch.store.tables import Store

__all__ = ["MEANING", "Settled", "settle"]

MEMORY = "1GB"  # what does not fit is worked on through the disk
MADE = ("sessions", "activity", "identity_days", "seen")


@dataclass
class Settled:
    """What a settle looked at and made."""

    partitions: int = 0  # (day, shard) partitions of events
    sessions_made: int = 0  # partitions whose sessions were made
    activity_made: int = 0  # partitions whose activity and identity days were made
    months_made: int = 0
    compacted: int = 0  # partitions written again, for doubles or for many small files
    doubles: int = 0  # records taken out because they had come before
    waiting: int = 0  # partitions that an ingest changed meanwhile: the next settle takes them
    rows: dict[str, int] = field(default_factory=dict)  # written, per table

    def text(self) -> str:
        """Return the account as one sentence."""
        parts = f"sessions of {self.sessions_made}, activity of {self.activity_made}, {self.months_made} months"
        wait = f"; {self.waiting} changed meanwhile and wait for the next settle" if self.waiting else ""
        return f"settled {self.partitions} days: made {parts}; {self.doubles} doubles removed{wait}"

    def as_dict(self) -> dict[str, object]:
        """Return the account as plain values."""
        return asdict(self)

    def add(self, table: str, rows: int) -> None:
        """Count rows written."""
        self.rows[table] = self.rows.get(table, 0) + rows


def settle(
    store: Store,
    *,
    aliases: Mapping[str, str] | None = None,
    days: Iterable[date] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    memory: str | None = MEMORY,
) -> Settled:
    """Bring sessions, activity, identity days and what was seen up to date with the events of a store.

    Args:
        store: The store.
        aliases: Other name → person.
        days: Look only at these days, and at those that depend on them; at all days when none are given.
        progress: Told of each partition.
        threads: Of the SQL engine.
        memory: Of the SQL engine, such as "2GB"; None for what the machine has.
    """
    for table in MADE:
        made(store, table)
    account = Settled()
    wanted = None if days is None else {day + timedelta(days=ahead) for day in days for ahead in range(REACH + 1)}
    with (
        tempfile.TemporaryDirectory(prefix="trailwatch-") as folder,
        Engine(threads=threads, memory=memory, temporary=Path(folder)) as engine,
    ):
        bench = Bench(store, engine, Memory(store, engine).refresh(), aliases or {}, Path(folder))
        _days(bench, account, wanted, progress or Silent())
        account.months_made, rows = persist(lambda: make_seen(bench), where=store.uri, refresh=bench.past.refresh)
        if account.months_made:
            account.add("seen", rows)
        bench.past.tidy()
    return account


def _days(bench: Bench, account: Settled, wanted: set[date] | None, progress: Progress) -> None:
    files = _files(bench, wanted)
    account.partitions = len(files)
    stale = set(files) - set(_ready(bench, files, files))
    progress.start("settle", len(files), unit="days")
    batches = group(stale, _counts(files))
    for place, batch in enumerate(batches):
        # With a day divided between batches, its sessions are complete only after the last of them.
        whole = all(later.range[0] > batch.range[1] for later in batches[place + 1 : place + 2])
        _persist(bench, lambda batch=batch, whole=whole: _first(bench, account, batch, whole=whole))  # type: ignore[misc]
        progress.advance(len(batch.partitions), doubles=account.doubles)
    # What the batches left: days that depend on the sessions of other days or shards.
    files = _files(bench, wanted)
    ready = _ready(bench, files, files)
    account.waiting = len(files) - len(ready)
    left = moved(bench, files, ready, version=bench.store.version("sessions"))
    for batch in group(left, _counts(files)):
        _persist(bench, lambda batch=batch: _second(bench, account, batch))  # type: ignore[misc]
    progress.advance(len(files) - len(stale))
    progress.finish()


def _persist(bench: Bench, work: Callable[[], None]) -> None:
    persist(work, where=bench.store.uri, refresh=bench.past.refresh)


def _first(bench: Bench, account: Settled, batch: Batch, *, whole: bool) -> None:
    """Take doubles out of a batch, make its sessions, and where its days are whole also their activity."""
    # Read before the events: whoever replaces these days with newer events after this moment is noticed.
    versions = {table: bench.store.version(table) for table in MADE}
    found = clean(bench.store, bench.engine, batch, folder=bench.folder)
    account.doubles += sum(found.doubles.values())
    account.compacted += found.compacted
    stale = [key for key in batch.partitions if key not in _ready(bench, found.files, batch.partitions)]
    read(bench)
    rows = 0
    if stale:
        rows = make_sessions(bench, found.files, stale, version=versions["sessions"], doubles=found.doubles)
    if whole:
        _activity(bench, account, found.files, batch.partitions, versions)
    account.sessions_made += len(stale)
    account.add("sessions", rows)


def _second(bench: Bench, account: Settled, batch: Batch) -> None:
    """Make the activity of those partitions of a batch whose inputs changed."""
    versions = {table: bench.store.version(table) for table in MADE}
    version = bench.store.version("events")
    files = bench.store.partitions("events", version=version)
    _activity(bench, account, files, _ready(bench, files, batch.partitions), versions, version=version)


def _ready(bench: Bench, files: Files, partitions: Iterable[Partition]) -> list[Partition]:
    """Return the partitions whose sessions are made from exactly these files: they hold no doubles."""
    return [key for key in partitions
            if key in files and bench.past.holds("sessions", *key, bench.sessions_inputs(files, key))]  # fmt: skip


def _activity(
    bench: Bench,
    account: Settled,
    files: Files,
    partitions: Iterable[Partition],
    versions: Mapping[str, int],
    *,
    version: int | None = None,
) -> None:
    found = due(bench, files, partitions)
    if version is not None and found.again:
        show(bench.store, bench.engine, "events", found.again, name="raw_events", version=version)
        read(bench)
    for table, rows in make_activity(bench, found, versions=versions).items():
        account.add(table, rows)
    account.activity_made += len(found.again)


def _files(bench: Bench, wanted: set[date] | None) -> Files:
    found = bench.store.partitions("events")
    return {key: value for key, value in found.items() if wanted is None or key[0] in wanted}


def _counts(files: Files) -> dict[Partition, int]:
    return {key: sum(count for _, count in found) for key, found in files.items()}
