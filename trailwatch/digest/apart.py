"""The detections of a large day, shared among the workers of a cluster: each has the whole day and some of the rules.

Rules ask for events, sessions and history of all shards, so a day is not divided among them; the rules are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import context
from trailwatch.detect.detection import Detection
from trailwatch.detect.scan import Scanned, evaluate, together
from trailwatch.digest import view
from trailwatch.engine import Engine
from trailwatch.findings.reading import Reading
from trailwatch.store.address import Address
from trailwatch.workers import Workers

LARGE = 250_000
"""So many events make a day large: a smaller one is judged sooner than it is seen by all workers."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to see a day as the digest sees it."""

    address: Address
    reading: Reading
    unread: pa.Table
    config: Config
    day: date
    counts: Mapping[str, int]


def shared(
    workers: Workers, job: Job, _engine: Engine, detections: Sequence[Detection], *, history: bool
) -> Scanned:  # fmt: skip
    """Run detections over the day, as `evaluate` does, by all workers; what comes of it is the same."""
    # One rule of each kind after the other, so that each worker gets as many of the dear ones.
    order = sorted(detections, key=lambda rule: (rule.shape, rule.id))
    parts = [order[start :: workers.count] for start in range(min(workers.count, len(order)))]
    return together(detections, workers.map(partial(_some, job, history), parts))


def _some(job: Job, history: bool, detections: Sequence[Detection]) -> Scanned:
    store = job.address.open()
    with Engine(memory=view.memory(store, job.day)) as engine:
        view.show(store, engine, job.reading, job.unread, job.config)
        late = [span.day for span in job.reading.late]
        context.build(engine, job.config, day=job.day, late=late, counts=job.counts)
        return evaluate(engine, detections, history=history)
