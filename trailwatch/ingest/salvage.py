"""Documents that are no valid JSON → the records in them that are whole, and the text between them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import msgspec

_RAW = msgspec.json.Decoder(msgspec.Raw)
_PARSER = json.JSONDecoder(strict=False)
# A record begins with a brace and one of the names that CloudTrail gives at its top.
_START = re.compile(
    r'\{\s*"(?:eventVersion|userIdentity|eventTime|eventSource|eventName|awsRegion|eventID|eventId|eventType|'
    r'eventCategory|recipientAccountId|requestID|sourceIPAddress|userAgent|accountId)"\s*:'
)
_NAMES = frozenset(("eventVersion", "eventTime", "eventSource", "eventName", "eventID", "eventId", "eventCategory"))
# What stands between records when nothing is broken, also at the borders of documents put one after another.
_GLUE = re.compile(r'[\s,\]}]*(?:[\s\[]*\{\s*"Records"\s*:\s*)?[\s,\[]*')
# Every escape is one token, so that a backslash before a backslash is never taken for the start of another.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_WORK = 4  # times the length of the document may be read in vain: hostile text must not cost its square


@dataclass
class Salvaged:
    """Whole records, and the text that belongs to none."""

    raws: list[bytes] = field(default_factory=list)
    repaired: int = 0
    broken: list[str] = field(default_factory=list)
    cut: bool = False  # the text ends within something
    begun: bool = False  # something in it looks like a record


def salvage(data: bytes) -> Salvaged:
    """Return the records of a broken document, each repaired where only its characters are broken."""
    content = data.decode("utf-8", "surrogateescape")
    result = Salvaged()
    done = at = 0
    work = _WORK * len(content)
    while work > 0 and (start := _START.search(content, at)):
        at = start.start() + 1
        result.begun = True
        try:
            value, end = _PARSER.raw_decode(content, start.start())
        except json.JSONDecodeError as error:
            work -= error.pos - start.start()
            continue
        except RecursionError:
            work -= 1_000
            continue
        if len(_NAMES.intersection(value)) < 2:
            work -= end - start.start()
            continue
        _keep_rest(result, content[done : start.start()])
        _keep(result, content[start.start() : end])
        done = at = end
    tail = content[done:]
    result.cut = not _GLUE.fullmatch(tail)
    _keep_rest(result, tail)
    return result


def begins_in(data: bytes) -> bool:
    """Tell whether something in a document looks like the start of a record."""
    return _START.search(data.decode("utf-8", "replace")) is not None


def mend(raw: bytes) -> bytes | None:
    """Return a record whose broken characters are replaced, None if it is no JSON even then."""
    content = raw.decode("utf-8", "replace")
    content = _ESCAPE.sub(lambda found: "\\ufffd" if found["lone"] else found[0], content)
    if _CONTROL.search(content):
        content = _STRING.sub(lambda found: _CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", found[0]), content)
    mended = content.encode()
    try:
        _RAW.decode(mended)
    except (msgspec.DecodeError, RecursionError):
        return None
    return mended


def whole(raw: bytes) -> bool:
    """Tell whether a record is valid JSON in valid UTF-8."""
    try:
        _RAW.decode(raw)
        raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _keep(result: Salvaged, piece: str) -> None:
    raw = piece.encode("utf-8", "surrogateescape")
    if whole(raw):
        result.raws.append(raw)
    elif (mended := mend(raw)) is not None:
        result.raws.append(mended)
        result.repaired += 1
    else:
        result.broken.append(readable(raw))


def _keep_rest(result: Salvaged, gap: str) -> None:
    if not _GLUE.fullmatch(gap):
        result.broken.append(readable(gap.strip(" \t\r\n,").encode("utf-8", "surrogateescape")))


def readable(raw: bytes) -> str:
    """Return bytes as text, with a mark in place of what is no UTF-8."""
    return raw.decode("utf-8", "replace")
