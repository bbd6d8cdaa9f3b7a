"""How the cost of a first day grows with events, days, identities and objects: each doubled and doubled again.

    pytest -m bench -n 0 -s tests/bench/test_growth.py

TRAILWATCH_BENCH_EVENTS sets the smallest number of events (40,000). Each row is a new store; ingest, settle and the digest
of the last day are commands, of which processor seconds (the start of Python with them) and the highest peak are told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench.bulk import A_DAY
from bench.commands import ran
from isal import igzip
from trails import key

from trailwatch.simulate import stream

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS = int(os.environ.get("TRAILWATCH_BENCH_EVENTS", "40000"))
FIRST = date(2026, 3, 3)
STEPS = (1, 2, 4)
# What a step multiplies; a simulated working day at scale 1 has A_DAY events.
GROWS: dict[str, Any] = {
    "events": lambda by: {"scale": by * EVENTS / A_DAY},
    "days": lambda by: {"scale": EVENTS / A_DAY, "days": by * 3},
    "identities": lambda by: {"scale": EVENTS / A_DAY, "people": by * 50},
    "objects": lambda by: {"scale": EVENTS / A_DAY, "size": 40 // by},
}


def _write(folder: Path, *, scale: float, days: int = 1, people: int | None = None, size: int = 500) -> int:
    """Write simulated days as objects of so many records, and return how many records there were."""
    waiting: list[Any] = []
    count = 0

    def written(records: list[Any]) -> None:
        path = folder / key(count, day=records[0]["eventTime"][:10])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(igzip.compress(msgspec.json.encode({"Records": records}), 1))

    for record in _records(scale=scale, days=days, people=people):
        if waiting and (len(waiting) == size or waiting[0]["eventTime"][:10] != record["eventTime"][:10]):
            written(waiting)
            waiting = []
        waiting.append(record)
        count += 1
    written(waiting)
    return count


def _records(**what: Any) -> Iterator[Any]:
    for _, records in stream(start=FIRST, story=False, **what):
        yield from records


@pytest.mark.parametrize("what", GROWS)
def test_growth(what: str, tmp_path: Path) -> None:
    print(f"\n{what:<12}{'events':>9}{'objects':>9}{'ingest':>9}{'settle':>9}{'digest':>9}   peak")
    for by in STEPS:
        how = GROWS[what](by)
        folder = tmp_path / str(by)
        events = _write(folder / "logs", **how)
        objects = sum(1 for _ in folder.rglob("*.gz"))
        at = ("--store", str(folder / "store"), "--quiet")
        last = FIRST + timedelta(how.get("days", 1) - 1)
        steps = [ran("ingest", str(folder / "logs"), *at), ran("settle", *at), ran("digest", "--date", str(last), *at)]
        spent = "".join(f"{step['processor']:7.1f} s" for step in steps)
        print(f"{f'× {by}':<12}{events:>9,}{objects:>9,}{spent}   {max(step['peak'] for step in steps):.2f} GB")
