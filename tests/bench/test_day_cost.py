"""What a new day costs in a store of 105 days before it, and in one of 51: ingest, settle and digest.

    TRAILWATCH_BENCH_DAY_EVENTS=1000000 pytest -m bench -n 0 -s tests/bench/test_day_cost.py

The stores (50,000 events a day unless told) are made once and kept where TRAILWATCH_BENCH_FOLDER says, else in a temporary
folder. The digest of the day before has been made, as on any morning; each step is a command of its own.
"""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from bench.bulk import FIRST, bulk, logs, scale
from bench.commands import ran

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

A_DAY = int(os.environ.get("TRAILWATCH_BENCH_DAY_EVENTS", "50000"))
LONG, SHORT = 105, 51  # days of history; each is followed by a working day
SECONDS, GIGABYTES, RATIO = 90.0, 2.0, 1.1
WORKERS = 2  # of the ingest, which is Python on one core; settle and digest use all cores through DuckDB


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = os.environ.get("TRAILWATCH_BENCH_FOLDER")
    return Path(told) if told else tmp_path_factory.mktemp("days")


def _ran(*words: str) -> dict[str, float]:
    found = ran(*words)
    print(f"  trailwatch {words[0]}: {found['seconds']:.1f} s, {found['peak']:.2f} GB")
    return found


def _costs(folder: Path, days: int) -> list[dict[str, float]]:
    """Return what each step of the new day costs after so many days."""
    place = folder / f"days-{days}-{A_DAY}"
    if not (place / "made").exists():
        shutil.rmtree(place, ignore_errors=True)
        bulk(place, A_DAY * days, days=days)
        logs(place / "logs", days=1, start=FIRST + timedelta(days), scale=scale(A_DAY))
        (place / "made").touch()
    # What the new day writes is put beside a store that stays as it is for the next time.
    store = place / "again"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(place / "store", store, copy_function=os.link)
    print(f"\n{days} days of {A_DAY:,} events before it, the day before:")
    at = ("--store", str(store), "--quiet")
    _ran("digest", "--date", str(FIRST + timedelta(days - 1)), *at)
    print("the new day:")
    return [
        _ran("ingest", str(place / "logs"), "--workers", str(WORKERS), *at),
        _ran("settle", *at),
        _ran("digest", "--date", str(FIRST + timedelta(days)), *at),
    ]


def test_a_new_day(folder: Path) -> None:
    short, long = (_costs(folder, days) for days in (SHORT, LONG))
    before, after = (sum(step["seconds"] for step in steps) for steps in (short, long))
    peak = max(step["peak"] for step in long)
    print(f"together {after:.1f} s (wanted {SECONDS:.0f}), {peak:.2f} GB (wanted {GIGABYTES:.0f}); history doubled costs "
          f"{after / before:.2f} × (wanted {RATIO})")  # fmt: skip
    assert after < SECONDS
    assert peak < GIGABYTES
    assert after / before <= RATIO
