"""Recall at a budget: the threshold is set on quiet days, and asked of days with attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trailwatch.scorecard.field import Planted
from trailwatch.scorecard.rows import Rows

Floats = npt.NDArray[np.float64]
BUDGETS = (1, 2, 5, 10)
TEN = 10


@dataclass(frozen=True)
class At:
    """What a ranking finds at a budget."""

    budget: float
    threshold: float
    recall: float
    false: float  # per 1000 identity-days, as it came out
    precise: float  # share of attacks among the first ten of each day that are above the threshold
    found: frozenset[int]  # attacks
    late: Mapping[int, int]  # attack → days after its first
    empty: float  # share of days with nothing above the threshold


def threshold(rows: Rows, scores: Floats, budget: float) -> float:
    """Return the score that so many of 1000 quiet identity-days exceed."""
    quiet = np.sort(scores[~rows.test])[::-1]
    allowed = int(budget * np.sum(~rows.test & (rows.principal != "")) / 1000)
    return float(quiet[min(allowed, len(quiet) - 1)])


def at(rows: Rows, scores: Floats, budget: float, *, cut: float | None = None) -> At:
    """Return what lies above the threshold of a budget, or above a cut."""
    limit = threshold(rows, scores, budget) if cut is None else cut
    told = rows.test & (scores > limit)
    days = sum(rows.test & (rows.principal != "") & (rows.attack < 0))
    found = {int(one) for one in rows.attack[told & (rows.attack >= 0)]}
    late = {}
    for one in found:
        first = min(rows.attacks[one].days)
        hit = rows.day[told & (rows.attack == one)].min().item()
        late[one] = (hit - first).days
    hits = shown = empty = 0
    tested = np.unique(rows.day[rows.test])
    for day in tested:
        today = np.flatnonzero(told & (rows.day == day))
        top = today[np.lexsort((today, -scores[today]))][:TEN]
        hits, shown, empty = hits + int(sum(rows.attack[top] >= 0)), shown + len(top), empty + (not len(top))
    return At(
        budget, limit, len(found) / max(len(rows.attacks), 1), 1000 * float(sum(told & (rows.attack < 0))) / max(days, 1),
        hits / shown if shown else float("nan"), frozenset(found), late, empty / max(len(tested), 1),
    )  # fmt: skip


def parts(rows: Rows, found: At, of: Callable[[Planted], str]) -> dict[str, tuple[int, int]]:
    """Return found and all attacks by a part of them: kind, stealth, class."""
    result: dict[str, tuple[int, int]] = {}
    for number, one in enumerate(rows.attacks):
        hit, every = result.get(of(one), (0, 0))
        result[of(one)] = (hit + (number in found.found), every + 1)
    return dict(sorted(result.items()))


def mean(values: Sequence[float]) -> float:
    """Return the mean of what is known."""
    known = [value for value in values if value == value]  # noqa: PLR0124  # nan is not itself
    return sum(known) / len(known) if known else float("nan")
