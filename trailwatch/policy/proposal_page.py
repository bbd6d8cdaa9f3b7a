"""Proposed conditions as a page: what holds, what was refused and why, what an intruder would still have been allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trailwatch.investigate.document import Document, Section
from trailwatch.policy.condition import HISTORY_DAYS, MOST_IDS, NEEDED, Condition, Denied
from trailwatch.policy.intruder_page import sections

if TYPE_CHECKING:
    from trailwatch.policy.proposal import Conditions

SHOWN = 10
SHOWN_IDS = 3
NEVER = (
    "aws:UserAgent is never proposed: whoever calls writes it himself. What is judged is what these conditions would deny, "
    "not what other policies grant."
)


def page(made: Conditions) -> Document:
    """Return the conditions of an identity as a document."""
    return Document(f"Conditions for {made.principal}", tuple(_notes(made)), tuple(_sections(made)))


def _notes(made: Conditions) -> Iterator[str]:
    fit, held = made.fitted, made.held
    yield (f"Fitted on {fit.calls:,} calls of {fit.days} days, {fit.since:%Y-%m-%d} to {fit.until:%Y-%m-%d}; proved on "
           f"{held.calls:,} calls of {held.days} days, to {held.until:%Y-%m-%d %H:%M} (UTC). Proposed where {NEEDED:.1%} of the "
           f"held-out calls are covered and the history is {HISTORY_DAYS} days or more.")  # fmt: skip
    if made.left_out:
        yield f"Left out: {sum(one.calls for one in made.left_out):,} calls inside {len(made.left_out)} findings; see below."
    if made.days_without_digest:
        yield (f"{made.days_without_digest} days with calls have no digest: nothing of them was left out, whatever happened "
               "on them.")  # fmt: skip
    yield NEVER


def _sections(made: Conditions) -> Iterator[Section]:
    yield Section("Proposed", columns=("condition", "keys", "where", "held-out", "covered", "would deny"), rows=[
        (one.about, ", ".join(one.keys), one.place, f"{one.judged:,}", f"{one.coverage or 0:.2%}", f"{_sum(one.denied):,}")
        for one in made.proposed
    ], lines=() if made.proposed else ("nothing: no condition was proved",))  # fmt: skip
    for one in made.proposed:
        yield Section(f"{one.about}: why and what", lines=(f"fitted: {one.reason}",
                      *(f"exempt: {what}" for what in one.exempt), *_told(one)))  # fmt: skip
    refused = [one for one in made.conditions if not one.proposed]
    yield Section(
        "Refused", lines=[f"{one.about} ({', '.join(one.keys)}, {one.place}): {one.reason}." for one in refused]
    )
    for one in refused:
        yield Section(f"{one.about}: what it would have denied", lines=tuple(_told(one)) if one.denied else ())
    for place, head in (("permissions", "Policy to attach"), ("trust", "Statements of the trust policy")):
        policy = made.policy("trust" if place == "trust" else "permissions")
        if policy:
            yield Section(head, block=json.dumps(policy, indent=2).splitlines())
    yield Section("Shifts", lines=(made.shift.why, made.shift.detection, made.shift.window, made.shift.provider),
                  block=json.dumps(made.shift.policy, indent=2).splitlines() if made.shift.policy else ())  # fmt: skip
    yield Section("Left out: calls inside findings", columns=("calls", "severity", "finding", "id"), rows=[
        (f"{one.calls:,}", one.severity, one.title, one.id) for one in made.left_out
    ])  # fmt: skip
    yield from sections(made.intruder)


def _told(one: Condition) -> Iterator[str]:
    yield from _lines(one.denied, "would have denied")
    unlisted = one.judged - one.allowed - one.unknown - _sum(one.denied)
    if unlisted > 0:
        yield f"and {unlisted:,} more calls of these actions, which are not listed: {MOST_IDS:,} events of each are"
    if one.suspect:
        yield f"of {one.suspect:,} calls inside findings it would have denied {_sum(one.stopped):,}"


def _lines(lines: Sequence[Denied], what: str) -> Iterator[str]:
    for line in lines[:SHOWN]:
        more = f" and {line.calls - SHOWN_IDS} more" if line.calls > SHOWN_IDS else ""
        yield (f"{what} {line.action} from {line.origin or 'nowhere told'}, {line.region}: {line.calls:,} calls, last "
               f"{line.last_time:%Y-%m-%d %H:%M}; events {', '.join(line.event_ids[:SHOWN_IDS])}{more}")  # fmt: skip
    if len(lines) > SHOWN:
        yield f"and {len(lines) - SHOWN} more lines, {sum(line.calls for line in lines[SHOWN:]):,} calls (--format json has all)"


def _sum(lines: Sequence[Denied]) -> int:
    return sum(line.calls for line in lines)
