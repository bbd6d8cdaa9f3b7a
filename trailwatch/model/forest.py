"""Isolation forest over normalised identity-days."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data


class IdentityForest(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Isolation forest whose trees can also cut where training never went.

    A column that is constant in a tree's sample is never cut, so a plain forest cannot see the first root use or the
    first sleeper. A share of extra rows, real ones with one column redrawn over its possible range, puts cuts there.
    Rows are sorted first: the forest's answer would otherwise change with their order.

    Parameters
    ----------
    n_estimators : int, default=300
        Trees; below 300 another seed changes too many of the first fifty.
    max_samples : int, default=512
        Rows a tree sees.
    anchors : float, default=0.1
        Extra rows per training row; 0 gives the plain forest.
    reach : float, default=1.0
        How far beyond the training range of a column anchors go, in ranges (at least in units).
    random_state : int or RandomState, default=0
        Fixed, so that the same store gives the same digest.

    Examples:
    --------
    >>> import numpy as np
    >>> usual = np.random.default_rng(0).normal(size=(200, 3))
    >>> forest = IdentityForest(n_estimators=50).fit(usual)
    >>> bool(forest.score_samples([[9.0, 9.0, 9.0]])[0] < forest.score_samples(usual).min())
    True
    """

    def __init__(
        self, n_estimators: int = 300, max_samples: int = 512, anchors: float = 0.1, reach: float = 1.0,
        random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.anchors = anchors
        self.reach = reach
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002, N803
        """Grow the trees."""
        rows = validate_data(self, X, dtype=np.float64)
        random = check_random_state(self.random_state)
        rows = rows[np.lexsort(rows.T[::-1])]
        grown = np.vstack([rows, self._anchor_rows(rows, random)])
        self.forest_ = IsolationForest(
            n_estimators=self.n_estimators,
            max_samples=min(self.max_samples, len(grown)),
            random_state=random,
        ).fit(grown)
        # The nearest thing to a usual cut for the estimator protocol; the digest's cut is its alert budget.
        self.offset_ = float(np.quantile(self.forest_.score_samples(rows[:: 1 + len(rows) // 1000]), 0.005))
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return how normal each row is, lower for what is easier to isolate."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.forest_.score_samples(rows))

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the score above the offset; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:  # noqa: N803
        """Return 1 for inliers and -1 for outliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _anchor_rows(self, rows: npt.NDArray[np.float64], random: np.random.RandomState) -> npt.NDArray[np.float64]:
        count = round(self.anchors * len(rows))
        extra = rows[random.randint(len(rows), size=count)].copy()
        column = random.randint(rows.shape[1], size=count)
        low, high = rows.min(axis=0), rows.max(axis=0)
        width = self.reach * np.maximum(high - low, 1.0)
        extra[np.arange(count), column] = random.uniform(low[column] - width[column] / 4, high[column] + width[column])
        return extra
