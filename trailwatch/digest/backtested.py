"""What a backtest told: findings a day, by whom, what was told before, and what would bring them within a budget."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

import msgspec

from trailwatch.finding import Finding
from trailwatch.findings.incidents import who

TOP = 5


@dataclass(frozen=True)
class Act:
    """One finding of one day, and the detections whose digests had told of its events before."""

    day: date
    finding: Finding
    told_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """One day of a backtest."""

    day: date
    events: int
    hits: int
    findings: int = 0  # those that nobody silenced
    fresh: int = 0  # of these, findings of whose events no digest had told
    suppressed: int = 0
    digested: bool = True
    flooded: bool = False  # too many hits to make findings of; `findings` counts their groups


@dataclass(frozen=True)
class Hider:
    """A suppression that would hide findings: one field beside the detection, and how many it would hide."""

    detection: str
    field: str
    value: str
    hides: int


@dataclass(frozen=True)
class Threshold:
    """The smallest `at_least` of a count that keeps it within a budget."""

    detection: str
    now: int
    at_least: int
    a_day: float


@dataclass(frozen=True)
class Difference:
    """What two versions of the detections say differently: findings of both, and those of one alone."""

    against: str
    both: int
    only_now: tuple[Act, ...]
    only_before: tuple[Act, ...]


@dataclass(frozen=True)
class Backtest:
    """Detections run over days that have passed, each day as its digest would have seen it."""

    detections: tuple[str, ...]
    days: tuple[Tried, ...]
    acts: tuple[Act, ...]
    unable: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # detection → reason → days
    failed: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)  # file → reason
    learning: Mapping[str, int] = field(default_factory=dict)
    budget: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    difference: Difference | None = None

    @property
    def told(self) -> tuple[Act, ...]:
        """The findings that nobody silenced."""
        return tuple(act for act in self.acts if not act.finding.suppressed_by)

    @property
    def a_day(self) -> float:
        """How many findings a day there are, on the average of the days that have events."""
        return sum(day.findings for day in self.days) / max(len(self.days), 1)

    @property
    def usual(self) -> float:
        """How many findings the median day has."""
        return float(median(day.findings for day in self.days)) if self.days else 0.0

    @property
    def within(self) -> bool:
        """Whether the findings stay within the budget; a flood never does."""
        return self.budget is None or (self.a_day <= self.budget and not any(day.flooded for day in self.days))

    def identities(self) -> list[tuple[str, int, int]]:
        """Return (name, findings, days) of the identities, those with most findings first."""
        days: dict[str, set[date]] = {}
        counts: Counter[str] = Counter()
        for act in self.told:
            name = who(act.finding) or "nobody that the log names"
            counts[name] += 1
            days.setdefault(name, set()).add(act.day)
        ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return [(name, count, len(days[name])) for name, count in ranked]

    def hiders(self) -> list[Hider]:
        """Return the suppressions that would hide most, at most one of each set of findings."""
        sets: dict[tuple[str, str, str], set[int]] = {}
        for place, act in enumerate(self.told):
            for name, value in _fields(act.finding):
                sets.setdefault((act.finding.detection, name, value), set()).add(place)
        found: list[Hider] = []
        left = set(range(len(self.told)))
        while len(found) < TOP and left:
            best = max(sets, key=lambda key: (len(sets[key] & left), -_FIELDS.index(key[1]), key), default=None)
            if best is None or not sets[best] & left:
                break
            found.append(Hider(*best, hides=len(sets[best])))
            left -= sets.pop(best)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values | {
            "a_day": round(self.a_day, 4), "usual": self.usual, "within_budget": self.within,
            "identities": [{"name": name, "findings": count, "days": days} for name, count, days in self.identities()],
            "hiders": msgspec.to_builtins(self.hiders()),
        }  # fmt: skip


def solved(
    peaks: Mapping[str, Sequence[int]], now: Mapping[str, int], *, days: int, budget: float
) -> tuple[Threshold, ...]:
    """Return for each count the smallest number at which its acts stay within a budget.

    `peaks` holds, per detection, how many events (or distinct values) each act of each day reached.
    """
    allowed = math.floor(budget * days + 1e-9)
    found = []
    for detection, reached in peaks.items():
        ranked = sorted(reached, reverse=True)
        # One more than what the first act beyond the budget reached leaves it out, and all that reached as much.
        least = max(2, ranked[allowed] + 1) if len(ranked) > allowed else 2
        left = sum(peak >= least for peak in ranked)
        found.append(Threshold(detection, now[detection], least, left / max(days, 1)))
    return tuple(found)


def compared(now: Iterable[Act], before: Iterable[Act], *, against: str) -> Difference:
    """Compare the findings of two versions by their events: by those, not by names that a version may change."""
    now, before = list(now), list(before)
    ours = {(act.day, event) for act in now for event in act.finding.event_ids}
    theirs = {(act.day, event) for act in before for event in act.finding.event_ids}
    only_now = tuple(act for act in now if not _shared(act, theirs))
    only_before = tuple(act for act in before if not _shared(act, ours))
    return Difference(against, len(now) - len(only_now), only_now, only_before)


def _shared(act: Act, events: set[tuple[date, str]]) -> bool:
    return any((act.day, event) in events for event in act.finding.event_ids)


# Where two fields hide as much, the first is the one that a person would choose.
_FIELDS = ("principal", "person", "target", "network")


def _fields(finding: Finding) -> list[tuple[str, str]]:
    """Return the fields of a suppression that all events of a finding share."""
    found = [("principal", finding.principal), ("person", finding.person)]
    for name, tops in (("network", finding.addresses), ("target", finding.targets)):
        found += [(name, tops[0].value)] if len(tops) == 1 and tops[0].count == finding.count else []
    return [(name, value) for name, value in found if value]
