"""What a scan with many rules costs: the whole catalogue, and 30 and 200 rules, against counting events by source and name.

    pytest -m bench -n 0 -s tests/bench/test_scan_cost.py

TRAILWATCH_BENCH_EVENTS sets the number of events (500,000). Processor time: a busy machine cannot stretch it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from trailwatch.detect import catalogue, context
from trailwatch.detect.detection import Detection
from trailwatch.detect.scan import scan
from trailwatch.engine import Engine
from trailwatch.ingest.collect import read
from trailwatch.profile import sessions
from trailwatch.store.schema import EVENTS

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS_WANTED = int(os.environ.get("TRAILWATCH_BENCH_EVENTS", "500000"))
FEW, MANY = 30, 200
MOST_GROWTH = 3.0
SAMPLE_LOGS = Path(__file__).parents[2] / "sample_logs"

# Every day of the sample organization, many times over, on one day: each with users, keys, roles and addresses of its own.
COPY = """
select * replace (
    event_id || '-' || $copy as event_id,
    timestamptz '2026-03-11' + (event_time - date_trunc('day', event_time)) as event_time,
    date '2026-03-11' as dt,
    access_key_id || '-' || dayofyear(dt) || '-' || $copy as access_key_id,
    replace(source_ip, '198.51.', '10' || ($copy % 90) || '.51.') as source_ip,
    user_name || '-' || dayofyear(dt) || '-' || $copy as user_name,
    identity_principal_id || '-' || dayofyear(dt) || '-' || $copy as identity_principal_id)
from few
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Parquet files of so many events, as a store holds them."""
    few, _ = read(str(SAMPLE_LOGS))
    folder = tmp_path_factory.mktemp("events")
    written: list[str] = []
    rows = 0
    with Engine(threads=2) as engine:
        engine.table("few", few)
        for copy in range(-(-EVENTS_WANTED // len(few))):
            made = engine.query(COPY, copy=copy).slice(0, EVENTS_WANTED - rows).cast(few.schema)
            rows += len(made)
            written.append(str(folder / f"{copy:04d}.parquet"))
            pq.write_table(made, written[-1], compression="zstd")
    assert rows == EVENTS_WANTED
    return written


def varied(detections: Sequence[Detection], number: int) -> list[Detection]:
    """As many rules as asked for: the catalogue's own, evenly drawn, then again under other names with another condition."""
    own = [detection for detection in detections if detection.shape != "snapshot"]
    drawn = [own[place * len(own) // number] for place in range(min(number, len(own)))]
    for turn in range(number - len(drawn)):
        one = own[turn % len(own)]
        drawn.append(msgspec.structs.replace(
            one, id=f"{one.id}-again-{turn}", supersedes=(),
            where=f"({one.where}\n) and account <> 'none-{turn}'" if one.where else "",
            query=f"select * from (\n{one.query}\n) where event_id <> 'none-{turn}'" if one.query else ""))  # fmt: skip
    return drawn


def cost(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def shown(files: Sequence[str]) -> Engine:
    engine = Engine(threads=2)
    engine.files("raw_events", files, EVENTS.columns)
    sessions.resolve(engine, aliases={})
    return engine


def scanned(files: Sequence[str], rules: Sequence[Detection]) -> tuple[float, float, int]:
    """Return what it cost to bring the events into scope and to run the rules, and the hits."""
    with shown(files) as engine:
        scope = cost(lambda: context.build(engine))
        hits = 0

        def run() -> None:
            nonlocal hits
            found = scan(engine, rules, built=True)
            assert found.not_run == ()
            hits = len(found.hits)

        return scope, cost(run), hits


def test_two_hundred_rules_cost_little_more_than_thirty(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    own = list(catalogue.load())
    with shown(files) as engine:
        counting = "select event_source, event_name, count(*) from raw_events group by all"
        meaning = "select event_source, event_name, outcome, origin, principal, count(*) from attributed group by all"
        count, understand = (min(cost(partial(engine.query, text)) for _ in range(2)) for text in (counting, meaning))
    with capsys.disabled():
        print(
            f"\n{EVENTS_WANTED:,} events: counted by source and name in {count:.2f} s of CPU, by what they mean in {understand:.2f} s"
        )
        figures = {}
        for name, rules in (("30 rules", varied(own, FEW)), ("the catalogue", own), ("200 rules", varied(own, MANY))):
            scope, run, hits = scanned(files, rules)
            figures[name] = scope + run
            print(
                f"  {name} ({len(rules)}): scope {scope:.2f} s + rules {run:.2f} s = {scope + run:.2f} s of CPU, "
                f"{(scope + run) / count:.0f} × counting, {(scope + run) / understand:.1f} × meaning, {hits:,} hits"
            )
        growth = figures["200 rules"] / figures["30 rules"]
        print(f"  200 rules cost {growth:.2f} × 30 rules")
    assert growth <= MOST_GROWTH
