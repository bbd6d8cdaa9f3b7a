"""A review as a page: what to take away first, then each identity, then who signs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from trailwatch.investigate.document import Document, Section

if TYPE_CHECKING:
    from trailwatch.policy.reviewed import Identity, Review

SHOWN_STEPS = 25
SHOWN_IDENTITIES = 5
SHOWN = 12
BASIS = (
    "Risk: each action weighs by its access level (list 0.1, read 0.2, tag 0.3, write 1, permissions 3), each way to more "
    "than was given 10. Ordered by risk removed per call broken. Used is what went through in the window, whoever did it: "
    "a finding does not take it away. Resources are not compared."
)


def page(made: Review, *, every: bool = False) -> Document:
    """Return a review as a document; `every` line, or the first ones."""
    return Document(
        f"Review of permissions, {len(made.identities)} identities", tuple(_notes(made)), tuple(_sections(made, every))
    )


def _notes(made: Review) -> Iterator[str]:
    yield (f"Granted by the exports of {made.taken_at:%Y-%m-%d %H:%M}, used from {made.since:%Y-%m-%d} to "
           f"{made.until:%Y-%m-%d} (UTC).")  # fmt: skip
    yield BASIS


def _sections(made: Review, every: bool) -> Iterator[Section]:
    steps = made.steps if every else made.steps[:SHOWN_STEPS]
    yield Section("Take away first", columns=("risk per call", "risk", "calls broken", "of", "what"), rows=[
        (_number(one.worth), _number(one.risk), f"{one.breaks:,}", one.principal, one.what) for one in steps
    ], lines=_rest(len(made.steps), len(steps), "things to take away"))  # fmt: skip
    shown = made.identities if every else made.identities[:SHOWN_IDENTITIES]
    for place, one in enumerate(shown, 1):
        yield Section(f"{place}. {one.kind}", lines=(one.principal, *_told(one, every)))
    yield Section("More identities", lines=_rest(len(made.identities), len(shown), "identities"))
    yield Section("Keys on workloads", columns=("key", "of", "shown by", "use instead"), rows=[
        (one.key, one.principal, one.signs[0].evidence, f"{'' if one.exists else 'new '}role {one.role}") for one in made.keys
    ], lines=("`trailwatch policy workloads` writes trust and permissions of each role.",) if made.keys else ())  # fmt: skip
    yield Section("Sign-off", columns=("identity", "last signed", "by"), rows=[
        (one.principal, _day(one.signed.at) if one.signed else "never", one.signed.by if one.signed else "")
        for one in (made.identities if every else made.identities[:SHOWN])
    ], lines=(_signature(made), *_rest(len(made.identities), min(SHOWN, len(made.identities)) if not every else
              len(made.identities), "identities")))  # fmt: skip


def _signature(made: Review) -> str:
    if made.signed_by:
        return f"Signed by {made.signed_by} with this run; it stands in the table reviews."
    return (
        "Not signed. `trailwatch policy review --sign NAME` signs what is shown here, for all identities of the review."
    )


def _told(one: Identity, every: bool) -> Iterator[str]:
    yield (f"granted {one.granted:,} actions of {one.services} services, used {one.used}; last use "
           f"{_day(one.last_use) if one.last_use else 'none known'}")  # fmt: skip
    yield f"policies: {', '.join(one.policies) or 'none'}{f'; boundary {one.boundary}' if one.boundary else ''}"
    yield from (f"not known: {what}" for what in one.uncertain)
    yield from (f"wildcard: {what}" for what in one.wildcards[: None if every else SHOWN])
    if one.unused:
        most = sorted(one.unused, key=lambda service: (-service.actions, service.service))
        names = [
            f"{part.service} ({part.actions} actions, {_last(part.last_use)})"
            for part in most[: None if every else SHOWN]
        ]
        yield f"unused services: {len(one.unused)}: {', '.join(names)}{' …' if len(names) < len(most) else ''}"
    for service, actions in one.unused_actions.items():
        names = [name.partition(":")[2] for name in actions[: None if every else SHOWN]]
        yield f"unused in {service}, changing: {len(actions)}: {', '.join(names)}{' …' if len(names) < len(actions) else ''}"
    if len(one.ways) > SHOWN and not every:
        yield f"{len(one.ways)} ways to more: {', '.join(way.id for way in one.ways)}"
    for way in one.ways if every or len(one.ways) <= SHOWN else ():
        used = f"called {way.calls}× in the window" if way.calls else "never used so in the window"
        limits = ", under a condition" if way.conditional else ""
        yield f"way to more: {way.id}: {way.how} ({', '.join(way.actions)}; {used}{limits})"
    if one.signed:
        yield from (f"changed since the review of {_day(one.signed.at)}: {what}" for what in one.changes)
        if not one.changes:
            yield f"nothing changed in the exports since the review of {_day(one.signed.at)}"
    else:
        yield "never reviewed"


def _rest(total: int, shown: int, what: str) -> tuple[str, ...]:
    return (f"{total - shown} more {what}: --all, or the pack",) if total > shown else ()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _last(at: datetime | None) -> str:
    return f"last {_day(at)}" if at else "never"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
