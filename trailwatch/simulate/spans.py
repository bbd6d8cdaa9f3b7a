"""The day that a producer makes records for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from trailwatch.simulate.chance import around, dice
from trailwatch.simulate.records import Caller, Record, call


@dataclass(frozen=True)
class Span:
    """The day and density that a producer makes records for."""

    seed: int
    day: date
    dense: bool
    weight: float = 1.0
    copy: int = 0  # >0: one more workload of the same kind, in a scaled world
    untold: frozenset[str] = frozenset()  # chapters that do not happen in this world

    def chance(self, *parts: object) -> random.Random:
        """Return the dice of one identity on this day."""
        return dice(self.seed, *parts, self.day, self.copy)

    def at(self, hours: float) -> datetime:
        """Return a time of this UTC day."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(
            seconds=round(hours * 3600)
        )

    def name(self, name: str) -> str:
        """Return the name of a workload, numbered for copies."""
        return f"{name}-{self.copy}" if self.copy else name

    def many(self, chance: random.Random, mean: float) -> int:
        """Draw how often something happens on this day."""
        return max(1, around(chance, mean * self.weight * (1 if self.dense else 0.25), 0.2))


Producer = Callable[[Span], Iterator[Record]]


def in_turn(chance: random.Random, caller: Caller, begin: datetime, apis: str, *, gap: float = 2.0) -> Iterator[Record]:
    """Yield calls one after another."""
    at = begin
    for api in apis.split():
        at += timedelta(seconds=round(chance.expovariate(1 / gap)))
        yield call(chance, at, caller, api)
