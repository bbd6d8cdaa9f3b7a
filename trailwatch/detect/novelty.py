"""Detections of what was never there before: distinct keys of the day, minus what the store has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from trailwatch.detect import compile as sql
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.store.schema import FLAG, INT, TEXT

# The first days of an identity, and of a whole account, only teach what is usual.
LEARNING_DAYS = {"principal": 14, "person": 14, "account": 30}
# Without a store a quarter of the time that the files cover teaches, within these bounds.
_SHORTEST, _LONGEST = 3600.0, 14 * 86400.0

_ASKED = pa.schema([("rule", INT), ("id", TEXT), ("dimension", TEXT), ("kind", TEXT), ("peers", FLAG),
                    ("learning_days", INT)])  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Hits of `new` detections, how many new values belong to identities still learned, and what had no basis."""

    hits: list[pa.Table]
    learning: dict[str, int] = field(default_factory=dict)
    unable: dict[str, str] = field(default_factory=dict)


def find(engine: Engine, detections: Sequence[Detection], *, history: bool) -> Told:
    """Return the hits of `new` detections in one scan of `scope`."""
    learning = 0.0
    if not history:
        span = engine.rows("select coalesce(epoch(max(event_time)) - epoch(min(event_time)), 0) from scope")[0][0]
        if span < _SHORTEST:
            reason = "no history, and these files cover less than an hour: nothing to compare with"
            return Told([], unable={detection.id: reason for detection in detections})
        learning = min(max(span / 4, _SHORTEST), _LONGEST)
    rows = [
        {"rule": rule, "id": d.id, "dimension": d.new.of, "kind": d.new.for_, "peers": d.new.peers,
         "learning_days": LEARNING_DAYS[d.new.for_]}
        for rule, d in enumerate(detections) if d.new]  # fmt: skip
    engine.table("asked", pa.Table.from_pylist(rows, schema=_ASKED))
    engine.execute(f"create or replace table used as {sql.news(detections)}")
    if history:
        engine.build("novel", relation="novel_seen")
    else:
        engine.build("novel", relation="novel_files", learning_seconds=learning)
    held = engine.rows(
        "select a.id, count(*) from novel n join asked a using (rule) where n.learning and n.rare group by a.id"
    )
    return Told([engine.relation("novel_hits", history=history)], learning=dict(held))
