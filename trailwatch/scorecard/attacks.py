"""Attacks put between the real calls of a victim with enough history, at three levels of stealth."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trailwatch.scorecard.organization import DAYS, START, Identity, network, off
from trailwatch.scorecard.routine import Moment, address, local, pick
from trailwatch.scorecard.techniques import BIT_BY_BIT, LOOKING_AROUND, TECHNIQUES, Act
from trailwatch.simulate.chance import dice

QUIET = (37, 58)  # days after the start on which the threshold is set: no attack yet
TEST = (59, DAYS)
LEVELS = ("L0", "L1", "L2")  # new network and tool; new network; the victim's own network and client
SEALED = 100  # seeds above are looked at once; techniques that are held out appear there alone


@dataclass(frozen=True)
class Attack:
    """One attack: its calls, and the facts that it planted, by the names of the model's aspects."""

    kind: str
    detail: str
    stealth: str
    who: Identity
    moments: tuple[Moment, ...]
    planted: frozenset[str]
    held_out: bool = False


@dataclass
class _Stage:
    chance: random.Random
    seed: int
    free: list[Identity]

    def victim(self, *trades: str) -> Identity | None:
        fitting = [one for one in self.free if not trades or one.trade in trades]
        if not fitting:
            return None
        chosen = self.chance.choice(fitting)
        self.free.remove(chosen)
        return chosen


def plan(seed: int, everybody: Sequence[Identity]) -> list[Attack]:
    """Return the attacks of a field; each victim is attacked once."""
    last = START + timedelta(days=DAYS)
    known = [one for one in everybody if one.since == START and one.until > last and not one.sparse]
    stage = _Stage(dice(seed, "attacks"), seed, known)
    found: list[Attack | None] = []
    share = len(everybody) / 200
    for technique in TECHNIQUES:
        if not technique.held_out or seed > SEALED:
            found += [_technique(stage, technique.id, technique.acts, level, held_out=technique.held_out)
                      for level in LEVELS if share > 0.5 or stage.chance.random() < 2 * share]  # fmt: skip
    for place in range(max(3, round(12 * share))):
        found.append(_hijack(stage, everybody, LEVELS[place % 3]))
    for place in range(max(3, round(9 * share))):
        found.append(_pull(stage, LEVELS[place % 3]))
    for place in range(max(1, round(7 * share))):
        found.append(_slow(stage, LEVELS[1 + place % 2]))
    spares = [one for one in everybody if one.trade == "spare" and len(one.sparse) == 5]
    found += [_dormant(stage, one, LEVELS[place % 3]) for place, one in enumerate(spares[: max(1, round(6 * share))])]
    return [one for one in found if one]


def _day(stage: _Stage, who: Identity, before: int = DAYS) -> date:
    while True:
        day = START + timedelta(days=stage.chance.randrange(TEST[0], before))
        if not (who.human and off(day)):
            return day


def _way(stage: _Stage, who: Identity, level: str, day: date) -> tuple[str, str, float, set[str]]:
    """Return address, client, hour, and what is odd about them."""
    chance, odd = stage.chance, {"actions"}
    own = address(who.office, last=int.from_bytes(who.name.encode()[-2:], "big") % 240 + 5 if who.human else 17)
    hour = who.begins + chance.uniform(1, max(2.0, who.lasts - 2)) if who.human else chance.uniform(1, 22)
    if level == "L2":
        return own, who.client, hour, odd
    if who.human and chance.random() < 0.5:
        hour, odd = (who.begins + 14) % 24, odd | {"time"}
    place = address(network(stage.seed, who.name, day, "attacker"), chance)
    client = "tool" if level == "L0" else who.client
    return place, client, hour, odd | {"network"} | ({"client"} if level == "L0" else set())


def _play(
    stage: _Stage, who: Identity, level: str, day: date, acts: Iterable[Act]
) -> tuple[tuple[Moment, ...], set[str]]:
    place, client, hour, odd = _way(stage, who, level, day)
    at = local(day, hour, who.zone if who.human else "UTC")
    moments = []
    for act in acts:
        for turn in range(act.times):
            at += timedelta(seconds=round(stage.chance.expovariate(1 / 40)) + 1)
            params = act.params
            if params and act.times > 1 and "secretId" in params:
                params = {"secretId": f"prod/{who.organization}/item-{turn}"}
            moments.append(Moment(who, at, act.api, place, client, params, refused=act.refused))
    return tuple(moments), odd


