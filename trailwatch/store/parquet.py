"""Rows → Parquet files of one partition each, for the tables that an ingest appends to.

Columns that come in bundles are written as dictionaries: the text of each row is not compared again.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from trailwatch.errors import StoreError
from trailwatch.store import bundles
from trailwatch.store.schema import Table

Put = Callable[[str, pa.Buffer], None]
Action = AddAction | RemoveAction

_ROW_GROUP = 256_000
# Bounds of other columns than the time would skip nothing, and ids never repeat.
_BOUNDED = "event_time"
_ONCE = frozenset(("event_id", "request_id"))


def write(rows: pa.Table, layout: Table, put: Put) -> list[Action]:
    """Write rows as one file per partition through `put`, and return what a commit has to add."""
    if bundles.names(rows) != set(layout.columns.names):
        raise StoreError(f"rows are not those of table {layout.name}")
    actions: list[Action] = []
    for values, part in _partitions(rows, layout):
        folder = "/".join(f"{key}={value}" for key, value in values.items())
        path = f"{folder}/part-00000-{uuid.uuid4()}-c000.zstd.parquet"
        data = _encode(_fitted(part, layout))
        put(path, data)
        actions.append(AddAction(path, data.size, values, int(time.time() * 1000), True, statistics(part)))
    return actions


def _partitions(rows: pa.Table, layout: Table) -> Iterator[tuple[dict[str, str | None], pa.Table]]:
    keys = [rows[name].cast(layout.columns.field(name).type).cast(pa.int32()).to_numpy() for name in layout.partitions]
    changes = np.flatnonzero(np.logical_or.reduce([key[1:] != key[:-1] for key in keys])) + 1
    starts = [0, *changes.tolist()]
    spans: dict[tuple[int, ...], list[pa.Table]] = {}
    for start, end in zip(starts, [*starts[1:], rows.num_rows], strict=True):
        spans.setdefault(tuple(int(key[start]) for key in keys), []).append(rows.slice(start, end - start))
    for found in spans.values():
        part = pa.concat_tables(found)
        values: dict[str, str | None] = {name: str(part[name][0].as_py()) for name in layout.partitions}
        yield values, part.drop_columns(list(layout.partitions))


def _fitted(part: pa.Table, layout: Table) -> pa.Table:
    """Return rows with the layout's columns, in its order and of its types, or dictionaries of these."""
    spread = bundles.dictionaries(part)
    columns = {}
    for field in layout.columns:
        if field.name not in layout.partitions:
            column = spread[field.name]
            plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            columns[field.name] = column if plain == field.type else column.cast(field.type)
    return pa.table(columns).combine_chunks()


def _encode(part: pa.Table) -> pa.Buffer:
    out = pa.BufferOutputStream()
    pq.write_table(
        part,
        out,
        compression="zstd",
        compression_level=1,
        row_group_size=_ROW_GROUP,
        use_dictionary=[name for name in part.column_names if name not in _ONCE],
        write_statistics=[name for name in part.column_names if name == _BOUNDED],
        # Without it readers see plain text, as the layout says.
        store_schema=False,
    )
    return out.getvalue()


def statistics(part: pa.Table) -> str:
    """Return what the log of a table tells of the rows of a file."""
    told: dict[str, Any] = {"numRecords": part.num_rows}
    if _BOUNDED in part.column_names:
        bounds = pc.min_max(part[_BOUNDED]).as_py()
        told["nullCount"] = {_BOUNDED: part[_BOUNDED].null_count}
        if bounds["min"] is not None:
            for name, key in (("minValues", "min"), ("maxValues", "max")):
                told[name] = {_BOUNDED: bounds[key].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    return json.dumps(told)
