"""Records as JSON text → rows of `events` and `others`: one SQL relation makes the columns, for tests as for trails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trailwatch.engine import Engine
from trailwatch.store.schema import EVENTS, OTHERS

_NO_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Decoded:
    """What a batch of records became."""

    events: pa.Table
    others: pa.Table


def records(items: Sequence[dict[str, Any]], *, shards: int = 1) -> pa.Table:
    """Return JSON records as rows of `events`, through the decoder that reads trails.

    A record that is no event (another class, or not understood) is not among the rows.
    """
    with Engine(threads=1) as engine:
        return decode(engine, [msgspec.json.encode(item) for item in items], shards=shards).events


def decode(
    engine: Engine,
    raws: Sequence[bytes | msgspec.Raw],
    *,
    object_ids: Sequence[int] | None = None,
    days: Sequence[date] | None = None,
    shards: int = 1,
    now: datetime | None = None,
) -> Decoded:
    """Turn the JSON text of records into rows; `days` serve the records that have no time of their own."""
    count = len(raws)
    engine.table(
        "arriving",
        pa.table(
            {
                "raw": text_column(raws),
                "object_id": pa.array(object_ids if object_ids is not None else np.zeros(count, np.int64), pa.int64()),
                "key_day": pa.array(days if days is not None else [_NO_DAY] * count, pa.date32()),
            }
        ),
    )
    rows = engine.relation("decode", shards=shards, now=now or datetime.now(UTC))
    other = pc.not_equal(rows["record_class"], "")
    if not pc.any(other).as_py():
        return Decoded(rows.select(EVENTS.columns.names).cast(EVENTS.columns), OTHERS.columns.empty_table())
    return Decoded(
        rows.filter(pc.invert(other)).select(EVENTS.columns.names).cast(EVENTS.columns),
        rows.filter(other).select(OTHERS.columns.names).cast(OTHERS.columns),
    )


def text_column(raws: Sequence[bytes | msgspec.Raw]) -> pa.Array:
    """Return byte strings, known to be UTF-8, as one Arrow column with a single copy."""
    ends = np.zeros(len(raws) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, raws), np.int32, len(raws)), out=ends[1:])
    return pa.StringArray.from_buffers(len(raws), pa.py_buffer(ends), pa.py_buffer(b"".join(raws)))
