"""What was usual for an identity on the days before each of its days: rolling medians, ninth deciles, deviations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
DECILE = 0.9
_AT_ONCE = 65_536  # rows, so that memory does not grow with the organization


@dataclass(frozen=True)
class Usual:
    """Of each row and column: the median, the ninth decile, and, where it was asked for, the median deviation."""

    middle: Floats
    high: Floats
    deviation: Floats


@dataclass(frozen=True)
class Frames:
    """The rows from `far` to `near` before each wanted row that belong to the same identity.

    Rows are in order of identity and day; `identity` names the identity of each.
    """

    identity: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]  # those that are asked for
    far: int
    near: int = 1

    def counts(self) -> npt.NDArray[np.int64]:
        """Return how many rows each frame holds."""
        counts = np.zeros(len(self.rows), dtype=np.int64)
        for part, _, held in self._parts():
            counts[part] = held.sum(axis=1)
        return counts

    def usual(self, columns: Floats, *, only: Flags | None = None, deviations: bool = False) -> Usual:
        """Return what was usual in each frame for each column, over the rows of `only`; NaN where there are none."""
        middle, high, deviation = (np.full((len(self.rows), columns.shape[1]), np.nan) for _ in range(3))
        told: Flags = np.asarray(columns.any(axis=0))
        for part, places, within in self._parts():
            held = within if only is None else within & only[places]
            counts = held.sum(axis=1)
            for column, values in enumerate(columns.T):
                if not told[column]:
                    middle[part, column] = high[part, column] = np.where(counts > 0, 0.0, np.nan)
                    deviation[part, column] = middle[part, column]
                    continue
                frames = np.where(held, values[places], np.inf)
                frames.sort(axis=1)
                middle[part, column] = _at(frames, counts, 0.5)
                high[part, column] = _at(frames, counts, DECILE)
                if deviations:
                    away = np.abs(frames - middle[part, column, None])
                    away.sort(axis=1)
                    deviation[part, column] = _at(away, counts, 0.5)
        return Usual(middle, high, deviation)

    def _parts(self) -> Iterator[tuple[slice, npt.NDArray[np.int64], Flags]]:
        back = np.arange(self.far, self.near - 1, -1)
        for start in range(0, len(self.rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rows = self.rows[part, None]
            places = np.maximum(rows - back, 0)
            yield part, places, np.logical_and(rows >= back, self.identity[places] == self.identity[rows])


def _at(ordered: Floats, counts: npt.NDArray[np.int64], share: float) -> Floats:
    """Return the quantile of the first `counts` values of each row, between two values in proportion."""
    place = (counts - 1) * share
    below = np.floor(place)
    rows = np.arange(len(ordered))
    low = ordered[rows, np.maximum(below, 0).astype(np.int64)]
    high = ordered[rows, np.maximum(np.ceil(place), 0).astype(np.int64)]
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, low * (1 - (place - below)) + high * (place - below), np.nan)
