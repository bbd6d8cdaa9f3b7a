"""A day on which nothing is wrong: the calls of one identity, with the small novelties that every day has."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trailwatch.scorecard import calls
from trailwatch.scorecard.organization import Identity, network, off
from trailwatch.simulate.chance import dice

CURIOUS, ROAMING, REFUSED = 0.4, 0.09, 0.015


@dataclass(frozen=True)
class Moment:
    """One call: who, when, what, from where, with what."""

    who: Identity
    at: datetime
    api: str
    address: str
    client: str
    params: dict[str, Any] | None = None
    refused: bool = False
    region: str = ""


@dataclass
class Mood:
    """What is different on this day: planned work that looks odd, or nothing."""

    more: float = 1.0
    shift: float = 0.0  # hours later
    net: str = ""
    client: str = ""
    region: str = ""
    works: bool = False  # although offices are closed
    extra: list[tuple[str, dict[str, Any] | None]] = field(default_factory=list)
    pool: tuple[str, ...] = ()


def day_of(seed: int, who: Identity, day: date, mood: Mood) -> Iterator[Moment]:
    """Yield the calls of an identity on a day of its own time zone."""
    chance = dice(seed, who.name, day)
    if not (who.since <= day <= who.until) or (who.sparse and day not in who.sparse):
        return
    if who.human and not mood.works:
        rest = off(day)
        on_call = who.trade == "operator" and day.isocalendar().week % 4 == int(who.name[-1]) % 4
        if chance.random() > ((0.5 if on_call else 0.04) if rest else 0.92):
            return
    yield from _people(seed, chance, who, day, mood) if who.human or who.sparse else _programs(chance, who, day, mood)


def address(net: str, chance: random.Random | None = None, last: int = 17) -> str:
    """Return an address in a network."""
    return f"{net}.{chance.randrange(2, 250) if chance else last}"


def local(day: date, hour: float, zone: str) -> datetime:
    """Return a local time of a day in UTC."""
    return (datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(hours=hour)).astimezone(UTC)


def pick(chance: random.Random, pool: Sequence[str]) -> str:
    """Draw a call, those that stand first more often."""
    return chance.choices(pool, weights=_weights(len(pool)))[0]


def _weights(count: int) -> list[float]:
    return [1 / (rank + 1.5) for rank in range(count)]


def _people(seed: int, chance: random.Random, who: Identity, day: date, mood: Mood) -> Iterator[Moment]:
    place = who.office if chance.random() < 0.55 else who.home
    if chance.random() < ROAMING and who.human:
        place = network(seed, who.name, day, "roaming")
    place = mood.net or place
    client = mood.client or (who.client if chance.random() < 0.8 else "browser")
    pool = mood.pool or who.pool
    count = max(4, round(who.volume * mood.more * chance.lognormvariate(0, 0.45)))
    tasks = [pick(chance, pool) for _ in range(count)]
    if who.human and chance.random() < CURIOUS:
        odd = chance.choice(calls.TAIL)
        tasks += [odd] * chance.randrange(1, 4)
        tasks += chance.sample(calls.TAIL, chance.choice((0, 0, 1, 2)))
    chance.shuffle(tasks)
    planned: list[tuple[str, dict[str, Any] | None]] = [(api, None) for api in tasks]
    for one in mood.extra:
        planned.insert(chance.randrange(len(planned) + 1), one)
    overtime = chance.choice((0.0, 0.0, 0.0, 0.5, 1.5)) + mood.shift
    hour, last = who.begins + mood.shift, who.begins + who.lasts + overtime
    step = (last - hour) / len(planned)
    own = address(place, last=int.from_bytes(who.name.encode()[-2:], "big") % 240 + 5)
    for api, params in planned:
        at = local(day, hour, who.zone)
        yield Moment(
            who, at, api, own, client, params, refused=params is None and chance.random() < REFUSED, region=mood.region
        )
        hour += step * (0.05 if chance.random() < 0.6 else 2.3) * chance.random() * 2


def _programs(chance: random.Random, who: Identity, day: date, mood: Mood) -> Iterator[Moment]:
    quiet = 0.35 if who.trade == "pipeline" and off(day) else 1.0
    count = max(3, round(who.volume * quiet * mood.more * chance.lognormvariate(0, 0.3)))
    # A pipeline works when people do, the rest by the clock.
    busy = who.trade == "pipeline"
    planned: list[tuple[str, dict[str, Any] | None]] = [
        (pick(chance, mood.pool or who.pool), None) for _ in range(count)
    ]
    if chance.random() < (0.12 if busy else 0.03):
        planned.append((chance.choice(calls.DEPLOY if busy else calls.TAIL), None))
    planned += mood.extra
    for api, params in planned:
        hour = chance.triangular(6, 20, 12) if busy else chance.random() * 24
        at = local(day, hour, "UTC")
        net = mood.net or (network("runner", chance.randrange(40)) if busy else who.office)
        yield Moment(who, at, api, address(net, None if not busy else chance), mood.client or who.client, params,
                     refused=chance.random() < REFUSED / 3, region=mood.region)  # fmt: skip
