"""A history as a page: what matters first, then the lists behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from trailwatch.findings.names import short
from trailwatch.investigate.document import Document, Section
from trailwatch.investigate.listed import dicts
from trailwatch.investigate.parts import Done, History, Moment, Use
from trailwatch.investigate.rows import Rows, plain

SHOWN = 8  # of each list
SHOWN_DAYS = 14
SHOWN_MOMENTS = 30
_LISTS = (
    ("account", "accounts"), ("principal", "as"), ("person", "who"), ("key", "long-term keys"),
    ("service", "services"), ("action", "actions"), ("role", "roles assumed"), ("network", "networks"),
    ("client", "clients"), ("region", "regions"),
)  # fmt: skip


def page(history: History, *, every: bool = False) -> Document:
    """Return a history as a document; `every` value, or the first of each list."""
    return Document(
        f"History of {history.asked.title}, {history.span}", tuple(_notes(history)), tuple(_sections(history, every))
    )


def table(history: History) -> Rows:
    """Return all that was done, by hour, action, network and outcome."""
    return Rows(history.rows, title=f"history of {history.asked.title}")


def as_json(history: History) -> str:
    """Return a history as one JSON object; `hours` holds all that was done, an object an hour, action and outcome."""
    data: dict[str, Any] = {
        "schema": 1,
        "asked": {"kind": history.asked.kind, "text": history.asked.text, "value": history.asked.value,
                  "persons": history.asked.persons, "principals": history.asked.principals},
        "window": history.span, "first_use": history.first_use, "last_use": history.last_use,
        "events": history.count, "denied": history.denied, "notes": history.notes, "used": history.used,
        "days": history.days, "moments": history.moments, "made": history.made, "done_to": history.done_to,
        "findings": history.findings, "hours": dicts(history.rows),
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(data, enc_hook=plain), indent=1).decode()


def _notes(history: History) -> Iterator[str]:
    if not history.count:
        since = f" It was used last on {_time(history.last_use)}." if history.last_use else ""
        yield f"Nothing was done with it in this window.{since}"
    else:
        denied = f", {history.denied:,} refused" if history.denied else ", none refused"
        yield f"{history.count:,} events on {_count(len(history.days), 'day')}{denied}."
    if history.first_use and history.last_use:
        yield f"First use known {_time(history.first_use)}, last use {_time(history.last_use)} (UTC)."
    yield from history.notes


def _sections(history: History, every: bool) -> Iterator[Section]:
    yield Section("Findings", columns=("severity", "since", "status", "what", "id"), rows=[
        (one.severity, _time(one.first_time), "suppressed" if one.suppressed_by else one.status, one.title, one.id)
        for one in _first(history.findings, every)
    ])  # fmt: skip
    yield Section("Keys made", columns=("time", "action", "for", "key", "by"), rows=[
        (_time(one.time), one.action + _outcome(one.outcome), one.target, one.key, one.person or short(one.principal))
        for one in _first(history.made, every)
    ], lines=_more(history.made, every))  # fmt: skip
    yield Section("Done to it", columns=("time", "action", "target", "key", "by", "from"), rows=[
        _done(one) for one in _first(history.done_to, every)
    ], lines=_more(history.done_to, every))  # fmt: skip
    moments = [one for one in history.moments if every or one.place <= SHOWN_MOMENTS]
    yield Section("What stands out", columns=("time", "action", "target", "from", "with", "event"),
                  rows=[_moment(one, history) for one in moments])  # fmt: skip
    days = history.days if every else history.days[-SHOWN_DAYS:]
    earlier = len(history.days) - len(days)
    yield Section(
        "Days", lines=[f"{_count(earlier, 'earlier day')} left out, --all shows them"] if earlier else [],
        columns=("day", "events", "refused", "changes", "actions", "hours 0–23 UTC", "networks"),
        rows=[(str(one.day), f"{one.events:,}", f"{one.denied:,}", f"{one.writes:,}", str(one.actions),
               _hours(one.hours), _names(one.networks, history)) for one in days],
    )  # fmt: skip
    for dimension, heading in _LISTS:
        found = history.used.get(dimension, [])
        yield Section(heading, lines=_more(found, every), columns=("what", "events", "refused", "changes", "days", "first", "last"),
                      rows=[_used(one, dimension, history) for one in _first(found, every)])  # fmt: skip


def _used(one: Use, dimension: str, history: History) -> Sequence[str]:
    name = _named(one.value, history.networks if dimension == "network" else history.accounts)
    return (name, f"{one.events:,}", f"{one.denied:,}", f"{one.writes:,}", str(one.days), _time(one.first_time),
            _time(one.last_time))  # fmt: skip


def _moment(one: Moment, history: History) -> Sequence[str]:
    times = f" ×{one.events}" if one.events > 1 else ""
    new = " (new)" if one.new_network else ""
    return (
        _time(one.time), f"{one.action}{times}{_outcome(one.outcome)}", one.target or one.role,
        _named(one.network, history.networks) + new, one.client, one.event_id,
    )  # fmt: skip


def _done(one: Done) -> Sequence[str]:
    by = one.person or short(one.principal)
    return (_time(one.time), one.action + _outcome(one.outcome), one.target, one.key, by, one.network)


def _hours(bits: int) -> str:
    return "".join("▮" if bits >> hour & 1 else "·" for hour in range(24))


def _names(networks: Sequence[str], history: History) -> str:
    rest = f" +{len(networks) - 2}" if len(networks) > 2 else ""
    return ", ".join(_named(one, history.networks) for one in networks[:2]) + rest


def _named(value: str, names: Any) -> str:
    return f"{value} [{names[value]}]" if value in names else value


def _outcome(outcome: str) -> str:
    return "" if outcome == "ok" else f" ({outcome})"


def _first(found: Sequence[Any], every: bool) -> Sequence[Any]:
    return found if every else found[:SHOWN]


def _more(found: Sequence[Any], every: bool) -> Sequence[str]:
    left = 0 if every else len(found) - SHOWN
    return [f"the first {SHOWN} of {len(found)}, --all shows every one"] if left > 0 else []


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _time(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S") if time else ""
