"""Records → columns of `events`, a few hundred at a time, while their text is still in the processor's cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from trailwatch.ingest.records import ABSENT, FLAGS, NESTED, TEXTS, Record, Text, flag, moments
from trailwatch.store.schema import EVENTS

_PIECE = 256  # records
_EVENTS = frozenset(("Management", "Data"))
_TYPES = frozenset(("AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", "AwsConsoleAction"))
# One getter a column: that is faster than rows of values that are turned into columns.
_time, _identity = attrgetter("event_time"), attrgetter("user_identity")
_texts = {name: attrgetter(name) for name in TEXTS}
_flags = {name: attrgetter(name) for name in FLAGS}
_nested = {name: attrgetter(name) for name in NESTED}


@dataclass(frozen=True)
class Source:
    """The bytes of one object, and its records."""

    object_id: int
    data: bytes
    records: list[Record]


class Rows:
    """Events that become one table; identities are kept once each, until the table is made."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[Source] = []
        self._records = 0
        self._pieces: dict[str, list[pa.Array]] = defaultdict(list)
        self._identities: dict[bytes, int] = {}
        self._who: list[np.ndarray[Any, np.dtype[np.int32]]] = []
        self._objects: list[tuple[int, int]] = []

    def add(self, source: Source) -> list[Source]:
        """Take one object, and return objects whose records are not all plain events and need a closer look."""
        self._waiting.append(source)
        self._records += len(source.records)
        return self.flush() if self._records >= _PIECE else []

    def flush(self) -> list[Source]:
        """Make columns of what waits, and return objects that need a closer look."""
        waiting, self._waiting, self._records = self._waiting, [], 0
        if self._take(waiting):
            return []
        # One object may spoil it for those beside it.
        return waiting if len(waiting) == 1 else [each for each in waiting if not self._take([each])]

    def _take(self, sources: Sequence[Source]) -> bool:
        records = [record for source in sources for record in source.records]
        if not records:
            return True
        texts = _columns(records)
        if not plain(texts) or not self._build(texts, records):
            return False
        self._objects += [(source.object_id, len(source.records)) for source in sources]
        return True

    def keep(self, records: list[Record], object_id: int) -> None:
        """Take records that are known to be plain events."""
        if records:
            if not self._build(_columns(records), records):
                raise ValueError("records without a time were taken for events")
            self._objects.append((object_id, len(records)))

    def table(self, *, now: datetime, shards: int = 1) -> pa.Table:
        """Return all events, after the last flush, as rows of `events`."""
        if not self.count:
            return EVENTS.columns.empty_table()
        # Small pieces would reach the writer of the table as small batches.
        columns = {name: pa.concat_arrays(pieces) for name, pieces in self._pieces.items()}
        for name in (*TEXTS, *NESTED):
            columns[name] = redact.column(columns[name])
        columns |= self._identity_columns(columns["console_session"])
        columns["dt"] = columns["event_time"].cast(pa.date32())
        ids, counts = zip(*self._objects, strict=True)
        columns["object_id"] = pa.array(np.repeat(np.array(ids, np.int64), counts))
        columns["ingested_at"] = pa.repeat(pa.scalar(now, EVENTS.columns.field("ingested_at").type), self.count)
        columns["shard"] = self._shards(columns, shards)
        return pa.table({name: columns[name] for name in EVENTS.columns.names})

    def _build(self, texts: Mapping[str, Sequence[Text]], records: Sequence[Record]) -> bool:
        times = moments(list(map(_time, records)))
        if times.null_count:
            return False
        pieces = self._pieces
        pieces["event_time"].append(times)
        for name, values in texts.items():
            pieces[name].append(pa.array(values, pa.string()))
        for name, get in _flags.items():
            pieces[name].append(_flag_column(list(map(get, records))))
        for name, get in _nested.items():
            pieces[name].append(_json_column(list(map(get, records))))
        known = self._identities
        who = [known.setdefault(raw, len(known)) for raw in map(bytes, map(_identity, records))]
        self._who.append(np.array(who, np.int32))
        self.count += len(records)
        return True

    def _identity_columns(self, console: pa.Array) -> dict[str, pa.Array]:
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


def plain(of: Mapping[str, Sequence[Text]]) -> bool:
    """Tell from the columns of text whether all records are plain events that carry an id and a name."""
    categories = set(of["event_category"])
    return (
        # Until 2021 records had a type and no category.
        (categories <= _EVENTS or (categories <= _EVENTS | {None} and _TYPES.issuperset(of["event_type"])))
        and all(of["event_id"])
        and (None not in of["event_source"] or None not in of["event_name"])
    )


def _columns(records: Sequence[Record]) -> dict[str, list[Text]]:
    return {name: list(map(get, records)) for name, get in _texts.items()}


def _flag_column(flags: list[bool | str | None]) -> pa.Array:
    try:
        return pa.array(flags, pa.bool_())
    except pa.ArrowInvalid:
        # Some are text.
        return pa.array([flag(value) for value in flags], pa.bool_())


def _json_column(raws: list[msgspec.Raw]) -> pa.Array:
    """Return JSON text as a column, without a Python object for each value; `null` is no value."""
    if raws.count(ABSENT) == len(raws):
        return pa.nulls(len(raws), pa.string())
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
