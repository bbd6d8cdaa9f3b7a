"""Nearest neighbours: how far an identity-day is from the days most like it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data


class Neighbours(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Mean distance to the nearest training rows, columns in units of their spread (at least one).

    Parameters
    ----------
    n_neighbors : int, default=10
        More than the days that one incident lasts, so that it does not vouch for itself.
    max_reference : int, default=4000
        Training rows that are kept; a seeded draw of the sorted rows.
    random_state : int or RandomState, default=0

    Examples:
    --------
    >>> scorer = Neighbours(n_neighbors=1).fit([[0.0], [1.0], [2.0]])
    >>> [float(score) for score in scorer.score_samples([[1.0], [5.0]])]
    [-0.0, -3.0]
    """

    def __init__(self, n_neighbors: int = 10, max_reference: int = 4000, random_state: Any = 0) -> None:
        self.n_neighbors = n_neighbors
        self.max_reference = max_reference
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803
        """Keep the reference rows."""
        rows = validate_data(self, X, dtype=np.float64)
        rows = rows[np.lexsort(rows.T[::-1])]
        if len(rows) > self.max_reference:
            drawn = check_random_state(self.random_state).permutation(len(rows))[: self.max_reference]
            rows = rows[np.sort(drawn)]
        self.spread_ = np.maximum(rows.std(axis=0), 1.0)
        # A tree answers a few questions at once; many are cheaper as one matrix product.
        way = "ball_tree" if len(rows) < 2000 else "brute"
        self.neighbours_ = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(rows)), algorithm=way)
        self.neighbours_.fit(rows / self.spread_)
        self.offset_ = float(np.quantile(self.score_samples(rows[:: 1 + len(rows) // 1000]), 0.005))
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return how normal each row is, lower for what is far from all that was seen."""
        check_is_fitted(self, "neighbours_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        distances, _ = self.neighbours_.kneighbors(rows / self.spread_)
        return -np.asarray(distances.mean(axis=1))

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the score above the offset; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:  # noqa: N803
        """Return 1 for inliers and -1 for outliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)
