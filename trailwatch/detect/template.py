"""A detection to start from: a lawful file with cases, blank or about the calls of given events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trailwatch.detect.writing import block, comment, lines, quoted, sql_text, value
from trailwatch.errors import DetectionError

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LARGEST = 1500  # characters of parameters that are shown in a case
_CALLS = 5
# The base event of a kind of identity; a case says only what is different.
_BASES = {"Root": "root-call", "AssumedRole": "role-call", "AWSService": "service-event"}
TOLD = ("request", "response", "additional", "error_message")
"""The columns of an event that a case shows besides those of findings."""

BLANK = {
    "event_source": "iam.amazonaws.com", "event_name": "CreateAccessKey", "outcome": "ok", "identity_type": "IAMUser",
    "request": '{"userName": "bob"}', "error_code": "",
}  # fmt: skip


def template(
    name: str, events: Sequence[Mapping[str, Any]] = (), *, severity: str = "medium", practices: Sequence[str] = (),
    attack: Sequence[str] = (), about: str = "",
) -> str:  # fmt: skip
    """Return the text of a new detection of the calls of `events` (rows of `scope`), or of an example of one."""
    if not _ID.fullmatch(name):
        raise DetectionError(f"{name!r} is not an id: lower case with dashes", hint="key-made-by-hand")
    calls = _distinct(events or [BLANK])
    return "\n".join(_lines(calls, severity, practices or ("monitoring",), attack, about)) + "\n"


def _distinct(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for event in events:
        found.setdefault((_text(event, "event_source"), _text(event, "event_name"), _text(event, "outcome")), event)
    return list(found.values())[:_CALLS]


def _lines(
    calls: Sequence[Mapping[str, Any]], severity: str, practices: Sequence[str], attack: Sequence[str], about: str
) -> Iterator[str]:
    yield comment("The file's name is the detection's id. `trailwatch rules check FILE` tells what breaks a law,\n"
                  "`trailwatch rules backtest FILE` what it would have found. `trailwatch sql \"describe events\"` names columns.")  # fmt: skip
    if about:
        yield comment(f"It began with {about}: its cases hold what those events said.")
    yield ""
    yield "# {columns} are filled in from the event; `who` is the person, or the principal where no person is known."
    yield 'title     = "{who} did {action}"'
    yield f"severity  = {quoted(severity)}   # info, low, medium, high, critical"
    yield f"practices = {value(list(practices))}   # trailwatch practices lists them"
    yield f"attack    = {value(list(attack))}   # techniques of MITRE ATT&CK"
    yield 'why       = "TODO: why a reader should care, in a sentence."'
    yield 'misses    = "TODO: what it does not see."'
    yield 'next      = "TODO: what to ask or to do. `trailwatch show {principal}` tells what is usual."'
    yield "# One finding for each of these; count and new give it memory:"
    yield '#   count = { by = ["principal"], at_least = 10, within = "10 minutes" }'
    yield '#   new   = { of = "action", for = "person" }'
    yield 'by        = ["principal", "person"]'
    yield f"where     = {block(_clause(calls))}"
    for number, call in enumerate(calls, start=1):
        yield ""
        yield f"[fires.{quoted(_title(call, number, len(calls)))}]"
        yield from lines(_difference(call))
    yield ""
    yield '[silent."another call"]'
    yield from lines(_difference(calls[0]) | {"eventName": "SomethingElse"})
    yield ""
    refused = _text(calls[0], "outcome") != "ok"
    yield f'[silent."{"the same, allowed" if refused else "the same, refused"}"]'
    yield from lines(_difference(calls[0]) | {"errorCode": "<absent>" if refused else "AccessDenied"})


def _clause(calls: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for outcome in dict.fromkeys(_text(call, "outcome") for call in calls):
        mine = [call for call in calls if _text(call, "outcome") == outcome]
        names = "\n  or ".join(
            f"(event_source = {sql_text(_text(call, 'event_source'))} and event_name = {sql_text(_text(call, 'event_name'))})"
            for call in mine
        )
        named = names[1:-1] if len(mine) == 1 else f"({names})"
        root = "\nand identity_type = 'Root'" if all(_text(call, "identity_type") == "Root" for call in mine) else ""
        parts.append(f"{named}\nand outcome = {sql_text(outcome)}{root}")
    return parts[0] if len(parts) == 1 else "\nor ".join(f"({part})" for part in parts)


def _difference(call: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"base": _BASES.get(_text(call, "identity_type"), "api-call")}
    for name, column in (("eventSource", "event_source"), ("eventName", "event_name"), ("errorCode", "error_code"),
                         ("errorMessage", "error_message")):  # fmt: skip
        if _text(call, column):
            found[name] = _text(call, column)
    for name, column in (("requestParameters", "request"), ("responseElements", "response"),
                         ("additionalEventData", "additional")):  # fmt: skip
        # Whether a sign-in succeeded stands in its answer; of other calls the question will do.
        text = _text(call, column)
        if (
            text
            and len(text) <= _LARGEST
            and (column == "request" or _text(call, "event_source").startswith("signin."))
        ):
            given = json.loads(text)
            if isinstance(given, dict) and given:
                found[name] = _without_nulls(given)
    return found


def _without_nulls(given: Any) -> Any:
    # TOML has no null.
    if isinstance(given, dict):
        return {key: _without_nulls(inner) for key, inner in given.items() if inner is not None}
    return [_without_nulls(inner) for inner in given if inner is not None] if isinstance(given, list) else given


def _title(call: Mapping[str, Any], number: int, of: int) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "", _text(call, "event_name"))[:40] or "the call"
    return f"{name} {number}" if of > 1 else name


def _text(call: Mapping[str, Any], column: str) -> str:
    given = call.get(column)
    return "" if given is None else str(given)
