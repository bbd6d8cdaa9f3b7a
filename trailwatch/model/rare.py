"""Rare values: the sum of each column's own upper tail."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class RareValues(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Sum over columns of -ln(share of training rows that reach the value), each beyond what one row in `usual` has.

    Above the training maximum the tail goes on falling with the distance, in units of the column's scale: ties at the
    maximum would make the worst day of all look like the worst one so far.

    Parameters
    ----------
    usual : float, default=20.0
        A value that one training row in so many reaches adds nothing.

    Examples:
    --------
    >>> seen = [[0.0], [0.0], [0.0], [1.0]]
    >>> scorer = RareValues(usual=1).fit(seen)
    >>> [round(float(score), 2) for score in scorer.score_samples([[0.0], [1.0], [3.0]])]
    [-0.0, -0.92, -3.61]
    """

    def __init__(self, usual: float = 20.0) -> None:
        self.usual = usual

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803
        """Keep the sorted columns."""
        rows = validate_data(self, X, dtype=np.float64)
        self.columns_ = np.sort(rows, axis=0)
        self.offset_ = float(np.quantile(self.score_samples(rows), 0.005))
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return how normal each row is, lower for rarer values."""
        check_is_fitted(self, "columns_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        total = np.zeros(len(rows))
        count = len(self.columns_)
        for column, values in zip(self.columns_.T, rows.T, strict=True):
            reached = count - np.searchsorted(column, values, side="left")
            tail = -np.log((reached + 1) / (count + 1)) + np.maximum(values - column[-1], 0)
            total += np.maximum(tail - np.log(self.usual), 0)
        return -total

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the score above the offset; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:  # noqa: N803
        """Return 1 for inliers and -1 for outliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)
