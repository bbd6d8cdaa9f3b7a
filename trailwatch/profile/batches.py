"""Days and shards that are worked on together: few commits over a long history, bounded memory on a big day."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.store.commits import StoreConflict
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store
from trailwatch.workers import share

Partition = tuple[date, int]
Files = Mapping[Partition, list[tuple[str, int]]]
T = TypeVar("T")

DAYS = 1000
EVENTS = 250_000
FEW = 50_000  # events; fewer take less time than to plan the work on them
TRIES = 6


@dataclass(frozen=True)
class Batch:
    """Some (day, shard) partitions, in order."""

    partitions: tuple[Partition, ...]

    @property
    def range(self) -> tuple[date, date]:
        """Return the first and the last day."""
        return self.partitions[0][0], self.partitions[-1][0]

    @property
    def where(self) -> str:
        """Return the predicate that holds for exactly these partitions."""
        return predicate(self.partitions)


def predicate(partitions: Iterable[Partition]) -> str:
    """Return a predicate over `dt` and `shard` that holds for exactly these partitions."""
    shards: dict[int, list[str]] = {}
    for day, shard in sorted(partitions):
        shards.setdefault(shard, []).append(f"'{day.isoformat()}'")
    # Of a long list delta-rs cannot tell that a commit beside this one is about other days; of a range it can.
    return " or ".join(
        f"(shard = {shard} and dt >= {days[0]} and dt <= {days[-1]} and dt in ({', '.join(days)}))"
        for shard, days in sorted(shards.items())
    )


def group(partitions: Iterable[Partition], counts: Mapping[Partition, int], *, workers: int = 1) -> list[Batch]:
    """Divide partitions into batches of at most a thousand days and a quarter million events; a bigger one stands alone.

    For several workers the batches are smaller, so that all have the same number of them; not smaller than that, because
    planning costs the same for each, and at its borders days wait for those beside them.
    """
    wanted = sorted(partitions)
    sizes = [counts.get(partition, 0) for partition in wanted]
    rounds = -(-sum(sizes) // (workers * EVENTS)) or 1
    most = EVENTS if workers == 1 else max(min(share(sizes, workers * rounds), EVENTS), FEW)
    batches: list[Batch] = []
    open_: list[Partition] = []
    events = 0
    for partition in wanted:
        count = counts.get(partition, 0)
        if open_ and (events + count > most or partition[0] - open_[0][0] >= timedelta(days=DAYS)):
            batches.append(Batch(tuple(open_)))
            open_, events = [], 0
        open_.append(partition)
        events += count
    return [*batches, Batch(tuple(open_))] if open_ else batches


def show(store: Store, engine: Engine, table: str, partitions: Iterable[Partition], *, name: str, version: int) -> None:
    """Make exactly these partitions of a table visible in an engine, at one version."""
    wanted = {f"dt={day.isoformat()}/shard={shard}" for day, shard in partitions}
    layout = TABLES[table]
    days = [date.fromisoformat(folder[3:13]) for folder in wanted]
    files = store.files(table, days=(min(days), max(days)), version=version) if days else []
    kept = sorted(path for path in files if "/".join(path.rsplit("/", 3)[1:3]) in wanted)
    engine.files(name, kept, layout.columns, partitions=layout.partitions)


def made(store: Store, table: str) -> int:
    """Return the version of a table, after making it where it does not exist yet.

    Only a table that exists lets two first runs notice each other.
    """
    version = store.version(table)
    if version < 0:
        layout = TABLES[table]
        nowhere = f"{layout.partitions[0]} = '1970-01-01'" if layout.partitions else "false"
        store.replace(table, layout.columns.empty_table(), where=nowhere)
        version = store.version(table)
    return version


def persist(work: Callable[[], T], *, where: str, tries: int = TRIES, refresh: Callable[[], object] | None = None) -> T:
    """Do work that reads and then replaces, again from the start (after a refresh) when another run was faster."""
    for attempt in range(tries):
        try:
            return work()
        except StoreConflict:
            if attempt < tries - 1:
                # Two runs that met once would meet again without jitter.
                time.sleep(random.uniform(0.05, 0.2) * 2**attempt)  # noqa: S311  # not a secret
                if refresh:
                    refresh()
    raise StoreError(
        f"other runs changed the same days {tries} times in a row", where=where, hint="wait for them, run settle again"
    )
