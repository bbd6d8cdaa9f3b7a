"""What a digest costs: a day of 200,000 events over 100 days of history, and over three times as many.

    pytest -m bench -s tests/bench/test_digest_cost.py

The history is one simulated week, decoded and settled for real, whose settled tables are then repeated week by week:
a digest reads no event of an earlier day, so only `activity`, `identity_days`, `sessions` and `seen` have to exist.
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trailwatch.config import Config
from trailwatch.digest import build
from trailwatch.engine import Engine
from trailwatch.ingest.decode import records
from trailwatch.profile import settle
from trailwatch.simulate import stream
from trailwatch.simulate.records import Record
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

START = date(2026, 6, 1)  # a Monday
DAY = date(2026, 6, 4)
SCALE = float(os.environ.get("TRAILWATCH_BENCH_SCALE", "900"))
REPEATED = ("activity", "identity_days", "sessions")
RUNS = 3


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One week of events, settled."""
    store = Store.open(str(tmp_path_factory.mktemp("bench") / "week"), create=True)
    pending: list[Record] = []
    for _, found in stream(start=START, days=7, scale=SCALE, story=False):
        pending += found
        if len(pending) > 100_000:
            store.append("events", records(pending))
            pending.clear()
    store.append("events", records(pending))
    settle.settle(store)
    return store


def _with_history(week: Store, folder: Path, days: int) -> Store:
    store = Store.open(str(folder), create=True)
    with Engine() as engine:
        for name in REPEATED:
            week.show(engine, name)
            times = [field.name for field in TABLES[name].columns if str(field.type).startswith("timestamp")]
            moved = ", ".join(f"{column} - $shift * interval 1 day as {column}" for column in times)
            for back in range(0, days + 7, 7):
                rows = engine.query(f"select * replace (cast(dt - $shift as date) as dt, {moved}) from {name} "
                                    "where dt - $shift > $first", shift=back, first=DAY - timedelta(days=days))  # fmt: skip
                store.append(name, rows)
        store.show(engine, "activity")
        engine.execute(
            "create table stale as select distinct cast(date_trunc('month', dt) as date) as month from activity"
        )
        store.append("seen", engine.relation("seen"))
        week.show(engine, "events", days=(DAY, DAY))
        store.append("events", engine.query("select * from events"))
    return store


def _seconds(store: Store) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        page = build.build(store, day=DAY, config=Config(), now=datetime.now(UTC))
        times.append(time.perf_counter() - start)
    assert page.coverage.events > 200_000 * SCALE / 1000
    return statistics.median(times)


def test_digest_cost(week: Store, tmp_path: Path) -> None:
    short, long = _with_history(week, tmp_path / "100", 100), _with_history(week, tmp_path / "300", 300)
    first, second = _seconds(short), _seconds(long)
    print(f"\ndigest over 100 days: {first:.1f} s; over 300 days: {second:.1f} s; ratio {second / first:.2f}")
    assert first < 15
    assert second / first <= 1.2
