"""Columns whose values repeat together, kept as one: a dictionary of structs, each field of which is a column.

What is done once per distinct combination is cheaper than once per row and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[np.int32]]


def bundle(which: pa.Array, columns: Mapping[str, pa.Array]) -> pa.DictionaryArray:
    """Return columns of distinct combinations as one, with the number of its combination for each row."""
    together = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return pa.DictionaryArray.from_arrays(which, together)


def names(rows: pa.Table) -> set[str]:
    """Return the names of all columns, those within bundles too."""
    return {name for field in rows.schema for name in (_inner(field.type) if _bundled(field.type) else [field.name])}


def unbundle(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with plain columns, as the schema has them."""
    found: dict[str, Any] = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if _bundled(column.type):
            found |= {inner: values.take(which) for inner, values, which in _parts(column)}
        else:
            found[name] = column
    return pa.table([_cast(found[field.name], field.type) for field in schema], schema=schema)


def dictionaries(rows: pa.Table) -> pa.Table:
    """Return rows whose bundled text became dictionaries that hold what these rows use, and nothing else."""
    found: dict[str, Any] = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if not _bundled(column.type):
            found[name] = column
            continue
        for inner, values, which in _parts(column):
            if values.null_count == len(values):
                found[inner] = pa.nulls(len(which), values.type)
            elif not pa.types.is_string(values.type):
                found[inner] = values.take(which)
            else:
                once = values.dictionary_encode()
                found[inner] = pa.DictionaryArray.from_arrays(once.indices.take(which), once.dictionary, safe=False)
    return pa.table(found)


def _bundled(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and pa.types.is_struct(kind.value_type))


def _inner(kind: pa.DataType) -> list[str]:
    return [kind.value_type.field(place).name for place in range(kind.value_type.num_fields)]


def _parts(column: pa.ChunkedArray) -> Iterator[tuple[str, pa.Array, pa.Array]]:
    """Yield each column of a bundle: its name, the values of the combinations that are used, and which for each row."""
    values: list[pa.Array] = []
    numbers: list[Numbers] = []
    base = 0
    for chunk in column.chunks:
        own = chunk.indices.to_numpy()
        used = np.zeros(len(chunk.dictionary), bool)
        used[own] = True
        kept = np.flatnonzero(used)
        new = np.zeros(len(used), np.int32)
        new[kept] = np.arange(base, base + len(kept), dtype=np.int32)
        numbers.append(new[own])
        values.append(chunk.dictionary if len(kept) == len(used) else chunk.dictionary.take(pa.array(kept)))
        base += len(kept)
    together = pa.concat_arrays(values) if values else pa.array([], column.type.value_type)
    which = pa.array(np.concatenate(numbers) if numbers else np.zeros(0, np.int32))
    for place, name in enumerate(_inner(column.type)):
        yield name, together.field(place), which


def _cast(column: Any, kind: pa.DataType) -> Any:
    return column if column.type == kind else column.cast(kind)
