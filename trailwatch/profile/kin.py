"""Rows of sessions that may say something of each other: what a day's events used never asks for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Numbers = np.ndarray[Any, np.dtype[np.int64]]

SLACK = 2_000_000  # µs between the second in which a key was made and the one in which it says so


def kin(rows: pa.Table) -> pa.Table:
    """Return for each session row the number of its kin: rows joined by credential, parent, call, or name and second.

    These are all the ways in which links.sql puts rows together; two rows of different kin never meet there.
    """
    size = rows.num_rows
    every = np.arange(size, dtype=np.int64)
    credential, parent = _codes(rows["credential"], rows["parent_credential"])
    (shared,) = _codes(rows["shared_event_id"])
    ties = [
        # A parent stands among the credentials; one that is no row itself still holds its children together.
        (np.concatenate([every, every]), np.concatenate([credential, parent])),
        (every, shared),
        _namesakes(rows),
    ]
    return pa.table({"number": rows["number"], "kin": _components(size, ties)})


def _codes(*columns: pa.ChunkedArray) -> list[Numbers]:
    """Return texts as numbers, equal where the texts are; -1 where there is none."""
    together = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    encoded = together.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = encoded.dictionary.index("").as_py()
    codes[codes == empty] = -1
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1])


def _namesakes(rows: pa.Table) -> tuple[Numbers, Numbers]:
    """Return rows and a number for each run of one identity and session name made within seconds of each other."""
    names = pc.binary_join_element_wise(rows["principal"], rows["session_name"], "\n")
    (name,) = _codes(names)
    every = np.arange(rows.num_rows, dtype=np.int64)
    found = []
    for column in ("issued_time", "named_time"):
        known = rows[column].is_valid().to_numpy()
        moments = rows[column].cast(pa.int64()).fill_null(0).to_numpy()
        found.append((every[known], name[known], moments[known]))
    which, names_, times = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((times, names_))
    which, names_, times = which[order], names_[order], times[order]
    starts = (names_[1:] != names_[:-1]) | (times[1:] - times[:-1] > SLACK)
    return which, np.concatenate([np.zeros(min(1, len(which)), np.int64), np.cumsum(starts)])


def _components(size: int, ties: Iterable[tuple[Numbers, Numbers]]) -> Numbers:
    """Return the least row number that each row is joined with, over any number of steps."""
    # Rows and what ties them are the two sides of one graph; each kind of tie has numbers of its own.
    left, right, nodes = [], [], size
    for which, codes in ties:
        told = codes >= 0
        left.append(which[told])
        right.append(codes[told] + nodes)
        nodes += int(codes.max(initial=-1)) + 1
    pairs = (np.concatenate(left), np.concatenate(right))
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs[0]), np.int8), pairs), shape=(nodes, nodes))
    _, found = connected_components(graph, directed=False)
    found = found[:size]
    least = np.full(nodes, size, np.int64)
    np.minimum.at(least, found, np.arange(size, dtype=np.int64))
    kin: Numbers = least[found]
    return kin
