"""How large a machine, or how many workers: .github/SIZING.md computed from the measured figures in sizing.toml.

python tests/sizing.py > .github/SIZING.md
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_name("sizing.toml")
HOUR = 3600.0
HISTORY = 90  # days
GET, LIST = 0.4, 5.0  # dollars for a million GETs, and for a million LISTs, in us-east-1
ROWS = (
    ("accounts", "accounts", "{:,.0f}"),
    ("events a day", "events", "{:,.0f}"),
    ("log files a day", "objects", "{:,.0f}"),
    ("ingest, core-hours", "ingest", "{:,.2f}"),
    ("settle, core-hours", "settle", "{:,.2f}"),
    ("digest, core-hours", "digest", "{:,.2f}"),
    ("workers that ingest and settle a day in an hour", "workers", "{:,.0f}"),
    ("shards", "shards", "{:,.0f}"),
    ("source a day, GB", "source", "{:,.2f}"),
    ("store a day, GB", "store", "{:,.2f}"),
    ("store of 90 days, GB", "history", "{:,.1f}"),
    ("activity rows of 90 days, millions", "rows", "{:,.1f}"),
    ("S3 requests to read a day, dollars", "dollars", "{:,.2f}"),
)


def computed(figures: Mapping[str, float], of: Mapping[str, float]) -> dict[str, float]:
    """Return what an organization needs each day."""
    events, objects = of["events"], of["objects"]
    ingest = (events * figures["ingest_us_per_event"] + objects * figures["object_us"]) / 1e6
    settle = events * figures["settle_us_per_event"] / 1e6
    digest = figures["digest_s"] + events * figures["digest_us_per_event"] / 1e6
    workers = math.ceil((ingest + settle) * figures["cluster_processor"] / HOUR)
    if workers > 1:
        settle *= figures["divided_settle"]
        workers = math.ceil((ingest + settle) * figures["cluster_processor"] / HOUR)
    store = events * (figures["events_bytes_per_event"] + figures["profile_bytes_per_event"]) / 1e9
    return {
        "accounts": of["accounts"], "events": events, "objects": objects,
        "ingest": ingest / HOUR, "settle": settle / HOUR, "digest": digest / HOUR,
        "workers": workers, "shards": 1 if workers == 1 else 4 * workers,
        "source": events * figures["source_bytes_per_event"] / 1e9, "store": store, "history": store * HISTORY,
        "rows": events * figures["activity_rows_per_event"] * HISTORY / 1e6,
        "dollars": (objects * GET + objects / 1000 * LIST) / 1e6,
    }  # fmt: skip


def markdown(told: Mapping[str, Any]) -> str:
    """Return the page."""
    figures: Mapping[str, float] = told["figures"]
    found = [computed(figures, one) for one in told["organization"]]
    rows = [f"| {label} | {' | '.join(form.format(one[name]) for one in found)} |" for label, name, form in ROWS]
    commands = "\n".join(f"    {one}" for one in told["commands"])
    core = 1e6 / figures["ingest_us_per_event"]
    both = 1e6 / (figures["ingest_us_per_event"] + figures["settle_us_per_event"])
    return f"""\
# How large

This page is made by `python tests/sizing.py` from the measured figures in `tests/sizing.toml`; a test holds it to them.
Measured on {told["date"]:%-d %B %Y} on {told["machine"]}: {told["measured"]}, by

{commands}

| one core | |
|---|---|
| gzip → committed events | {core:,.0f} events/s |
| gzip → settled store | {both:,.0f} events/s |
| objects of a few events from S3, beside their events | {1e6 / figures["object_us"]:,.0f} objects/s |
| a digest | {figures["digest_s"]:.0f} s, and {figures["digest_us_per_event"]:.0f} s for each million events of its day |
| two workers, processor time for what one process does | {figures["cluster_processor"]:.2f} × |
| settle of a day in several shards, processor time against one shard | {figures["divided_settle"]:.1f} × |
| an event: gzipped at the source; in `events`; in the profiles | {figures["source_bytes_per_event"]:.0f}; {figures["events_bytes_per_event"]:.0f}; {figures["profile_bytes_per_event"]:.0f} bytes |
| rows of `activity` | {figures["activity_rows_per_event"]:.2f} an event |

The table below is these figures times what its first three rows assume; nothing in it was measured at its size. Simulated
events are smaller and more alike than real ones: where your `events` take 120 bytes an event, double the bytes.

| |{" |" * len(found)}
|---|{"---|" * len(found)}
{chr(10).join(rows)}

- One worker is one process on one core; settle lets DuckDB take 1 GB in each. On one machine `--workers N` starts them;
  on several it is `dask scheduler` and `dask worker tcp://…:8786 --nthreads 1`, with the store on S3. dask has workers
  give memory back at once, which slows ingest; `--workers` sets `MALLOC_TRIM_THRESHOLD_=134217728`,
  `MALLOC_MMAP_THRESHOLD_=33554432` and `MALLOC_ARENA_MAX=1` in place of that, and so can you where you start them.
- `[store] shards` divides the accounts of a day, so that several workers settle one day. It holds for days to come; set
  it before the first ingest. One account is never divided: the largest sets the time of its shard.
- A digest is made on one machine. From 250,000 events on its rules are shared among the workers, each of which works out
  the whole day, so the core-hours grow with them. What it reads of the 90 days before is in the figure only as far as a
  history of three days shows it (README, Figures: 300 days cost 1.1 to 1.2 times as much as 100), and its memory was not
  measured beyond 200,000 events a day; over two million it works through the disk. The two columns on the right are
  the aim, not the experience.
- A queue (`sqs://…`) in place of a listing: reading costs no LIST but one a day, and a message each.
"""


if __name__ == "__main__":
    sys.stdout.write(markdown(tomllib.loads(FIGURES.read_text(encoding="utf-8"))))
