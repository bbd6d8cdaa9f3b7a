"""What the configuration declares of the people behind a principal, as conditions: last days, and shifts of one day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trailwatch.detect.people import Declared, Directory, Identity
from trailwatch.policy.condition import Candidate, Shift
from trailwatch.policy.past import Past

_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
KEYS = ("aws:CurrentTime",)
WHY = (
    "A static policy cannot say weekdays or hours: aws:CurrentTime is compared with whole moments, and IAM knows no hour, "
    "no weekday, no zone and no holiday."
)
_DETECTION = "Detection: `shifts` in the configuration make trailwatch report what happens outside them, every morning."
_PROVIDER = (
    "The identity provider: it knows the clock. Limit sign-in and session length there, or let the assignment of the "
    "permission set begin and end with the shift."
)


@dataclass(frozen=True)
class Known:
    """A person behind a principal, with what is declared, and the session names that it works under."""

    name: str
    declared: Declared
    sessions: tuple[str, ...]
    alone: bool  # the principal is the person's own


def behind(past: Past) -> tuple[list[Known], int]:
    """Return the declared people behind a principal, and how many people or programs stand behind it."""
    rows = past.engine.rows(
        "select person, session_name, source_identity, count(*) from past_own where calm group by all order by all"
    )
    directory = Directory(past.config)
    alone = "/user/" in past.principal
    found: dict[str, tuple[Declared, set[str]]] = {}
    names = set()
    for person, session, source, _ in rows:
        name = past.principal if alone else person or session or past.principal
        names.add(name)
        declared = directory.find(Identity(person or "", past.principal, session or "", source or ""))
        if declared:
            found.setdefault(name, (declared, set()))[1].add(session or "")
    return [Known(name, declared, tuple(sorted(sessions)), alone) for name, (declared, sessions) in sorted(found.items())], \
        len(names)  # fmt: skip


def ends(known: Sequence[Known]) -> Candidate:
    """Return the last days of people as a Deny from then on."""
    leaving = [one for one in known if one.declared.ends]
    if not leaving:
        return Candidate("end dates", KEYS, "the configuration declares no last day (`until`) of anybody behind it")
    statements = []
    for number, one in enumerate(leaving, 1):
        bound = _bound(one)
        if bound is None:
            return Candidate("end dates", KEYS, f"the session names of {one.name} cannot be written into a policy")
        ends = one.declared.ends
        statements.append({
            "Sid": f"UntilLastDay{number}", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": _moment(ends)}, **bound},
        })  # fmt: skip
    told = "; ".join(f"{one.name} until {_moment(one.declared.ends)}" for one in leaving)
    return Candidate("end dates", KEYS, f"declared: {told} (the end of the last day in the person's zone); also remove keys "
                     "and assignments", tuple(statements))  # fmt: skip


def shift(known: Sequence[Known], *, principal: str, day: date) -> Shift:
    """Return why shifts are no condition, and the three things that can hold them; the policy is that of one day."""
    bound = [one for one in known if one.declared.shifts]
    statements = [part for number, one in enumerate(bound, 1) for part in _day(one, day, number)]
    policy = {"Version": "2012-10-17", "Statement": statements} if statements else {}
    if not bound:
        window = "A daily window: declare `shifts` of whoever works with it; `trailwatch policy window` then writes the policy of a day."
    else:
        window = (
            f"A daily window: the policy below holds for {day} alone. `trailwatch policy window {principal} --date DAY` writes "
            "that of another day; put it in place every night, and mind that a night without it leaves the old one, which denies all."
        )
    return Shift(WHY, _DETECTION, window, _PROVIDER, policy, day.isoformat() if policy else "")


def _day(one: Known, day: date, number: int) -> Iterator[dict[str, Any]]:
    bound = _bound(one)
    if bound is None:
        return
    spans = list(_spans(one.declared, day))
    edges: list[tuple[datetime | None, datetime | None]] = [
        (before[1] if before else None, after[0] if after else None)
        for before, after in zip([None, *spans], [*spans, None], strict=True)
    ]
    for place, (since, until) in enumerate(edges, 1):
        tests: dict[str, Any] = dict(bound)
        if since:
            tests["DateGreaterThanEquals"] = {"aws:CurrentTime": _moment(since)}
        if until:
            tests["DateLessThan"] = {"aws:CurrentTime": _moment(until)}
        made: dict[str, Any] = {
            "Sid": f"OutsideShift{number}x{place}",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
        }
        yield made | ({"Condition": tests} if tests else {})


def _spans(declared: Declared, day: date) -> Iterator[tuple[datetime, datetime]]:
    zone = ZoneInfo(declared.time_zone or "UTC")
    midnight = datetime.combine(day, time(), zone)
    pieces = []
    for weekday, first, last, back in declared.shifts:
        started = day - timedelta(days=back)
        if weekday == day.weekday() and started not in declared.holidays:
            pieces.append(tuple((midnight + timedelta(minutes=at)).astimezone(UTC) for at in (first, last)))
    begin, end = midnight.astimezone(UTC), datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    pieces += [(max(a, begin), min(b, end)) for a, b in declared.duty if a < end and b > begin]
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted((piece[0], piece[1]) for piece in pieces):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    yield from joined


def _bound(one: Known) -> Mapping[str, Any] | None:
    """Return the test that binds a statement to one person of several behind a role; none is needed for a user."""
    if one.alone:
        return {}
    if not one.sessions or not all(_SESSION.fullmatch(session) for session in one.sessions):
        return None
    return {"StringLike": {"aws:userid": [f"*:{session}" for session in one.sessions]}}


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