def _technique(stage: _Stage, name: str, acts: Sequence[Act], level: str, *, held_out: bool) -> Attack | None:
    chance = stage.chance
    who = stage.victim(
        *(
            ("developer", "operator", "analyst", "admin")
            if chance.random() < 0.6
            else ("workload", "batch", "pipeline", "vendor")
        )
    )
    if who is None:
        return None
    around = chance.sample(
        LOOKING_AROUND, {"L0": chance.randrange(2, 6), "L1": chance.randrange(1, 4), "L2": chance.randrange(3)}[level]
    )
    moments, odd = _play(stage, who, level, _day(stage, who), (*(Act(api) for api in around), *acts))
    odd |= {"denied"} if any(act.refused for act in acts) else set()
    odd |= (
        {"secrets"}
        if any(word in act.api for act in acts for word in ("GetSecret", "GetParameter", "GetPassword"))
        else set()
    )
    odd |= {"amount"} if len(moments) >= 10 else set()
    return Attack("technique", name, level, who, moments, frozenset(odd), held_out)


def _hijack(stage: _Stage, everybody: Sequence[Identity], level: str) -> Attack | None:
    who = stage.victim("developer", "operator", "analyst", "batch")
    if who is None:
        return None
    chance = stage.chance
    donor = chance.choice([one for one in everybody if one.trade != who.trade and one.trade in
                           ("operator", "analyst", "admin", "pipeline")])  # fmt: skip
    acts = [Act(pick(chance, donor.pool)) for _ in range(chance.randrange(12, 40))]
    moments, odd = _play(stage, who, level, _day(stage, who), acts)
    return Attack("hijack", f"{donor.trade} as {who.trade}", level, who, moments, frozenset(odd | {"amount"}))


def _pull(stage: _Stage, level: str) -> Attack | None:
    who = stage.victim("developer", "analyst", "workload", "batch")
    if who is None:
        return None
    chance = stage.chance
    what = chance.choice(("secretsmanager:GetSecretValue", "own"))
    if what == "own":
        reading = next(
            (api for api in who.pool if api.split(":")[1].startswith(("Get", "List", "Describe"))), who.pool[0]
        )
        act, facts = Act(reading, times=round(who.volume * chance.uniform(8, 15))), {"amount"}
    else:
        act, facts = Act(what, {"secretId": "prod"}, times=chance.randrange(40, 120)), {"amount", "secrets"}
    moments, odd = _play(stage, who, level, _day(stage, who), [act])
    facts |= odd if act.api not in who.pool else odd - {"actions"}
    return Attack("data pull", act.api, level, who, moments, frozenset(facts))


def _slow(stage: _Stage, level: str) -> Attack | None:
    who = stage.victim("developer", "operator", "analyst", "workload")
    if who is None:
        return None
    first, odd = _day(stage, who, before=DAYS - 7), {"actions"}
    moments: list[Moment] = []
    days = [first + timedelta(days=n) for n in range(7) if not (who.human and off(first + timedelta(days=n)))][:5]
    strange = stage.chance.sample([api for api in BIT_BY_BIT if api not in who.pool], min(13, len(BIT_BY_BIT) - 6))
    for day in days:
        acts = [Act(strange.pop()) for _ in range(min(len(strange), stage.chance.choice((2, 2, 3))))]
        played, facts = _play(stage, who, level, day, acts)
        moments += played
        odd |= facts
    return Attack("slow abuse", f"{len(moments)} calls in {len(days)} days", level, who, tuple(moments), frozenset(odd))


def _dormant(stage: _Stage, who: Identity, level: str) -> Attack:
    chance = stage.chance
    day = START + timedelta(days=chance.randrange(*TEST))
    acts = [Act(api) for api in (*chance.sample(who.pool, 4), *chance.sample(LOOKING_AROUND, chance.randrange(2, 6)))]
    moments, odd = _play(stage, who, level, day, acts)
    return Attack("dormant", "a key asleep for months", level, who, moments, frozenset(odd | {"rest"}))
