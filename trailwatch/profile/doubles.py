"""Exactly once: takes out records that came twice, and puts many small files of a day together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trailwatch.engine import Engine
from trailwatch.profile.batches import Batch, Files, Partition, persist, predicate, show
from trailwatch.store.tables import Store

FILES = 8  # more files than this in one (day, shard) are put together
ENOUGH = 25_000  # events in a file; files of as many on average stay as they are, however many they are


@dataclass(frozen=True)
class Clean:
    """One version of `events` in which the partitions of a batch hold each event once."""

    version: int
    files: Files
    doubles: dict[Partition, int]
    compacted: int


def clean(store: Store, engine: Engine, batch: Batch, *, folder: Path) -> Clean:
    """Take doubles out of a batch of days; leaves them visible in the engine as `raw_events`.

    The ids are read first: a partition is written again only where there are doubles or many small files.
    """
    removed: dict[Partition, int] = {}
    rewritten: set[Partition] = set()
    wanted = set(batch.partitions)

    def attempt() -> Clean:
        own = -1  # the version that the last rewrite of this attempt makes, if nobody else wrote meanwhile
        while True:
            version = store.version("events")
            files = {key: value for key, value in store.partitions("events", version=version).items() if key in wanted}
            show(store, engine, "events", batch.partitions, name="raw_events", version=version)
            # What was just written, and by nobody else, holds each event once: its ids need no second look.
            doubles = {} if version == own else _doubles(engine)
            untidy = {key for key, found in files.items() if _untidy(found) and key not in rewritten}
            if not doubles and not untidy:
                return Clean(version, files, removed, len(rewritten))
            again = sorted(untidy | set(doubles))
            show(store, engine, "events", again, name="raw_events", version=version)
            store.replace("events", _once(engine, folder), where=predicate(again), version=version)
            own = version + 1
            rewritten.update(again)
            for partition, count in doubles.items():
                removed[partition] = removed.get(partition, 0) + count

    return persist(attempt, where=store.uri)


def _untidy(files: Sequence[tuple[str, int]]) -> bool:
    return len(files) > max(FILES, sum(events for _, events in files) // ENOUGH)


def _once(engine: Engine, folder: Path) -> pa.Table:
    # Through the disk and mapped back: a day of a million whole records need not fit into memory.
    sorted_, mapped = folder / "once.parquet", folder / "once.arrow"
    engine.view("once", relation="distinct_events")
    engine.execute("copy (from once) to $place (format parquet, compression lz4_raw)", place=str(sorted_))
    mapped.unlink(missing_ok=True)  # a table of the round before may still stand on the old one
    rows = pq.ParquetFile(sorted_)
    with pa.OSFile(str(mapped), "wb") as out, pa.ipc.new_file(out, rows.schema_arrow) as writer:
        for batch in rows.iter_batches(16_384):
            writer.write_batch(batch)
    return pa.ipc.open_file(pa.memory_map(str(mapped))).read_all()


def _doubles(engine: Engine) -> dict[Partition, int]:
    rows = engine.rows(
        "select dt, shard, sum(copies - 1)::bigint from (select dt, shard, event_id, count(*) as copies from raw_events "
        "where event_id is not null group by all having copies > 1) group by dt, shard"
    )
    return {(day, shard): count for day, shard, count in rows}
