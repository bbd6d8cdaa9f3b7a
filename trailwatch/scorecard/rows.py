"""Every identity-day of a field in one table: what rules and features say of it, and what it really was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from trailwatch.findings.memory import TOLD_DAYS
from trailwatch.findings.triage import named
from trailwatch.profile.features import Matrix
from trailwatch.scorecard.field import Planted
from trailwatch.scorecard.measure import Measured, Said, judged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MEDIUM = 2


@dataclass(frozen=True)
class Rows:
    """Identity-days in order of weeks; those of no identity, that rules alone speak of, have no features."""

    day: npt.NDArray[Any]
    principal: npt.NDArray[Any]
    person: npt.NDArray[Any]
    week: Ints
    test: npt.NDArray[np.bool_]
    attack: Ints  # place in `attacks`, -1 for none
    lookalike: npt.NDArray[np.bool_]
    severity: Ints  # of the gravest finding of the rules, 0 for none
    weight: Floats  # its score
    named: Floats  # what the words of the rules weigh that spoke at medium or above, the most of them
    judged: npt.NDArray[np.bool_]
    raw: Floats
    scaled: Floats
    attacks: tuple[Planted, ...]

    def __len__(self) -> int:
        return len(self.day)


def table(measured: Measured) -> Rows:
    """Join matrix, findings and truth of a field."""
    attacks = tuple(one for one in measured.planted if not one.benign)
    weeks = [judged(matrix, first) for matrix, first in zip(measured.weeks, measured.firsts, strict=True)]
    keys = [key for matrix in weeks for key in _keys(matrix)]
    places = {key: place for place, key in enumerate(keys)}
    attack = np.full(len(keys), -1, dtype=np.int64)
    for number, one in enumerate(attacks):
        for day in one.days:
            if (place := places.get((day, one.principal, one.person))) is not None:
                attack[place] = number
    harmless = {(day, one.principal, one.person) for one in measured.planted if one.benign for day in one.days}
    weigh = _weights(measured.said)
    severity, weight, words, beside = _said(measured, keys, places, attack, attacks, weigh)
    extra = len(beside)
    width = weeks[0].raw.shape[1]
    first_of = [date.fromisoformat(str(day)) for day in measured.firsts]
    days = [key[0] for key in keys] + [one.day for one in beside]
    return Rows(
        day=np.array(days, dtype="datetime64[D]"),
        principal=np.array([key[1] for key in keys] + [""] * extra),
        person=np.array([key[2] for key in keys] + [""] * extra),
        week=np.array([max(n for n, first in enumerate(first_of) if first <= day) for day in days], dtype=np.int64),
        test=np.isin(np.array(days, dtype="datetime64[D]"), np.array(measured.test, dtype="datetime64[D]")),
        attack=np.concatenate([attack, _number(beside, attacks)]),
        lookalike=np.array([key in harmless for key in keys] + [False] * extra, dtype=bool),
        severity=np.concatenate([severity, np.array([one.severity for one in beside], dtype=np.int64)]),
        weight=np.concatenate([weight, np.array([one.score for one in beside])]),
        named=np.concatenate([words, np.array([weigh(one) for one in beside])]),
        judged=np.concatenate([*(m.judged_from <= m.day for m in weeks), np.zeros(extra, dtype=bool)]),
        raw=np.vstack([*(m.raw for m in weeks), np.zeros((extra, width))]),
        scaled=np.vstack([*(m.scaled for m in weeks), np.full((extra, width), -6.0)]),
        attacks=attacks,
    )


def _keys(matrix: Matrix) -> list[tuple[date, str, str]]:
    return [(day, str(principal), str(person)) for day, principal, person in
            zip(matrix.day.tolist(), matrix.principal, matrix.person, strict=True)]  # fmt: skip


def _said(
    measured: Measured, keys: Sequence[tuple[date, str, str]], places: dict[tuple[date, str, str], int],
    attack: Ints, attacks: Sequence[Planted], weigh: Callable[[Said], float],
) -> tuple[Ints, Floats, Floats, list[Said]]:  # fmt: skip
    """Return the gravest finding of each row, and the findings that belong to no row.

    On the day of an attack a finding counts only if it holds an event of the attack.
    """
    severity, weight, words = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys)), np.zeros(len(keys))
    asked = {*measured.quiet, *measured.test}
    of_person: dict[tuple[date, str], list[int]] = {}
    for place, (day, _, person) in enumerate(keys):
        of_person.setdefault((day, person), []).append(place)
    events = [frozenset(one.event_ids) for one in attacks]
    beside = []
    for one in (one for one in measured.said if one.day in asked):
        found = [places[key]] if (key := (one.day, one.principal, one.person)) in places else []
        if not found and one.person and not one.principal:
            found = of_person.get((one.day, one.person), [])
        if not found:
            beside.append(one)
        for place in found:
            if attack[place] >= 0 and not events[attack[place]] & set(one.event_ids):
                continue
            severity[place], weight[place] = max((severity[place], weight[place]), (one.severity, one.score))
            words[place] = max(words[place], weigh(one))
    return severity, weight, words, beside


def _weights(said: Sequence[Said]) -> Callable[[Said], float]:
    """Return what weighs the word of a rule: nothing below medium, and the less the more often it spoke before."""
    spoke: dict[str, dict[date, set[tuple[str, str]]]] = {}
    for one in said:
        if one.severity >= MEDIUM:
            spoke.setdefault(one.detection, {}).setdefault(one.day, set()).add((one.principal, one.person))

    @cache
    def before(detection: str, day: date) -> int:
        days = spoke.get(detection, {})
        return sum(len(who) for when, who in days.items() if day - timedelta(days=TOLD_DAYS) <= when < day)

    return lambda one: named(before(one.detection, one.day)) if one.severity >= MEDIUM else 0.0


def _number(beside: Sequence[Said], attacks: Sequence[Planted]) -> Ints:
    by_event = {event: number for number, one in enumerate(attacks) for event in one.event_ids}
    return np.array(
        [max((by_event.get(event, -1) for event in one.event_ids), default=-1) for one in beside], dtype=np.int64
    )
