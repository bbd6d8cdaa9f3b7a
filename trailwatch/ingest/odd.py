"""Records one by one: which are plain events, which are of another class, and which are not understood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
import pyarrow as pa

from trailwatch.ingest import redact
from trailwatch.ingest.records import Raw, Record, Text, moments, single, text, values
from trailwatch.store.schema import OTHERS

NOT_UNDERSTOOD = "not-understood"
_CLASSES = {"insight": "Insight", "networkactivity": "NetworkActivity", "aggregated": "Aggregated"}
# Records older than categories are known by their type.
_TYPES = {
    "awscloudtrailinsight": "insight", "awsvpceevent": "networkactivity", "awsvpceevents": "networkactivity",
    "awsaggregatedevent": "aggregated",
}  # fmt: skip
_EVENTS = frozenset(("management", "data"))


@dataclass(frozen=True)
class Odd:
    """A record that is no event, or text that is no record; kept without session tokens."""

    object_id: int
    day: date
    record_class: str
    raw: str
    event_id: str
    reason: str | None = None
    event_time: datetime | None = None
    account: Text = None
    region: Text = None


def judge(raw: Raw, *, object_id: int, day: date) -> Record | Odd:
    """Return a record as an event, with an id and a time that can be read, or say what else it is."""
    record = single(raw)
    if record is None:
        return broken(bytes(raw).decode(), "no JSON object", object_id=object_id, day=day)
    name = (record.event_category or "").lower() or _TYPES.get((record.event_type or "").lower(), "management")
    [moment] = moments([record.event_time]).to_pylist()
    reason = None
    if name in _EVENTS:
        if record.event_time is None:
            reason = "no eventTime"
        elif moment is None:
            reason = "eventTime is not a time"
        elif record.event_source is None and record.event_name is None:
            reason = "no eventSource and no eventName"
        else:
            record.event_id = record.event_id or _name(bytes(raw))
            return record
    elif name not in _CLASSES:
        reason = "unknown eventCategory"
    return _odd(raw, record, moment, NOT_UNDERSTOOD if reason else _CLASSES[name], reason, object_id, day)


def broken(content: str, reason: str, *, object_id: int, day: date) -> Odd:
    """Return text that did not become a record."""
    clean = redact.broken(content)
    return Odd(object_id, day, NOT_UNDERSTOOD, clean, _name(clean.encode()), reason)


def table(odds: Sequence[Odd], *, now: datetime) -> pa.Table:
    """Return rows of the table `others`."""
    return pa.Table.from_pylist(
        [
            {
                "dt": odd.event_time.date() if odd.event_time else odd.day,
                "record_class": odd.record_class,
                "event_id": odd.event_id,
                "event_time": odd.event_time,
                "recipient_account_id": odd.account,
                "aws_region": odd.region,
                "reason": odd.reason,
                "raw": odd.raw,
                "object_id": odd.object_id,
                "ingested_at": now,
            }
            for odd in odds
        ],
        schema=OTHERS.columns,
    )


def _odd(
    raw: Raw, record: Record, moment: datetime | None, name: str, reason: str | None, object_id: int, day: date
) -> Odd:
    plain = bytes(raw)
    event_id, account = record.event_id, record.recipient_account_id
    if name == "Aggregated":
        # Aggregated records have names of their own, and a window in place of a time.
        own = values(raw) or {}
        event_id = event_id or _value(own, "eventId")
        account = account or _value(own, "accountId")
        window = values(own.get("timeWindow", b"null")) or {}
        [moment] = [moment] if moment else moments([_value(window, "windowStart")]).to_pylist()
    clean = redact.record(plain) if len(redact.positions(plain)) else plain
    return Odd(
        object_id, day, name, clean.decode(), event_id or _name(plain), reason, moment, account, record.aws_region
    )


def _value(values_: dict[str, msgspec.Raw], name: str) -> Text:
    value = values_.get(name)
    return None if value is None else text(value)


def _name(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()
