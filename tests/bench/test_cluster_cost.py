"""What a second process is worth: the same logs ingested, and settled, by one process on one core and by two.

    pytest -m bench -n 0 -s tests/bench/test_cluster_cost.py

TRAILWATCH_BENCH_EVENTS sets the number of events (200,000). The start of the workers (told apart) is not counted: it is
paid once. Wall time, the median of three rounds; processor time of all processes beside it, for a machine at work.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from bench.test_ingest import EVENTS_WANTED, OBJECT, ROUNDS, write

from trailwatch import cluster
from trailwatch.ingest.collect import ingest
from trailwatch.profile.settle import settle
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]


def test_two_processes_against_one(tmp_path: Path) -> None:
    write(tmp_path / "logs", EVENTS_WANTED, OBJECT)
    found = {count: _run(count, tmp_path) for count in (1, 2)}
    for count, figures in found.items():
        print(f"\n{count} process(es), started in {figures['start']:.1f} s")
        for name in ("ingest", "settle"):
            wall, processor = figures[name]
            print(f"  {name}: {figures['events'] / wall:10,.0f} events/s, {processor / figures['events'] * 1e6:6.1f} µs/event "
                  "of all processors")  # fmt: skip
    for name in ("ingest", "settle"):
        one, two = found[1][name], found[2][name]
        print(f"{name}: two processes are {one[0] / two[0]:.2f} × one (wanted 1.4); "
              f"for the same events they use {two[1] / one[1]:.2f} × the processor time")  # fmt: skip


def _run(count: int, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, str(count), str(folder / "logs"), str(folder)], check=True, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ARROW_NUM_THREADS": "1"},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _processor(workers: Any) -> float:
    own = time.process_time()
    client = getattr(workers, "_client", None)
    return own + sum(client.run(time.process_time).values()) if client else own


def rounds(count: int, logs: Path, folder: Path) -> dict[str, Any]:
    """Measure wall and processor time of each station, several times in turn."""
    found: dict[str, list[tuple[float, float]]] = {"ingest": [], "settle": []}
    begun, events = time.perf_counter(), 0
    with cluster.workers(count=count) as workers:
        start = time.perf_counter() - begun
        for turn in range(ROUNDS + 1):
            store = Store.open(str(folder / f"store{count}"), create=True)
            for name, work in (("ingest", lambda to: ingest(to, str(logs), workers=workers)),
                               ("settle", lambda of: settle(of, workers=workers, threads=1))):  # fmt: skip
                before, processor = time.perf_counter(), _processor(workers)
                done = work(store)
                if turn:  # the first round is the imports'
                    found[name].append((time.perf_counter() - before, _processor(workers) - processor))
                events = done.events if name == "ingest" else events
            shutil.rmtree(store.uri)
    medians = {name: [statistics.median(one) for one in zip(*each, strict=True)] for name, each in found.items()}
    return {"start": start, "events": events, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss} | medians


if __name__ == "__main__":
    if sys.argv[1] == "1":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(rounds(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))))
