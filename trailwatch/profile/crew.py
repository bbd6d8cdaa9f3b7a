"""Who settles: this process with one bench for all parts, or workers of a cluster, each with a bench of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from trailwatch.engine import Engine
from trailwatch.profile.batches import persist
from trailwatch.profile.inputs import Memory
from trailwatch.profile.stages import Bench
from trailwatch.store.address import Address
from trailwatch.store.tables import Store
from trailwatch.workers import Workers


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

    def take(self, other: Settled) -> None:
        """Count what was made of a part."""
        for name in ("sessions_made", "activity_made", "months_made", "compacted", "doubles"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for table, rows in other.rows.items():
            self.add(table, rows)


Work = Callable[[Bench, Settled, Any], None]


@dataclass(frozen=True)
class Job:
    """What a bench is made of, on whatever machine."""

    address: Address
    aliases: Mapping[str, str]
    threads: int | None
    memory: str | None

    @contextmanager
    def bench(self, store: Store | None = None) -> Iterator[Bench]:
        """Open the store and an engine with room on disk, and read what was made before."""
        found = store or self.address.open()
        with (
            tempfile.TemporaryDirectory(prefix="trailwatch-") as folder,
            Engine(threads=self.threads, memory=self.memory, temporary=Path(folder)) as engine,
        ):
            yield Bench(found, engine, Memory(found, engine).refresh(), self.aliases, Path(folder))


@dataclass(frozen=True)
class Crew:
    """Workers, and the bench of who sends the work."""

    bench: Bench
    job: Job
    workers: Workers

    def make(self, work: Work, parts: Iterable[Any]) -> Iterator[Settled]:
        """Do work on each part and yield what was made, as it is done."""
        if self.workers.apart:
            yield from self.workers.map(partial(_apart, self.job, work), parts)
            # What the others remember is news here.
            self.bench.past.refresh()
        else:
            yield from self.workers.map(partial(_here, self.bench, work), parts)


def _here(bench: Bench, work: Work, part: Any) -> Settled:
    made = Settled()
    persist(lambda: work(bench, made, part), where=bench.store.uri, refresh=bench.past.refresh)
    return made


def _apart(job: Job, work: Work, part: Any) -> Settled:
    with job.bench() as bench:
        return _here(bench, work, part)
