"""What it costs to bring a trail into a settled store, against the floor: one run, one core, one thread.

    pytest -m bench -n 0 -s tests/bench/test_settle_cost.py

The floor is that of test_ingest.py: gunzip, a SIMD parse of the same bytes, a zstd Parquet write of the same columns.
TRAILWATCH_BENCH_EVENTS sets the number of events (200,000). Processor time; the median of three rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import simdjson
from bench.test_ingest import EVENTS_WANTED, OBJECT, ROUNDS, read_json, write
from isal import isal_zlib

from trailwatch.engine import Engine
from trailwatch.ingest.collect import ingest, read
from trailwatch.profile import settle as station
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

FLOOR = ("gunzip", "parse", "parquet")
STAGES = {"clean": "doubles", "read": "events view", "make_sessions": "sessions", "due": "links",
          "make_activity": "activity", "make_seen": "seen"}  # fmt: skip


def test_gz_to_the_settled_store_against_the_floor(tmp_path: Path) -> None:
    write(tmp_path / "logs", EVENTS_WANTED, OBJECT)
    _report(_on_one_core(tmp_path / "logs", tmp_path), "simulated events")


def test_a_small_store_of_many_days(tmp_path: Path) -> None:
    _report(_on_one_core(Path(__file__).parents[2] / "sample_logs", tmp_path), "sample_logs")


def _report(figures: dict[str, float], name: str) -> None:
    count = figures.pop("events")
    print(f"\n{name}: {count:,.0f} events")
    for part, seconds in figures.items():
        print(f"{part:<22} {seconds / count * 1e6:6.2f} µs/event {seconds:6.2f} s")
    floor = sum(figures[part] for part in FLOOR)
    whole = figures["ingest"] + figures["settle"]
    print(f"ingest + settle is {floor / whole:.2f} of the floor (wanted 0.45)")
    print(f"ingest + settle is {figures['read_json'] / whole:.1f} × read_json (wanted 4)")
    # The parts of settle must be all of it, or the split says nothing.
    parts = sum(seconds for part, seconds in figures.items() if part.startswith("  "))
    assert 0.8 < parts / figures["settle"] < 1.05


def _on_one_core(logs: Path, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, str(logs), str(folder)], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ARROW_NUM_THREADS": "1"},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


class Clock:
    """Processor time by part; what one part spends inside another counts for the inner one alone."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            begun = time.process_time()
            self._inner.append(0.0)
            try:
                return work(*arguments, **options)
            finally:
                spent = time.process_time() - begun
                self.spent[part] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        return timed


@contextmanager
def _watched(clock: Clock) -> Iterator[None]:
    """Let a clock watch the stations of settle and the writes below them."""
    relation = Engine.relation

    def by_relation(engine: Engine, name: str, **parameters: Any) -> pa.Table:
        work = relation if name != "identity_days" else clock.timed("identity_days", relation)
        return work(engine, name, **parameters)

    with (
        patch.object(Store, "_write", clock.timed("commit", Store._write)),
        patch.object(Engine, "relation", by_relation),
        patch.multiple(station, **{name: clock.timed(part, getattr(station, name)) for name, part in STAGES.items()}),
    ):
        yield


def rounds(logs: Path, folder: Path) -> dict[str, float]:
    """Measure each part several times in turn, in seconds of processor time."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    stored = [path.read_bytes() for path in sorted(logs.rglob("*.json.gz"))]
    texts = [isal_zlib.decompress(data, wbits=31) for data in stored]
    columns, account = read(str(logs))
    columns = columns.combine_chunks()
    parser = simdjson.Parser()

    def parse() -> None:
        for text in texts:
            parser.parse(text)

    found: dict[str, list[float]] = defaultdict(list)
    for turn in range(ROUNDS):
        store = Store.open(str(folder / f"store{turn}"), create=True)
        clock, split = Clock(), Clock()
        work: dict[str, Callable[[], object]] = {
            "gunzip": lambda: [isal_zlib.decompress(data, wbits=31) for data in stored],
            "parse": parse,
            "parquet": lambda: pq.write_table(columns, folder / "floor.parquet", compression="zstd"),
            "read_json": lambda: read_json(logs, folder / "read_json.parquet"),
            "ingest": lambda to=store: ingest(to, str(logs)),
            "settle": lambda of=store: station.settle(of, threads=1),
        }
        for part, run in work.items():
            with _watched(split) if part == "settle" else _watched(Clock()):
                clock.timed(part, run)()
        for part, seconds in clock.spent.items():
            found[part].append(seconds)
        for part, seconds in split.spent.items():
            found[f"  {part}"].append(seconds)
    return {part: statistics.median(each) for part, each in found.items()} | {"events": float(account.events)}


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(rounds(Path(sys.argv[1]), Path(sys.argv[2]))))
