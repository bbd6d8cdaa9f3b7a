"""A replay as a person reads it, and as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from trailwatch.investigate.document import Document
from trailwatch.investigate.rows import plain
from trailwatch.policy.evaluate import OUTCOMES
from trailwatch.policy.intruder import Intruder
from trailwatch.policy.intruder_page import sections
from trailwatch.policy.replay import Line, Replay

LONGEST = 20  # lines of one verdict, and names in one note
LIMITS = (
    "Not looked at: policies of resources, session policies, resource control policies, and tags. "
    "A level of service control policies without any Allow is taken to stand beside FullAWSAccess."
)
HEADS = {"would deny": "Would deny", "cannot tell": "Cannot tell", "allow": "Allow"}


def text(made: Replay, *, every: bool = False) -> str:
    """Return a replay as text: the counts, then the lines of each verdict, then what was not judged."""
    total = sum(line.calls for line in made.lines)
    since, until = (moment.strftime("%Y-%m-%d %H:%M") if moment else "" for moment in (made.since, made.until))
    span = f", {since or 'the first'} to {until or 'the last'}" if since or until else ""
    out = [
        f"Replay of {', '.join(made.policies)} for {', '.join(made.principals)}{span} (UTC)",
        f"{total:,} calls judged: " + " · ".join(f"{outcome} {made.calls(outcome):,}" for outcome in OUTCOMES),
    ]
    for outcome, head in HEADS.items():
        lines = [line for line in made.lines if line.outcome == outcome]
        if lines:
            shown = lines if every else lines[:LONGEST]
            out += ["", f"{head}: {sum(line.calls for line in lines):,} calls", *_table(shown)]
            out += [f"  and {len(lines) - len(shown)} more lines (--all)"] if len(shown) < len(lines) else []
    return "\n".join(plain_lines([*out, "", *_notes(made), "", *_intruder(made)]))


def plain_lines(lines: list[str]) -> list[str]:
    """Return lines without the control characters that log content may hold."""
    return [plain(line) for line in lines]


def data(made: Replay) -> dict[str, Any]:
    """Return a replay as plain values."""
    found: dict[str, Any] = msgspec.to_builtins(made)
    return {"schema": 1, "calls": {outcome: made.calls(outcome) for outcome in OUTCOMES}, **found, "limits": LIMITS}


def json(made: Replay) -> str:
    """Return a replay as JSON."""
    return msgspec.json.format(msgspec.json.encode(data(made)), indent=1).decode()


def _table(lines: list[Line]) -> list[str]:
    out = []
    width = max(len(line.action) for line in lines)
    for line in lines:
        last = line.last_time.strftime("%Y-%m-%d %H:%M:%S") if line.last_time else ""
        out.append(f"  {line.action:<{width}}  {line.calls:>9,}  last {last}  {line.reason}")
        if line.outcome != "allow":
            about = f"{', '.join(line.resources)}; " if line.resources else ""
            out.append(f"  {'':<{width}}  {'':>9}  e.g. {about}events {', '.join(line.event_ids)}")
    return out


def _intruder(made: Replay) -> list[str]:
    shown = tuple(sections(made.intruder or Intruder(())))
    return [line for line in Document("", (), shown).text().splitlines() if line]


def _notes(made: Replay) -> list[str]:
    out = []
    if made.unmapped:
        out.append(f"Of {sum(made.unmapped.values()):,} calls no table knows the IAM action: {_names(made.unmapped)}")
    if made.free:
        what = "calls and events need no permission that a policy can give"
        out.append(f"Not judged: {sum(made.free.values()):,} {what}: {_names(made.free)}")
    if made.denied:
        out.append(f"Not judged: {made.denied:,} calls that were denied when they were made.")
    if not made.lines:
        out.append("There is no call to judge: nothing is proved by this replay.")
    return [*out, LIMITS]


def _names(counts: dict[str, int]) -> str:
    shown = [f"{name} ({count:,}×)" for name, count in list(counts.items())[:LONGEST]]
    return ", ".join(shown) + (" …" if len(counts) > LONGEST else "")
