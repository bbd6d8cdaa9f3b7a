"""The figures that .github/SIZING.md is computed from: processor time and bytes of each station, at a modest size.

    pytest -m bench -n 0 -s tests/bench/test_sizing.py

Prints what tests/sizing.toml holds. TRAILWATCH_BENCH_SCALE sets the size of the simulated organization (300: about
70,000 events on a working day); the slope of the digest is taken between this and a third of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench.test_ingest import SMALL, write
from isal import igzip
from servers import S3Server

import trailwatch as tw
from trailwatch.ingest.collect import ingest
from trailwatch.simulate import stream
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

SCALE = float(os.environ.get("TRAILWATCH_BENCH_SCALE", "300"))
FIRST = date(2026, 3, 3)
DAYS = 3
SMALL_OBJECTS = 5_000


def _cost(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    done = work()
    return time.process_time() - begun, done


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _organization(folder: Path, scale: float) -> dict[str, float]:
    size = 0
    for key, records in stream(days=DAYS, start=FIRST, scale=scale, story=False):
        path = folder / "logs" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(igzip.compress(msgspec.json.encode({"Records": records}), 1))
    trail = tw.open(str(folder / "store"), config=tw.Config(), create=True)
    read, account = _cost(lambda: trail.ingest(str(folder / "logs")))
    settled, _ = _cost(trail.settle)
    day = FIRST + timedelta(days=DAYS - 1)
    told, page = _cost(lambda: trail.digest(day))
    rows = trail.sql("select count(*) as n from activity").df()["n"][0]
    place = folder / "store"
    profiles = sum(_bytes(place / table) for table in ("sessions", "activity", "identity_days", "seen"))
    return {
        "events": account.events, "source_bytes": size, "ingest": read, "settle": settled, "digest": told,
        "day": page.coverage.events, "events_bytes": _bytes(place / "events"), "profile_bytes": profiles,
        "activity_rows": float(rows), "identities": page.coverage.identities,
    }  # fmt: skip


def test_figures(aws: S3Server, tmp_path: Path) -> None:
    large, small = _organization(tmp_path / "large", SCALE), _organization(tmp_path / "small", SCALE / 3)
    bucket = aws.bucket()
    write(tmp_path / "objects", SMALL_OBJECTS * SMALL, SMALL)
    count = aws.fill(bucket, tmp_path / "objects")
    fetched, account = _cost(lambda: ingest(Store.open(str(tmp_path / "s"), create=True), f"s3://{bucket}"))
    events = large["events"]
    per_event = large["ingest"] / events
    slope = (large["digest"] - small["digest"]) / (large["day"] - small["day"])
    print()
    for name, value in {
        "ingest_us_per_event": per_event * 1e6,
        "object_us": (fetched - account.events * per_event) / count * 1e6,
        "settle_us_per_event": large["settle"] / events * 1e6,
        "digest_s": large["digest"] - slope * large["day"],
        "digest_us_per_event": slope * 1e6,
        "source_bytes_per_event": large["source_bytes"] / events,
        "events_bytes_per_event": large["events_bytes"] / events,
        "profile_bytes_per_event": large["profile_bytes"] / events,
        "activity_rows_per_event": large["activity_rows"] / events,
    }.items():
        print(f"{name} = {value:.3g}")
    print(f"# {events:,.0f} events of {large['identities']:.0f} identities, {large['day']:,.0f} on the day of the digest; "
          f"{count:,} objects of {SMALL} events from a server on this machine")  # fmt: skip
