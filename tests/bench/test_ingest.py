"""What ingest costs, as ratios measured in one run on one core; other work on the machine falls on all parts alike.

    pytest -m bench -n 0 -s tests/bench/test_ingest.py

TRAILWATCH_BENCH_EVENTS sets the number of events (200,000), TRAILWATCH_BENCH_MEMORY_EVENTS those of the memory test
(1,000,000). The floor: gunzip, a SIMD parse of the same bytes, and a zstd Parquet write of the same columns in Arrow.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import simdjson
from isal import isal_zlib
from servers import S3Server
from trails import key

from trailwatch.ingest.collect import ingest, read
from trailwatch.ingest.identities import PATHS
from trailwatch.ingest.records import FLAGS, NESTED, TEXTS
from trailwatch.simulate import stream
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS_WANTED = int(os.environ.get("TRAILWATCH_BENCH_EVENTS", "200000"))
MEMORY_EVENTS = int(os.environ.get("TRAILWATCH_BENCH_MEMORY_EVENTS", "1000000"))
OBJECT = 500  # records
SMALL = 12  # records; about 2 KB gzipped
ROUNDS = 3


def records(count: int, *, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield simulated events of a busy organisation."""
    left = count
    while left > 0:
        for _, some in stream(seed=seed, days=30, start=date(2026, 6, 1), scale=40, story=False):
            yield from some[:left]
            left -= len(some)
            if left <= 0:
                return
        seed += 1


def write(folder: Path, count: int, size: int) -> list[Path]:
    """Write simulated events as objects of a trail."""
    paths, waiting = [], []
    for record in records(count):
        waiting.append(record)
        if len(waiting) == size:
            path = folder / key(len(paths), day=waiting[0]["eventTime"][:10])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(msgspec.json.encode({"Records": waiting}), 6))
            paths.append(path)
            waiting = []
    return paths


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of objects of 500 events each."""
    folder = tmp_path_factory.mktemp("logs")
    write(folder, EVENTS_WANTED, OBJECT)
    return folder


def on_one_core(*arguments: str) -> dict[str, float]:
    """Run this file as a program of its own, on one core."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ARROW_NUM_THREADS": "1"},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_ingest_against_the_floor_and_againstread_json(logs: Path, tmp_path: Path) -> None:
    figures = on_one_core("rates", str(logs), str(tmp_path))
    count = figures.pop("events")
    for name, seconds in figures.items():
        print(f"{name:<12} {seconds / count * 1e6:6.2f} µs/event {count / seconds:10,.0f} events/s")
    floor = figures["gunzip"] + figures["parse"] + figures["parquet"]
    print(f"ingest is {floor / figures['ingest']:.2f} of the floor (wanted 0.65)")
    print(f"ingest is {figures['read_json'] / figures['ingest']:.1f} × read_json (wanted 6)")


def test_memory(tmp_path: Path) -> None:
    # Copies of the same objects under other names: memory does not depend on what the events say.
    seed = write(tmp_path / "seed", 50_000, OBJECT)
    folder = tmp_path / "logs"
    for copy in range(MEMORY_EVENTS // 50_000):
        for place, path in enumerate(seed):
            target = folder / key(copy * 10_000 + place, day=f"2026-{copy % 12 + 1:02d}-{copy % 28 + 1:02d}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
    figures = on_one_core("memory", str(folder), str(tmp_path / "store"))
    print(f"{figures['events']:,.0f} events, peak memory {figures['peak'] / 2**20:,.0f} MB (wanted under 1,024)")
    assert figures["peak"] < 2**30


def test_small_objects_from_s3(aws: S3Server, tmp_path: Path) -> None:
    count = min(EVENTS_WANTED, 100_000) // SMALL
    bucket = aws.bucket()
    client = aws.store(bucket)
    paths = write(tmp_path / "logs", count * SMALL, SMALL)
    keys = [path.relative_to(tmp_path / "logs").as_posix() for path in paths]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: obstore.put(client, pair[0], pair[1].read_bytes()), zip(keys, paths, strict=True)))

    def bare() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda at: bytes(obstore.get(client, at).bytes()), keys))

    rates: dict[str, list[float]] = {"bare": [], "ingest": []}
    for turn in range(ROUNDS):
        rates["bare"].append(count / _seconds(bare))
        store = Store.open(str(tmp_path / f"store{turn}"), create=True)
        rates["ingest"].append(count / _seconds(lambda to=store: ingest(to, f"s3://{bucket}")))
    size = statistics.mean(path.stat().st_size for path in paths)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(f"objects of {size:,.0f} bytes: bare {medians['bare']:,.0f}/s, ingest {medians['ingest']:,.0f}/s, "
          f"ratio {medians['ingest'] / medians['bare']:.2f} (wanted 0.70)")  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _processor(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def rates(logs: Path, folder: Path) -> dict[str, float]:
    """Measure each part, several times in turn, in seconds of processor time."""
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

    def commit() -> None:
        done = ingest(Store.open(str(folder / f"store{random.random()}"), create=True), str(logs))
        assert done.events == account.events

    parts: dict[str, Callable[[], object]] = {
        "gunzip": lambda: [isal_zlib.decompress(data, wbits=31) for data in stored],
        "parse": parse,
        "parquet": lambda: pq.write_table(columns, folder / "floor.parquet", compression="zstd"),
        "ingest": commit,
        "read_json": lambda: read_json(logs, folder / "read_json.parquet"),
    }
    found: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(ROUNDS):
        for name, part in parts.items():
            found[name].append(_processor(part))
    return {name: statistics.median(seconds) for name, seconds in found.items()} | {"events": float(account.events)}


def read_json(logs: Path, target: Path) -> None:
    """Make the same columns the plain way: DuckDB's reader of JSON, with the types given."""
    who: dict[str, Any] = {}
    for path in PATHS.values():
        level = who
        for name in path[:-1]:
            level = level.setdefault(name, {})
        level[path[-1]] = "VARCHAR"
    types = dict.fromkeys(TEXTS.values(), "VARCHAR") | dict.fromkeys(FLAGS.values(), "BOOLEAN")
    types |= dict.fromkeys(NESTED.values(), "JSON") | {"eventTime": "TIMESTAMPTZ", "userIdentity": _struct(who)}
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            f"copy (select unnest(Records, recursive := true) from read_json('{logs}/**/*.json.gz', "
            f"columns = {{Records: '{_struct(types)}[]'}}, maximum_object_size = 100000000)) "
            f"to '{target}' (format parquet, compression zstd)"
        )


def _struct(types: dict[str, Any]) -> str:
    inner = (f'"{name}" {_struct(kind) if isinstance(kind, dict) else kind}' for name, kind in types.items())
    return f"struct({', '.join(inner)})"


def memory(logs: Path, folder: Path) -> dict[str, float]:
    """Measure the peak memory of an ingest."""
    account = ingest(Store.open(str(folder), create=True), str(logs))
    return {"events": float(account.events), "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0}


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps({"rates": rates, "memory": memory}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
