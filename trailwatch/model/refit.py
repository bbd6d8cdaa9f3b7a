"""The model of a week: taken from the shelf, or fitted on what was known before its Monday, and then compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from trailwatch.model.learnt import Learnt, key, learnt, versions, week_of
from trailwatch.model.scorers import Model, fit
from trailwatch.model.shelf import Kept, Shelf
from trailwatch.profile.features import Matrix

LEAST_ROWS, LEAST_DAYS = 30, 7  # of history, without which no tail can be told
MONTH = 30
Excluded = Collection[tuple[str, str, date]]


@dataclass(frozen=True)
class Basis:
    """What the model of a day was fitted on, and how the newest fit changed the verdicts of the month before."""

    week: date | None = None  # fitted on the days before; None where each day has its own
    rows: int = 0
    days: int = 0
    data_hash: str = ""
    versions: tuple[str, ...] = ()
    changed: int = 0
    of: int = 0

    @property
    def unsettled(self) -> bool:
        """Whether the last refit turned round more than half of the verdicts above the cut, five at least."""
        return self.of >= 5 and 2 * self.changed > self.of


def usable(matrix: Matrix, before: date, excluded: Excluded) -> Matrix:
    """Return the rows before a day that a model may learn from: of grown identities, without confirmed incidents."""
    mask = (matrix.day < np.datetime64(before)) & (matrix.judged_from <= matrix.day)
    for principal, person, when in excluded:
        who = (matrix.principal == principal) & ((matrix.person == person) if person else True)
        mask &= ~(who & (matrix.day == np.datetime64(when)))
    return matrix.where(mask)


def enough(found: Learnt) -> bool:
    """Return whether rows are enough to tell a tail."""
    return found.rows >= LEAST_ROWS and found.days >= LEAST_DAYS


def of_week(
    day: date, shelf: Shelf, *, seed: int, scorers: Sequence[str], excluded: Excluded, cut: float,
    matrix: Callable[[date], Matrix],
) -> Kept | None:  # fmt: skip
    """Return the model of a day's week; None where too little was known before it.

    `matrix` makes the matrix up to a day. It is asked for the Sunday, whatever the day, so that the first digest of a
    week decides nothing.
    """
    week = week_of(day)
    name = key(seed=seed, scorers=scorers, excluded=[one for one in excluded if one[2] < week])
    if (kept := shelf.take(week, name)) is not None:
        return kept
    rows = usable(matrix(week - timedelta(days=1)), week, excluded)
    found = learnt(rows, seed=seed)
    if not enough(found):
        return None
    changed, of = _compared(rows, week, fit(found, seed=seed, names=scorers), shelf.before(week), scorers, cut)
    kept = Kept(week, found, changed, of)
    shelf.put(kept, name)
    return kept


def _compared(
    rows: Matrix, week: date, new: Model, before: Kept | None, scorers: Sequence[str], cut: float
) -> tuple[int, int]:
    if before is None:
        return 0, 0
    old = fit(before.learnt, seed=before.learnt.seed, names=scorers)
    month = rows.scaled[rows.day >= np.datetime64(week - timedelta(days=MONTH))]
    over = [one.score(month) > cut for one in (old, new)]
    return int(np.sum(over[0] ^ over[1])), int(np.sum(over[0] | over[1]))


def basis(found: Learnt, kept: Kept | None) -> Basis:
    """Return what is told of a model."""
    said = tuple(f"{name} {version}" for name, version in versions().items())
    week, changed, of = (kept.week, kept.changed, kept.of) if kept else (None, 0, 0)
    return Basis(week, found.rows, found.days, found.hash, said, changed, of)
