"""Spikes: the few columns that stand furthest above their usual value."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class Spike(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Length of the `strongest` deviations above the median, counted in robust spreads of the column.

    Parameters
    ----------
    strongest : int, default=2
        Deviations that count; more would add up the noise of a busy day.

    Examples:
    --------
    >>> scorer = Spike().fit([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]])
    >>> bool(scorer.score_samples([[9.0, 1.0]])[0] < scorer.score_samples([[1.0, 1.0]])[0])
    True
    """

    def __init__(self, strongest: int = 2) -> None:
        self.strongest = strongest

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803
        """Learn each column's median and spread."""
        rows = validate_data(self, X, dtype=np.float64)
        self.median_ = np.median(rows, axis=0)
        # The floor of one keeps already scaled columns as they are.
        self.spread_ = np.maximum(1.4826 * np.median(np.abs(rows - self.median_), axis=0), 1.0)
        self.offset_ = float(np.quantile(self.score_samples(rows), 0.005))
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return how normal each row is, lower for higher spikes."""
        check_is_fitted(self, "median_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        above = np.sort(np.maximum((rows - self.median_) / self.spread_, 0), axis=1)[:, -self.strongest :]
        return np.asarray(-np.sqrt(np.sum(above**2, axis=1)))

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the score above the offset; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:  # noqa: N803
        """Return 1 for inliers and -1 for outliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)
