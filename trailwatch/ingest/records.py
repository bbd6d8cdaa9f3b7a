"""One record of JSON → its fields as text, quickly where every value has the type that CloudTrail gives it.

Values of other types go a slower way that takes any JSON and gives the same fields: text stays text, `null` is absent,
everything else becomes its own JSON text; of two equal keys the last one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from trailwatch.store.schema import TIME

Raw = bytes | msgspec.Raw

# Column → name in the record.
TEXTS = {
    "event_id": "eventID", "event_version": "eventVersion", "event_source": "eventSource", "event_name": "eventName",
    "event_type": "eventType", "event_category": "eventCategory", "aws_region": "awsRegion",
    "recipient_account_id": "recipientAccountId", "shared_event_id": "sharedEventID", "request_id": "requestID",
    "source_ip": "sourceIPAddress", "user_agent": "userAgent", "error_code": "errorCode",
    "error_message": "errorMessage", "console_session": "sessionCredentialFromConsole",
    "vpc_endpoint_id": "vpcEndpointId", "vpc_endpoint_account_id": "vpcEndpointAccountId",
}  # fmt: skip
FLAGS = {"read_only": "readOnly", "management_event": "managementEvent"}
# Values that differ in type per service; they stay the JSON text that they are.
NESTED = {
    "request": "requestParameters", "response": "responseElements", "additional": "additionalEventData",
    "service_details": "serviceEventDetails", "resources": "resources", "addendum": "addendum", "tls": "tlsDetails",
}  # fmt: skip

Text = str | None
ABSENT = msgspec.Raw()  # one object for all absent values, so that they are known without a look


class Record(msgspec.Struct, gc=False, rename="camel"):
    """The fields of one record that are kept, in the order in which CloudTrail writes them: that reads faster."""

    event_version: Text = None
    user_identity: msgspec.Raw = ABSENT
    event_time: Text = None
    event_source: Text = None
    event_name: Text = None
    aws_region: Text = None
    source_ip: Text = msgspec.field(default=None, name="sourceIPAddress")
    user_agent: Text = None
    error_code: Text = None
    error_message: Text = None
    request: msgspec.Raw = msgspec.field(default=ABSENT, name="requestParameters")
    response: msgspec.Raw = msgspec.field(default=ABSENT, name="responseElements")
    additional: msgspec.Raw = msgspec.field(default=ABSENT, name="additionalEventData")
    request_id: Text = msgspec.field(default=None, name="requestID")
    event_id: Text = msgspec.field(default=None, name="eventID")
    read_only: bool | str | None = None
    resources: msgspec.Raw = ABSENT
    event_type: Text = None
    management_event: bool | str | None = None
    recipient_account_id: Text = None
    shared_event_id: Text = msgspec.field(default=None, name="sharedEventID")
    service_details: msgspec.Raw = msgspec.field(default=ABSENT, name="serviceEventDetails")
    vpc_endpoint_id: Text = None
    vpc_endpoint_account_id: Text = None
    addendum: msgspec.Raw = ABSENT
    event_category: Text = None
    tls: msgspec.Raw = msgspec.field(default=ABSENT, name="tlsDetails")
    console_session: Text = msgspec.field(default=None, name="sessionCredentialFromConsole")


class _Document(msgspec.Struct, gc=False):
    Records: list[Record]


class _Split(msgspec.Struct, gc=False):
    Records: list[msgspec.Raw]


_split = msgspec.json.Decoder(_Split)
_document = msgspec.json.Decoder(_Document)
_record = msgspec.json.Decoder(Record)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_string = msgspec.json.Decoder(str)
_COMPACT = b'{"Records":[{"'
# Between these, in microseconds, the year as it is written is one of 2000 to 2099 whatever the zone.
_EARLIEST = 946_857_600_000_000  # 2000-01-03
_LATEST = 4_102_272_000_000_000  # 2099-12-30


def document(data: bytes, *, largest: int) -> list[Record] | None:
    """Return the records of an object that is as CloudTrail writes it, None for one that needs a closer look.

    That is also one that could hold a record of more than `largest` bytes.
    """
    if not data.startswith(_COMPACT):
        return None
    try:
        if len(data) > largest and any(len(raw) > largest for raw in _split.decode(data).Records):
            return None
        if not data.isascii():
            data.decode()
        return _document.decode(data).Records
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def single(raw: Raw) -> Record | None:
    """Return the fields of one record of valid JSON, None if it is no object."""
    try:
        found = _record.decode(raw)
    except msgspec.ValidationError:
        loose = values(raw)
        if loose is None:
            return None
        found = Record()
        for field in msgspec.structs.fields(Record):
            value = loose.get(field.encode_name)
            if value is not None:
                as_it_is = field.name in NESTED or field.name == "user_identity"
                setattr(found, field.name, value if as_it_is else text(value))
    for name in NESTED:
        setattr(found, name, msgspec.Raw(msgspec.json.format(bytes(getattr(found, name)) or b"null", indent=-1)))
    return found


def values(raw: Raw) -> dict[str, msgspec.Raw] | None:
    """Return the values of a JSON object as they stand, None for anything else."""
    try:
        return _object.decode(raw)
    except msgspec.ValidationError:
        return None


def text(value: Raw) -> Text:
    """Return a JSON value as text: a string as what it says, `null` as nothing, all else as its JSON."""
    plain = bytes(value)
    if plain.startswith(b'"'):
        return _string.decode(plain)
    return None if plain == b"null" else msgspec.json.format(plain, indent=-1).decode()


def flag(value: bool | str | None) -> bool | None:
    """Return a boolean that some producers write as text; anything else is no answer."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value


def moments(texts: Sequence[Text]) -> pa.Array:
    """Return times, null where a text is none. Only the years that CloudTrail can mean are times."""
    try:
        found = pa.array(texts, pa.string()).cast(TIME)
        if texts and not found.null_count:
            numbers = np.frombuffer(found.buffers()[1], np.int64, len(texts))
            if numbers.min() >= _EARLIEST and numbers.max() < _LATEST:
                return found
    except pa.ArrowInvalid:
        pass  # at least one is no time; they are looked at one by one
    return pa.array([_moment(text) for text in texts], TIME)


def _moment(text: Text) -> Any:
    if text is None or not "2000" <= text < "2100":
        return None
    # Without a zone it is UTC.
    for form in (text, text + "Z"):
        try:
            return pa.scalar(form, pa.string()).cast(TIME).as_py()
        except pa.ArrowInvalid:
            continue
    return None
