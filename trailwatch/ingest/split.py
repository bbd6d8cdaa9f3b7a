"""The bytes of an object → the JSON text of its records, in whatever form somebody saved them.

`{"Records": […]}`, a bare list, JSON lines, a single record, and what `lookup-events` prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from trailwatch.ingest.keys import UNRECOGNISED
from trailwatch.ingest.records import Raw
from trailwatch.ingest.salvage import begins_in, mend, readable, salvage, whole

DIGEST = "CloudTrail-Digest"
BROKEN = "broken JSON"
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")  # what a redirect in PowerShell writes
_POSITION = re.compile(r"\s*\(byte (\d+)\)$")


class _Document(msgspec.Struct, gc=False):
    Records: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class _Other(msgspec.Struct, gc=False):
    Records: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    Events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    CloudTrailEvent: str | msgspec.UnsetType = msgspec.UNSET
    digestS3Object: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 — CloudTrail's name
    eventVersion: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    eventTime: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    eventID: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    eventName: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    eventSource: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815


_document = msgspec.json.Decoder(_Document)
_other = msgspec.json.Decoder(_Other)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)


@dataclass
class Split:
    """The records of one object, valid JSON in valid UTF-8, and what could not be made so."""

    data: bytes = b""
    raws: list[Raw] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)  # text, reason
    repaired: int = 0
    kind: str = ""  # what the object is, where it holds no records
    damage: str = ""


def split(data: bytes) -> Split:
    """Return the records of an object's bytes."""
    data = _without_bom(data)
    try:
        raws = _document.decode(data).Records
    except (msgspec.MsgspecError, RecursionError) as error:
        return _another_form(data, error)
    if raws is msgspec.UNSET:
        return _one(data)
    if data.count(b'"Records"') > 1:
        # A second list under the same name would hide the first.
        return _salvaged(data, "more than one list of records")
    result = Split(data, list(raws))
    if not data.isascii():
        _check_text(result)
    return result


def _another_form(data: bytes, error: Exception) -> Split:
    if not data.strip():
        return Split(kind=UNRECOGNISED, damage="empty")
    for form in (_from_list, _from_lines):
        found = form(data)
        if found is not None:
            return found
    return _salvaged(data, _explain(error, data))


def _salvaged(data: bytes, reason: str) -> Split:
    found = salvage(data)
    if not found.begun:
        return Split(kind=UNRECOGNISED, damage=reason)
    damage = f"{reason}; {len(found.raws):,} whole records were kept" if found.cut else ""
    broken = [(text, BROKEN) for text in found.broken]
    return Split(data, list(found.raws), broken=broken, repaired=found.repaired, damage=damage)


def _one(data: bytes) -> Split:
    found = _collect([data], data)
    # A wrong letter in `Records` hides the list, and not the records in it.
    return _salvaged(data, "no list of records") if found.kind == UNRECOGNISED and begins_in(data) else found


def _from_list(data: bytes) -> Split | None:
    if data.lstrip()[:1] != b"[":
        return None
    try:
        items = _list.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return _collect(items, data)


def _from_lines(data: bytes) -> Split | None:
    try:
        items = _value.decode_lines(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return _collect(items, data)


def _collect(items: Iterable[Raw], data: bytes) -> Split:
    """Take values one by one: records, documents of records, or events as `lookup-events` prints them."""
    result = Split(data)
    strangers = 0
    for item in items:
        try:
            found = _other.decode(item)
        except (msgspec.MsgspecError, RecursionError):
            strangers += 1
            result.broken.append((readable(bytes(item)), "no record"))
            continue
        if found.Records is not msgspec.UNSET:
            result.raws += found.Records
        elif found.Events is not msgspec.UNSET:
            inner = _collect(found.Events, data)
            result.raws += inner.raws
            result.broken += inner.broken
            result.repaired += inner.repaired
        elif found.CloudTrailEvent is not msgspec.UNSET:
            _add_text(result, found.CloudTrailEvent.encode())
        elif found.digestS3Object is not msgspec.UNSET:
            return Split(kind=DIGEST)
        elif any(value is not msgspec.UNSET for value in _marks(found)):
            result.raws.append(item)
        else:
            strangers += 1
            result.broken.append((readable(bytes(item)), "no record"))
    if strangers and not result.raws and strangers == len(result.broken):
        return Split(kind=UNRECOGNISED)
    if not data.isascii():
        _check_text(result)
    return result


def _marks(found: _Other) -> tuple[object, ...]:
    return found.eventVersion, found.eventTime, found.eventID, found.eventName, found.eventSource


def _add_text(result: Split, raw: bytes) -> None:
    if whole(raw):
        result.raws.append(raw)
    else:
        _mend_into(result, raw)


def _check_text(result: Split) -> None:
    """Mend the records that are no valid UTF-8; the others stay where they are."""
    try:
        result.data.decode()
    except UnicodeDecodeError:
        raws, result.raws = result.raws, []
        for raw in raws:
            _add_text(result, bytes(raw))


def _mend_into(result: Split, raw: bytes) -> None:
    mended = mend(raw)
    if mended is None:
        result.broken.append((readable(raw), BROKEN))
    else:
        result.raws.append(mended)
        result.repaired += 1


def _without_bom(data: bytes) -> bytes:
    if data.startswith(_WIDE_BOMS):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(_BOM)


def _explain(error: Exception, data: bytes) -> str:
    """Say where JSON breaks, as byte, line and column."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    message = str(error)
    found = _POSITION.search(message)
    if not found:
        return message
    at = int(found[1])
    line = data.count(b"\n", 0, at) + 1
    column = at - data.rfind(b"\n", 0, at)
    return f"{_POSITION.sub('', message)} at byte {at:,} (line {line}, column {column})"
