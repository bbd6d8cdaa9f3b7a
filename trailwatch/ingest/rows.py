"""Records → columns of `events`, a few hundred at a time, while their text is still in the processor's cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trailwatch.ingest import columns, identities
from trailwatch.ingest.columns import Known, Which
from trailwatch.ingest.records import FLAGS, NESTED, Record, flag, moments
from trailwatch.store.bundles import bundle
from trailwatch.store.schema import EVENTS
from trailwatch.store.shards import FIRST, Numbers

_PIECE = 256  # records
_CATEGORIES = frozenset(("Management", "Data"))
_TYPES = frozenset(("AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", "AwsConsoleAction"))
_NAMES = tuple(field.name for field in msgspec.structs.fields(Record))
# Fields whose values come in few combinations: what was called, and from where. A combination is looked up once for
# all of its fields.
_CALL = (
    "event_category", "event_type", "event_source", "event_name", "event_version", "read_only", "management_event",
    "error_code",
)  # fmt: skip
_PLACE = (
    "source_ip", "user_agent", "aws_region", "recipient_account_id", "console_session", "vpc_endpoint_id",
    "vpc_endpoint_account_id",
)  # fmt: skip
_RARELY_TWICE = ("event_id", "request_id", "shared_event_id", "error_message")

Values = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Source:
    """The bytes of one object, and its records."""

    object_id: int
    data: bytes
    records: list[Record]


class Rows:
    """Events that become one table; what repeats is kept once each, until the table is made."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[Source] = []
        self._records = 0
        self._pieces: dict[str, list[pa.Array]] = defaultdict(list)
        self._calls, self._places, self._identities = Known(), Known(), Known()
        self._odd_calls: list[int] = []
        self._which: dict[str, list[Which]] = defaultdict(list)
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
        if not self._build(records, judged=False):
            return False
        self._objects += [(source.object_id, len(source.records)) for source in sources]
        return True

    def keep(self, records: list[Record], object_id: int) -> None:
        """Take records that are known to be plain events."""
        if records:
            if not self._build(records, judged=True):
                raise ValueError("records without a time were taken for events")
            self._objects.append((object_id, len(records)))

    def table(self, *, now: datetime, shards: int | Numbers = 1) -> pa.Table:
        """Return all events, after the last flush, as rows of `events`; what repeats together is bundled."""
        if not self.count:
            return EVENTS.columns.empty_table()
        # Small pieces would reach the writer of the table as small batches.
        found = {name: pa.concat_arrays(pieces) for name, pieces in self._pieces.items()}
        calls, places = _turned(_CALL, self._calls.since(0)), _turned(_PLACE, self._places.since(0))
        who = _turned(tuple(identities.PATHS), map(identities.columns, self._identities.since(0)))
        numbers = {kind: pa.array(np.concatenate(pieces)) for kind, pieces in self._which.items()}
        found["console_session"] = pc.coalesce(
            places.pop("console_session").take(numbers["place"]), who.pop("console_session").take(numbers["identity"])
        )
        found["dt"] = found["event_time"].cast(pa.date32())
        ids, counts = zip(*self._objects, strict=True)
        found["object_id"] = pa.array(np.repeat(np.array(ids, np.int64), counts))
        found["ingested_at"] = pa.repeat(pa.scalar(now, EVENTS.columns.field("ingested_at").type), self.count)
        owners = [(places["recipient_account_id"], numbers["place"]), (who["identity_account_id"], numbers["identity"])]
        kept: Numbers = [(FIRST, shards)] if isinstance(shards, int) else shards
        divided = any(number > 1 for _, number in kept)
        found["shard"] = _shards([values.take(which) for values, which in owners], found["dt"], kept) if divided \
            else pa.array(np.zeros(self.count, np.int32))  # fmt: skip
        return pa.table(found | {
            kind: bundle(numbers[kind], values) for kind, values in (("call", calls), ("place", places), ("identity", who))
        })  # fmt: skip

    def _build(self, records: Sequence[Record], *, judged: bool) -> bool:
        """Keep the columns of records, unless one of them is no plain event that carries an id, a name and a time."""
        size = len(records)
        values: Values = dict(zip(_NAMES, zip(*map(msgspec.structs.astuple, records), strict=True), strict=True))
        calls = self._number_calls(values, size)
        if not judged and (not all(values["event_id"]) or (self._odd_calls and np.isin(calls, self._odd_calls).any())):
            return False
        times = moments(values["event_time"])
        if times.null_count:
            return False
        pieces = self._pieces
        pieces["event_time"].append(times)
        for name in _RARELY_TWICE:
            pieces[name].append(columns.text(values[name]))
        for name, column in columns.json({name: values[name] for name in NESTED}).items():
            pieces[name].append(column)
        self._which["call"].append(calls)
        self._which["place"].append(self._places.number(zip(*(values[name] for name in _PLACE)), size=size))  # noqa: B905
        self._which["identity"].append(self._identities.number(map(bytes, values["user_identity"]), size=size))
        self.count += size
        return True

    def _number_calls(self, values: Values, size: int) -> Which:
        before = len(self._calls)
        calls = self._calls.number(zip(*(values[name] for name in _CALL)), size=size)  # noqa: B905
        if len(self._calls) > before:
            new = self._calls.since(before)
            self._odd_calls += [before + place for place, call in enumerate(new) if not _plain(*call[:4])]
        return calls


def _shards(owners: Sequence[pa.Array], days: pa.Array, shards: Numbers) -> pa.Array:
    since = np.array([(day - FIRST).days for day, _ in shards])
    holds = np.maximum(np.searchsorted(since, days.cast(pa.int32()).to_numpy(), side="right") - 1, 0)
    accounts = np.fromiter(map(_account, *(column.to_pylist() for column in owners)), np.int64, len(days))
    return pa.array(accounts % np.array([number for _, number in shards])[holds], pa.int32())


def _plain(category: str | None, kind: str | None, source: str | None, name: str | None) -> bool:
    """Tell whether a call is a plain event; until 2021 records had a type and no category."""
    known = category in _CATEGORIES or (category is None and kind in _TYPES)
    return known and (source is not None or name is not None)


def _turned(names: Sequence[str], combinations: Iterable[tuple[Any, ...]]) -> dict[str, pa.Array]:
    """Return combinations of values as one column for each name."""
    return {
        name: pa.array(list(map(flag, values)), pa.bool_()) if name in FLAGS else columns.text(values)
        for name, values in zip(names, zip(*combinations, strict=True), strict=True)
    }


def _account(recipient: str | None, owner: str | None) -> int:
    for account in (recipient, owner):
        if account and len(account) == 12 and account.isascii() and account.isdigit():
            return int(account)
    return 0
