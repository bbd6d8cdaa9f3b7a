"""How the identities of a day's hits worked before: from where, with what, through which services, doing what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from trailwatch.engine import Engine

SETTLED = timedelta(days=7)  # what began later may be an intruder's own first days
KNOWN_DAYS = 14
LONGEST_PAUSE = 8  # a weekly job is regular
STEADY = 0.95
_UNATTENDED = {"pipeline", "workload"}


@dataclass(frozen=True)
class Ways:
    """What one identity did before a day, by dimension: value → days; only values that are settled."""

    days: int
    values: Mapping[str, Mapping[str, int]]
    steady: frozenset[str] = frozenset()  # dimensions in which it hardly ever varies
    kind: str = ""
    evidence: str = ""
    regular: bool = False

    @property
    def judged(self) -> bool:
        """Whether it is known for long enough to say what is unlike it."""
        return self.days >= KNOWN_DAYS

    @property
    def unattended(self) -> bool:
        """Whether history says that a program works here: by its class, and regularly."""
        return self.judged and self.regular and self.kind in _UNATTENDED

    def knows(self, dimension: str, value: object) -> bool:
        """Return whether a value is settled."""
        return value in self.values.get(dimension, {})

    def usual(self, dimension: str) -> str:
        """Return the most frequent values in words."""
        found = list(self.values.get(dimension, {}))
        return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") or "none"


@dataclass
class _Gathered:
    days: int
    pause: int
    kind: str
    evidence: str
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    all_days: dict[str, int] = field(default_factory=dict)


def ways(engine: Engine, principals: Iterable[str], *, day: date) -> dict[str, Ways]:
    """Return the ways of each identity that was active in the window before a day; reads the baseline of that day."""
    engine.table("acting", pa.table({"principal": pa.array(sorted(set(principals)), pa.string())}))
    found: dict[str, _Gathered] = {}
    for row in engine.relation("ways", day=day).to_pylist():
        one = found.setdefault(
            row["principal"], _Gathered(row["days_known"], row["pause"], row["class"], row["evidence"])
        )
        dimension = row["dimension"]
        one.all_days[dimension] = one.all_days.get(dimension, 0) + row["days"]
        if row["first_day"] <= day - SETTLED:
            one.values.setdefault(dimension, {})[row["value"]] = row["days"]
    return {
        principal: Ways(
            one.days, one.values, frozenset(_steady(one)), one.kind, one.evidence, one.pause <= LONGEST_PAUSE
        )
        for principal, one in found.items()
    }


def _steady(one: _Gathered) -> Iterable[str]:
    # A pipeline on rented runners comes from another address every day: there a new one means nothing.
    for dimension, values in one.values.items():
        often = sum(days for days in values.values() if days >= 3)
        if often >= STEADY * one.all_days[dimension]:
            yield dimension
