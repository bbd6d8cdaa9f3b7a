"""Planned work that looks like an attack: as much of it as of attacks, and all of it harmless."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from trailwatch.scorecard import calls
from trailwatch.scorecard.organization import DAYS, START, Identity, network, off, pool_of
from trailwatch.scorecard.routine import Mood
from trailwatch.scorecard.techniques import LOOKING_AROUND
from trailwatch.simulate.chance import dice

FIRST = 16  # days after the start: before, nobody knows what is usual


@dataclass(frozen=True)
class Lookalike:
    """One harmless story, of one identity on some days."""

    kind: str
    who: Identity
    days: tuple[date, ...]
    mood: Mood


Call = tuple[str, dict[str, Any] | None]
Draw = Callable[[random.Random, Identity, date], tuple[int, Mood]]


def plan(seed: int, everybody: Sequence[Identity]) -> list[Lookalike]:
    """Return the look-alikes of a field, spread evenly over its days."""
    chance = dice(seed, "lookalikes")
    people = [one for one in everybody if one.human]
    programs = [one for one in everybody if one.trade in ("workload", "batch", "pipeline", "vendor")]
    found: list[Lookalike] = []
    for kind, draw, crowd in _KINDS:
        for _ in range(max(3, round(len(everybody) * 0.1))):
            who = chance.choice(people if crowd == "people" else programs)
            day = _working(START + timedelta(days=chance.randrange(FIRST, DAYS)), who)
            lasts, mood = draw(chance, who, day)
            found.append(Lookalike(kind, who, _span(day, lasts), mood))
    found += _adoptions(chance, people)
    return [one for one in found if one.who.since + timedelta(days=3) < one.days[0] and one.days[-1] <= one.who.until]


def _working(day: date, who: Identity) -> date:
    while who.human and off(day):
        day += timedelta(days=1)
    return day


def _span(day: date, lasts: int) -> tuple[date, ...]:
    end = START + timedelta(days=DAYS - 1)
    return tuple(min(day + timedelta(days=n), end) for n in range(lasts))


def _travel(chance: random.Random, who: Identity, day: date) -> tuple[int, Mood]:
    return chance.randrange(2, 5), Mood(net=network(who.name, day, "hotel"), shift=chance.uniform(-8, 8))


def _night(chance: random.Random, _: Identity, __: date) -> tuple[int, Mood]:
    extra: list[Call] = [(api, None) for api in chance.sample(calls.OPERATE, 5)]
    return 1, Mood(works=True, shift=chance.uniform(9, 13), extra=extra)


def _rotation(chance: random.Random, who: Identity, _: date) -> tuple[int, Mood]:
    user = who.role if not who.human else f"svc-{who.organization}-{chance.randrange(5)}"
    return 1, Mood(extra=[(f"iam:{name}", {"userName": user}) for name in
                          ("ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey")])  # fmt: skip


def _audit(chance: random.Random, _: Identity, __: date) -> tuple[int, Mood]:
    reads = [api for api in (*calls.TAIL, *LOOKING_AROUND, *calls.ADMINISTER) if calls.reads(api)]
    return 1, Mood(extra=[(api, None) for api in chance.sample(reads, chance.randrange(12, 30))])


def _bulk(chance: random.Random, _: Identity, __: date) -> tuple[int, Mood]:
    return 1, Mood(more=chance.uniform(5, 14))


def _project(chance: random.Random, who: Identity, _: date) -> tuple[int, Mood]:
    trade = chance.choice([one for one in ("developer", "operator", "analyst") if one != who.trade])
    other = chance.sample(pool_of(trade), 8)
    return 6, Mood(pool=(*chance.sample(who.pool, min(10, len(who.pool))), *other))


def _region(_: random.Random, __: Identity, ___: date) -> tuple[int, Mood]:
    return 1, Mood(region="ap-southeast-1")


def _tool(chance: random.Random, who: Identity, _: date) -> tuple[int, Mood]:
    return 2, Mood(
        client=chance.choice([one for one in ("cli", "boto3", "go", "java", "terraform") if one != who.client])
    )


def _repair(chance: random.Random, _: Identity, __: date) -> tuple[int, Mood]:
    pool = (*calls.OPERATE, *calls.TAIL, *calls.BUILD, "iam:PutRolePolicy", "iam:CreateAccessKey", "ssm:SendCommand",
            "ec2:AuthorizeSecurityGroupIngress", "secretsmanager:GetSecretValue", "kms:CreateGrant")  # fmt: skip
    return 1, Mood(extra=[(api, None) for api in chance.sample(pool, chance.randrange(6, 16))])


def _move(_: random.Random, who: Identity, day: date) -> tuple[int, Mood]:
    return 4, Mood(net=network(who.name, day, "moved"))


_KINDS: tuple[tuple[str, Draw, str], ...] = (
    ("travel", _travel, "people"),
    ("night work", _night, "people"),
    ("key rotation", _rotation, "people"),
    ("audit", _audit, "people"),
    ("bulk job", _bulk, "people"),
    ("bulk job", _bulk, "programs"),
    ("project", _project, "people"),
    ("new region", _region, "people"),
    ("new tool", _tool, "people"),
    ("repair", _repair, "people"),
    ("new network", _move, "programs"),
)


def _adoptions(chance: random.Random, people: Sequence[Identity]) -> Iterator[Lookalike]:
    """Teams take up a service, one after the other."""
    for place, service in enumerate(calls.NOVELTIES):
        organization = place % 3
        begins = START + timedelta(days=chance.randrange(FIRST, DAYS - 4))
        team = [one for one in people if one.organization == organization and one.trade in ("developer", "analyst")]
        for who in chance.sample(team, min(6, len(team))):
            day = _working(begins + timedelta(days=chance.randrange(0, 6)), who)
            extra: list[Call] = [(api, None) for api in chance.sample(service, chance.randrange(2, len(service)))]
            yield Lookalike("adoption", who, _span(day, chance.randrange(2, 6)), Mood(extra=extra))
