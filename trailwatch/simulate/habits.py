"""A person's day: sessions at work, each with the calls it makes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trailwatch.simulate import callers
from trailwatch.simulate.chance import around, dice, ranked, temporary_key
from trailwatch.simulate.people import CURIOUS, Person, Work, address
from trailwatch.simulate.records import Caller, Record, call, denied, throttled

# Days on which the story needs somebody at work, whatever the dice say.
AT_WORK = {("dave@example.com", date(2026, 8, day)) for day in range(3, 8)} | {
    ("bob@example.com", date(2026, 7, 30)),
    ("carol@example.com", date(2026, 7, 29)),
    ("carol@example.com", date(2026, 7, 30)),
    ("alice@example.com", date(2026, 7, 28)),
    ("grace@example.com", date(2026, 7, 29)),
}


@dataclass(frozen=True)
class Session:
    """One stretch of work: who came in, when, and the records of coming in."""

    caller: Caller
    work: Work
    begin: datetime
    end: datetime
    events: int
    entry: tuple[Record, ...]


def local(day: date, hours: float, zone: str) -> datetime:
    """Return the instant at which a clock in the zone shows this hour of the day."""
    wall = datetime.combine(day, time(0), ZoneInfo(zone)) + timedelta(seconds=round(hours * 3600))
    return wall.astimezone(UTC)


def present(person: Person, day: date, chance: random.Random, dense: bool) -> bool:
    """Say whether a person works on a day."""
    lucky = chance.random()
    if not person.since <= day <= person.until:
        return False
    if (person.email, day) in AT_WORK:
        return True
    if any(first <= day <= last for first, last in person.away):
        return False
    if day.weekday() >= 5:
        return any(saturday <= day <= saturday + timedelta(days=1) for saturday in person.on_call) and lucky < 0.8
    return lucky < (0.95 if dense else 0.4)


def sessions(
    seed: int, person: Person, day: date, *, dense: bool, place: str = "", weight: float = 1.0
) -> list[Session]:
    """Return a person's sessions of one day, in their order."""
    chance = dice(seed, "person", person.email, day)
    if not present(person, day, chance, dense):
        return []
    place = place or _place(person, day, chance)
    where = address(person, place, day.toordinal() // 21 if place == "home" else chance.randrange(6))
    weekend = day.weekday() >= 5
    volume = around(
        chance,
        person.volume
        * weight
        * (1.0 if dense and not weekend else 0.5 if weekend else 0.25)
        * (0.85 if day.weekday() == 4 else 1.0),
        0.35,
    )
    count = 1 + (chance.random() < 0.65) + (chance.random() < 0.25) if dense else 1
    first, last = person.hours
    made: list[Session] = []
    width = (last - first) / count
    for number in range(count):
        begins = first + width * (number + 0.55 * chance.random())
        begin = local(day, begins, person.zone)
        end = local(day, first + width * (number + 0.97), person.zone)
        work = chance.choices(person.works, [w.share for w in person.works])[0]
        if number == 0 and (person.email, day) in AT_WORK:
            work = person.works[0]
        client = "browser" if chance.random() < person.console else person.client
        caller, entry = callers.sso(
            chance,
            begin,
            email=person.email,
            account=work.account,
            permission_set=work.permission_set,
            address=where,
            client=client,
            system=person.system,
        )
        if number == 0:
            entry = [
                callers.portal(
                    chance, begin - timedelta(seconds=20), email=person.email, address=where, system=person.system
                ),
                *entry,
            ]
        made.append(Session(caller, work, begin, end, max(2, volume // count), tuple(entry)))
    return made


def _place(person: Person, day: date, chance: random.Random) -> str:
    lot = chance.random()
    if day.weekday() in person.office_days:
        return "office" if lot < 0.9 else "home"
    if lot < person.vpn:
        return "vpn"
    return "mobile" if lot > 0.94 else "home"


def work_through(chance: random.Random, session: Session) -> Iterator[Record]:
    """Yield the records of one session; the console asks several things at once, as its pages do."""
    yield from session.entry
    at, caller, left = session.begin + timedelta(seconds=chance.randrange(4, 40)), session.caller, session.events
    pause = max(20.0, min(260.0, (session.end - session.begin).total_seconds() / max(1, session.events)))
    while left > 0 and at < session.end:
        curious = chance.random() < 0.007
        wanted = [chance.choice(CURIOUS) if curious else ranked(chance, session.work.calls, 1.05)]
        if caller.console:
            service = wanted[0].split(":")[0] + ":"
            wanted += [c for c in session.work.calls if c.startswith(service) and c != wanted[0]][
                : chance.randrange(1, 4)
            ]
            if chance.random() < 0.2:
                # The console works with many temporary keys, all of the one sign-in.
                caller = replace(caller, identity={**caller.identity, "accessKeyId": temporary_key(chance)})
        region = chance.choice(session.work.regions)
        for number, api in enumerate(wanted):
            yield one(chance, at + timedelta(seconds=number // 2), caller, api, session.work, region)
        left -= len(wanted)
        at += timedelta(seconds=round(chance.expovariate(1 / pause)) + 2)


def one(chance: random.Random, at: datetime, caller: Caller, api: str, work: Work, region: str) -> Record:
    """Return one call of a person, which now and then is refused or comes too fast."""
    lot = chance.random()
    if lot < 0.008 and work.refused:
        refused = work.refused[0]
        return call(chance, at, caller, refused, region=region, error=denied(caller, refused))
    if lot > 0.998:
        return call(chance, at, caller, api, region=region, error=throttled(api))
    return call(chance, at, caller, api, region=region)


def person_day(
    seed: int, person: Person, day: date, *, dense: bool, place: str = "", weight: float = 1.0
) -> Iterator[Record]:
    """Yield all records of a person's ordinary day."""
    chance = dice(seed, "calls", person.email, day)
    for session in sessions(seed, person, day, dense=dense, place=place, weight=weight):
        yield from work_through(chance, session)
