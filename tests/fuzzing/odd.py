"""Values that nobody expects, and edits that put them anywhere into a document; each from hypothesis, so that it shrinks."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

from hypothesis import strategies as some

HOSTILE = (
    "", " ", "\x00", "\x1b[2J\u202e", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'; drop table events; --", '"""',
    "'''", "${", "${aws:username}", "${*}", "{}", "{who}", "{0.__class__}", "%s%n", "../../../../etc/passwd", "/dev/zero",
    "file:///etc/passwd", "s3://../..", "*" * 300, "?" * 300, "[" * 300, "(a+)+$" * 20, "0.0.0.0/0", "::/0", "10.0.0.0/-1",
    "1e999", "9" * 400, "-1", "NaN", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30", "mon-fri 25:00-99:00",
    "x" * 70_000, "\ufeff", "\u0130\u0131\u017f\ufb01", "arn:aws:iam::111122223333:role/x", "arn:" + ":" * 500, "None", "null",
)  # fmt: skip


DEEP = 300  # levels; what makes inputs of documents goes through them by recursion, too


def _nested(depth: int, kind: str) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


TEXTS = some.one_of(some.sampled_from(HOSTILE), some.text(max_size=40))
NUMBERS = some.one_of(
    some.integers(-(2**70), 2**70), some.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, -(10**30)]),
    some.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
VALUES = some.one_of(
    some.none(), some.booleans(), NUMBERS, TEXTS, some.lists(TEXTS, max_size=3),
    some.dictionaries(TEXTS, TEXTS, max_size=3), some.sampled_from([{}, []]),
    some.builds(_nested, some.sampled_from([5, 60, DEEP]), some.sampled_from(["list", "table"])),
)  # fmt: skip
EDITS = some.lists(
    some.tuples(some.sampled_from(["put", "drop", "add", "twin"]), some.integers(0, 2**16), VALUES, TEXTS), max_size=4
)


def edited(document: Any, edits: list[tuple[str, int, Any, str]]) -> Any:
    """Return a copy of a document in which some values are others, gone, or new."""
    box = {"document": copy.deepcopy(document)}
    for how, place, given, name in edits:
        spots = list(_spots(box))
        holder, key = spots[place % len(spots)]
        value = copy.deepcopy(given)  # hypothesis hands out the same empty dictionary again and again
        if how == "put":
            holder[key] = value
        elif how == "drop" and holder is not box:
            del holder[key]
        elif how == "add" and isinstance(holder[key], dict):
            holder[key][name] = value
        elif how == "add" and isinstance(holder[key], list):
            holder[key].append(value)
        elif how == "twin" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
    return box["document"]


def _spots(holder: Any, *, levels: int = 40) -> Any:
    """Yield every place in the first levels of a document as its holder and its key."""
    for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, key
        if levels and isinstance(holder[key], dict | list):
            yield from _spots(holder[key], levels=levels - 1)


def damaged(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a text in which some spans are other texts."""
    for start, length, put in edits:
        at = start % (len(text) + 1)
        text = text[:at] + put + text[at + length :]
    return text


SPANS = some.lists(
    some.tuples(some.integers(0, 2**16), some.sampled_from([0, 0, 1, 3, 20, 500]), TEXTS | some.sampled_from(
        ['"', "'", "[", "]", "{", "}", "=", "\n", ":", ",", "[[", "\\u0000", "\\ud800", '"a"="a"', "#", "&a *a", "!!python/object:os.system", "0" * 5000, "[" * 2000, '{"a":' * 2000]
    )), max_size=3,
)  # fmt: skip


def toml(value: Any) -> str:
    """Return a value as TOML in one line, as far as TOML can say it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, str) else json.dumps(str(value)) if value is not None else '""'
