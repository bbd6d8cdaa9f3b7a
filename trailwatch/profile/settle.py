"""Settle: doubles out, then sessions, activity, identity_days and seen, each made again only when its inputs changed.

Killed anywhere and run again it ends in the same state: a result is written before the memory of its inputs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from trailwatch.profile.batches import Batch, Files, Partition, group, made, show
from trailwatch.profile.crew import Crew, Job, Settled
from trailwatch.profile.doubles import clean
from trailwatch.profile.inputs import MEANING
from trailwatch.profile.stages import (
    REACH,
    Bench,
    due,
    make_activity,
    make_seen,
    make_sessions,
    moved,
    read,
    stale_months,
)
from trailwatch.progress import Progress, Silent
from trailwatch.store.address import Address
from trailwatch.store.tables import Store
from trailwatch.workers import Here, Workers

if TYPE_CHECKING:
    from trailwatch.aws import Access

__all__ = ["MEANING", "Settled", "settle"]

MEMORY = "1GB"  # what does not fit is worked on through the disk
PATIENCE = 2.0  # seconds for sessions that are made beside this; to come back for the days that need them takes longer
MADE = ("sessions", "activity", "identity_days", "seen")


def settle(
    store: Store,
    *,
    aliases: Mapping[str, str] | None = None,
    days: Iterable[date] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    memory: str | None = MEMORY,
    workers: Workers | None = None,
    access: Access | None = None,
) -> Settled:
    """Bring sessions, activity, identity days and what was seen up to date with the events of a store.

    Args:
        store: The store.
        aliases: Other name → person.
        days: Look only at these days, and at those that depend on them; at all days when none are given.
        progress: Told of each partition.
        threads: Of the SQL engine.
        memory: Of the SQL engine, such as "2GB"; None for what the machine has. Each worker has as much.
        workers: Who does it; this process when none are given.
        access: How workers reach a store on S3.
    """
    for table in MADE:
        made(store, table)
    account, who = Settled(), workers or Here()
    wanted = None if days is None else {day + timedelta(days=ahead) for day in days for ahead in range(REACH + 1)}
    job = Job(Address(store.uri, access), aliases or {}, threads or (1 if who.apart else None), memory)
    with job.bench(store) as bench:
        crew = Crew(bench, job, who)
        _days(crew, account, wanted, progress or Silent())
        months = stale_months(bench)
        size = min(12, -(-len(months) // who.count)) or 1
        for made_of in crew.make(_months, [months[at : at + size] for at in range(0, len(months), size)]):
            account.take(made_of)
        bench.past.tidy()
    return account


def _days(crew: Crew, account: Settled, wanted: set[date] | None, progress: Progress) -> None:
    bench = crew.bench
    files = _files(bench, wanted)
    account.partitions = len(files)
    stale = set(files) - set(_ready(bench, files, files))
    progress.start("settle", len(files), unit="days")
    batches = group(stale, _counts(files), workers=crew.workers.count)
    for made_of in crew.make(_first, _steps(batches, stale)):
        account.take(made_of)
        progress.advance(made_of.partitions, doubles=account.doubles)
    # What the batches left: days that depend on the sessions of other days or shards.
    files = _files(bench, wanted)
    ready = _ready(bench, files, files)
    account.waiting = len(files) - len(ready)
    left = moved(bench, files, ready, version=bench.store.version("sessions"))
    for made_of in crew.make(_second, group(left, _counts(files), workers=crew.workers.count)):
        account.take(made_of)
    progress.advance(len(files) - len(stale))
    progress.finish()


@dataclass(frozen=True)
class _Step:
    """A batch, and those partitions of other batches whose sessions may explain its events."""

    batch: Batch
    beside: tuple[Partition, ...]


def _steps(batches: Sequence[Batch], stale: set[Partition]) -> Iterator[_Step]:
    for batch in batches:
        reach = {day - timedelta(days=back) for day, _ in batch.partitions for back in range(REACH + 1)}
        yield _Step(batch, tuple(key for key in stale.difference(batch.partitions) if key[0] in reach))


def _first(bench: Bench, account: Settled, step: _Step) -> None:
    """Take doubles out of a batch, make its sessions, and where its days are whole also their activity."""
    batch = step.batch
    account.partitions = len(batch.partitions)
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
    if whole := _whole(bench, step):
        _activity(bench, account, found.files, whole, versions)
    account.sessions_made += len(stale)
    account.add("sessions", rows)


def _whole(bench: Bench, step: _Step) -> list[Partition]:
    """Return the partitions of a batch whose events are explained by sessions that are made by now, here or elsewhere."""
    until, first = time.monotonic() + PATIENCE, step.batch.range[0]
    while open_ := _open(bench, step.beside):
        # Days before this batch were begun before it, by a worker that has nearly done with their sessions.
        if time.monotonic() > until or all(day >= first for day, _ in open_):
            break
        time.sleep(0.05)
    near = {day + timedelta(days=ahead) for day, _ in open_ for ahead in range(REACH + 1)}
    return [key for key in step.batch.partitions if key[0] not in near]


def _open(bench: Bench, partitions: Sequence[Partition]) -> set[Partition]:
    if not partitions:
        return set()
    bench.past.refresh()
    return set(partitions).difference(_ready(bench, bench.store.partitions("events"), partitions))


def _second(bench: Bench, account: Settled, batch: Batch) -> None:
    """Make the activity of those partitions of a batch whose inputs changed."""
    versions = {table: bench.store.version(table) for table in MADE}
    version = bench.store.version("events")
    files = bench.store.partitions("events", version=version)
    _activity(bench, account, files, _ready(bench, files, batch.partitions), versions, version=version)


def _months(bench: Bench, account: Settled, months: Sequence[date]) -> None:
    made_of, rows = make_seen(bench, months)
    account.months_made += made_of
    if made_of:
        account.add("seen", rows)


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
