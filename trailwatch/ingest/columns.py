"""Values of records → Arrow columns, at a cost per distinct value where values repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, count
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from trailwatch.ingest import redact
from trailwatch.ingest.records import ABSENT

Which = np.ndarray[Any, np.dtype[np.int32]]


class Known:
    """Keys that repeat, each with the number under which it was first seen."""

    def __init__(self) -> None:
        self._numbers: defaultdict[Any, int] = defaultdict(count().__next__)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, keys: Any, *, size: int) -> Which:
        """Return the number of each of `size` keys."""
        return np.fromiter(map(self._numbers.__getitem__, keys), np.int32, size)

    def since(self, start: int) -> list[Any]:
        """Return the keys from a number on."""
        keys = list(self._numbers)
        return keys[start:] if start else keys


def text(values: Sequence[str | None]) -> pa.Array:
    """Return text as a column without session tokens."""
    nulls = values.count(None)
    if nulls == len(values):
        return _nothing(len(values))
    if not nulls and (together := "".join(values)).isascii():  # type: ignore[arg-type]
        # Every letter is a byte, so the lengths of the texts are those of their bytes.
        ends = np.zeros(len(values) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=ends[1:])  # type: ignore[arg-type]
        column = pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(together.encode()))
    else:
        column = pa.array(values, pa.string())
    return redact.column(column)


def json(columns: Mapping[str, Sequence[msgspec.Raw]]) -> dict[str, pa.Array]:
    """Return JSON text as columns without session tokens; `null` is no value.

    They share one buffer, so that there is neither an object nor a call for each value.
    """
    size = len(next(iter(columns.values())))
    given = [name for name, raws in columns.items() if raws.count(ABSENT) < size]
    found: dict[str, pa.Array] = dict.fromkeys(columns, _nothing(size))
    if not given:
        return found
    raws: list[Any] = list(chain.from_iterable(columns[name] for name in given))
    lengths = np.fromiter(map(len, raws), np.int32, len(raws))
    ends = np.zeros(len(raws) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    data = b"".join(raws)
    if len(named := redact.positions(data)):
        rows = np.unique(np.searchsorted(ends, named, side="right") - 1).tolist()
        data = _redacted(data, ends, lengths, rows)
        np.cumsum(lengths, out=ends[1:])
    kept = lengths > 0
    short = np.flatnonzero(lengths == 4)
    if len(short):
        # Of the values of four letters only `null` begins with an n.
        kept[short] = np.frombuffer(data, np.uint8)[ends[short]] != 0x6E
    valid = pa.py_buffer(np.packbits(kept, bitorder="little"))
    together = pa.StringArray.from_buffers(len(raws), pa.py_buffer(ends), pa.py_buffer(data), valid)
    return found | {name: together.slice(place * size, size) for place, name in enumerate(given)}


@lru_cache(maxsize=64)
def _nothing(size: int) -> pa.Array:
    return pa.nulls(size, pa.string())


def _redacted(data: bytes, ends: Which, lengths: Which, rows: Sequence[int]) -> bytes:
    """Return the joined values without the tokens in some of them, and set the lengths of these anew."""
    parts: list[bytes] = []
    done = 0
    for row in rows:
        clean = redact.cell(data[ends[row] : ends[row + 1]].decode()).encode()
        parts += [data[done : ends[row]], clean]
        done = ends[row + 1]
        lengths[row] = len(clean)
    return b"".join([*parts, data[done:]])
