"""What a message of a queue says of objects: S3's own form, through SNS or EventBridge, and CloudTrail's form of SNS.

Whoever may write to the queue chooses the words: a message names objects, and nothing else of it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

import msgspec

NAMES, TEST, REMOVED, OTHER, BAD = "naming objects", "tests", "of removed objects", "of other events", "not understood"
_CREATED = ("ObjectCreated:", "s3:ObjectCreated:")
_REMOVED = ("ObjectRemoved:", "s3:ObjectRemoved:", "LifecycleExpiration:", "s3:LifecycleExpiration:")
_VALIDATION = "CloudTrail validation message."


@dataclass(frozen=True, slots=True)
class Named:
    """An object that a message names; a form that does not say the size leaves -1."""

    bucket: str
    key: str
    etag: str = ""
    size: int = -1
    when: datetime | None = None


@dataclass(frozen=True)
class Notice:
    """What a message is, the objects that it names, and where it is not understood the reason."""

    kind: str
    objects: tuple[Named, ...] = ()
    reason: str = ""


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename={"etag_of_s3": "eTag"}):
    key: str
    size: int = -1
    etag_of_s3: str = ""
    etag: str = ""


class _Place(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Event(msgspec.Struct, rename={"event_name": "eventName", "event_time": "eventTime"}):
    event_name: str
    event_time: datetime
    s3: _Place


class _Body(msgspec.Struct, rename={"records": "Records", "event": "Event", "type": "Type", "message": "Message",
                                    "bucket": "s3Bucket", "keys": "s3ObjectKey", "detail_type": "detail-type"}):  # fmt: skip
    records: list[_Event] | None = None  # S3
    event: str = ""  # the test that S3 sends when somebody sets up its notifications
    type: str = ""  # SNS
    message: str = ""
    bucket: str = ""  # CloudTrail
    keys: list[str] | None = None
    detail_type: str = ""  # EventBridge
    detail: _Place | None = None
    time: datetime | None = None


_DECODER = msgspec.json.Decoder(_Body)


def read(text: str, *, depth: int = 2) -> Notice:
    """Return what a message says; one that is not understood is told as such, and is no error."""
    if text.strip() == _VALIDATION:
        return Notice(TEST)
    try:
        body = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        return Notice(BAD, reason=f"not of a known form: {str(error)[:200]}")
    if body.type == "Notification" and depth:
        return read(body.message, depth=depth - 1)
    if body.bucket and body.keys:
        return Notice(NAMES, tuple(Named(body.bucket, key) for key in body.keys))
    if body.detail_type:
        return _bridged(body)
    if body.records:
        return _recorded(body.records)
    if body.event == "s3:TestEvent":
        return Notice(TEST)
    return Notice(BAD, reason=f"not of a known form: {f'SNS {body.type}' if body.type else 'no object is named'}"[:200])


def _bridged(body: _Body) -> Notice:
    if body.detail_type == "Object Created" and body.detail:
        found = body.detail.object
        return Notice(NAMES, (Named(body.detail.bucket.name, found.key, found.etag.strip('"'), found.size, body.time),))
    return Notice(REMOVED if body.detail_type == "Object Deleted" else OTHER)


def _recorded(records: list[_Event]) -> Notice:
    made = [
        Named(
            one.s3.bucket.name, unquote_plus(one.s3.object.key), one.s3.object.etag_of_s3.strip('"'),
            one.s3.object.size, one.event_time,
        )
        for one in records if one.event_name.startswith(_CREATED)
    ]  # fmt: skip
    if made:
        return Notice(NAMES, tuple(made))
    return Notice(REMOVED if any(one.event_name.startswith(_REMOVED) for one in records) else OTHER)
