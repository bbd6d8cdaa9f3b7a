"""Records → columns of `events`, a few hundred at a time, while their text is still in the processor's cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trailwatch.ingest import identities, redact
from trailwatch.ingest.records import FLAGS, NESTED, TEXTS, Record, flag, moments
from trailwatch.store.schema import EVENTS

_PIECE = 256  # records
_EVENTS = frozenset(("Management", "Data"))
_TYPES = frozenset(("AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", "AwsConsoleAction"))
_texts = attrgetter("event_time", *TEXTS)
_flags = attrgetter(*FLAGS)
_nested = attrgetter(*NESTED)


@dataclass
class _Waiting:
    object_id: int
    data: bytes
    records: list[Record]


class Rows:
    """Events that become one table; identities are kept once each, until the table is made."""

    def __init__(self, odd: Callable[[int, bytes], Sequence[Record]]) -> None:
        """Take what to do with objects whose records are not all plain events: it returns those that are."""
        self.count = 0
        self._odd = odd
        self._waiting: list[_Waiting] = []
        self._records = 0
        self._pieces: dict[str, list[pa.Array]] = defaultdict(list)
        self._identities: dict[bytes, int] = {}
        self._who: list[np.ndarray[Any, np.dtype[np.int32]]] = []
        self._objects: list[tuple[int, int]] = []

    def add(self, records: list[Record], object_id: int, data: bytes) -> None:
        """Take the records of one object, as they are in its bytes."""
        self._waiting.append(_Waiting(object_id, data, records))
        self._records += len(records)
        if self._records >= _PIECE:
            self._flush()

    def keep(self, records: list[Record], object_id: int) -> None:
        """Take records that are known to be plain events."""
        if records:
            if not self._build(list(zip(*map(_texts, records), strict=True)), records):
                raise ValueError("records without a time were taken for events")
            self._objects.append((object_id, len(records)))

    def table(self, *, now: datetime, shards: int = 1) -> pa.Table:
        """Return all events as rows of `events`."""
        self._flush()
        if not self.count:
            return EVENTS.columns.empty_table()
        columns = {name: pa.chunked_array(pieces) for name, pieces in self._pieces.items()}
        for name in (*TEXTS, *NESTED):
            columns[name] = redact.column(columns[name].combine_chunks())
        columns |= self._identity_columns(columns["console_session"])
        columns["dt"] = columns["event_time"].cast(pa.date32())
        ids, counts = zip(*self._objects, strict=True)
        columns["object_id"] = pa.array(np.repeat(np.array(ids, np.int64), counts))
        columns["ingested_at"] = pa.repeat(pa.scalar(now, EVENTS.columns.field("ingested_at").type), self.count)
        columns["shard"] = self._shards(columns, shards)
        return pa.table({name: columns[name] for name in EVENTS.columns.names})

    def _flush(self) -> None:
        waiting, self._waiting, self._records = self._waiting, [], 0
        records = [record for each in waiting for record in each.records]
        if not records:
            return
        texts = list(zip(*map(_texts, records), strict=True))
        if plain(texts) and self._build(texts, records):
            self._objects += [(each.object_id, len(each.records)) for each in waiting]
            return
        for each in waiting:
            self.keep(list(self._odd(each.object_id, each.data)), each.object_id)

    def _build(self, texts: list[tuple[Any, ...]], records: Sequence[Record]) -> bool:
        times = moments(texts[0])
        if times.null_count:
            return False
        pieces = self._pieces
        pieces["event_time"].append(times)
        for name, values in zip(TEXTS, texts[1:], strict=True):
            pieces[name].append(pa.array(values, pa.string()))
        for name, flags in zip(FLAGS, zip(*map(_flags, records), strict=True), strict=True):
            pieces[name].append(pa.array(map(flag, flags), pa.bool_(), size=len(flags)))
        for name, raws in zip(NESTED, zip(*map(_nested, records), strict=True), strict=True):
            pieces[name].append(_json_column(raws))
        known = self._identities
        who = [known.setdefault(bytes(record.user_identity), len(known)) for record in records]
        self._who.append(np.array(who, np.int32))
        self.count += len(records)
        return True

    def _identity_columns(self, console: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
        which = pa.array(np.concatenate(self._who))
        each = zip(*map(identities.columns, self._identities), strict=True)
        found = {
            name: pa.DictionaryArray.from_arrays(which, redact.column(pa.array(values, pa.string())))
            for name, values in zip(identities.PATHS, each, strict=True)
        }
        within = found.pop("console_session")
        if within.dictionary.null_count < len(within.dictionary):
            console = pc.coalesce(console, within.cast(pa.string()))
        return {**found, "console_session": console}

    def _shards(self, columns: dict[str, Any], shards: int) -> pa.Array:
        if shards == 1:
            return pa.array(np.zeros(self.count, np.int32))
        recipients = columns["recipient_account_id"].to_pylist()
        owners = columns["identity_account_id"].cast(pa.string()).to_pylist()
        return pa.array(map(_shard, recipients, owners, repeat(shards)), pa.int32(), size=self.count)


def plain(texts: Sequence[Sequence[Any]]) -> bool:
    """Tell from the columns of text whether all records are plain events that carry an id and a name."""
    of = dict(zip(TEXTS, texts[1:], strict=True))
    categories = set(of["event_category"])
    return (
        # Until 2021 records had a type and no category.
        (categories <= _EVENTS or (categories <= _EVENTS | {None} and _TYPES.issuperset(of["event_type"])))
        and all(of["event_id"])
        and (None not in of["event_source"] or None not in of["event_name"])
    )


def _json_column(raws: Sequence[msgspec.Raw]) -> pa.Array:
    """Return JSON text as a column, without a Python object for each value; `null` is no value."""
    lengths = np.fromiter(map(len, raws), np.int32, len(raws))
    kept = lengths > 0
    if not kept.any():
        return pa.nulls(len(raws), pa.string())
    ends = np.zeros(len(raws) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    data = b"".join(raws)
    short = np.flatnonzero(lengths == 4)
    if len(short):
        # Of the values of four letters only `null` begins with an n.
        kept[short] = np.frombuffer(data, np.uint8)[ends[short]] != 0x6E
    valid = pa.py_buffer(np.packbits(kept, bitorder="little"))
    return pa.StringArray.from_buffers(len(raws), pa.py_buffer(ends), pa.py_buffer(data), valid)


def _shard(recipient: str | None, owner: str | None, shards: int) -> int:
    for account in (recipient, owner):
        if account and len(account) == 12 and account.isascii() and account.isdigit():
            return int(account) % shards
    return 0
