"""Trees for the scorecard: forests as others use them, and a yardstick that has seen labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)

Floats = npt.NDArray[np.float64]


def plain_forest(train: Floats, asked: Floats, *, seed: int = 7) -> tuple[Floats, float]:
    """Return how strange rows are by the forest as it comes, and its cut at a contamination of 0.05."""
    forest = IsolationForest(n_estimators=300, contamination=0.05, random_state=seed).fit(train)
    return np.asarray(-forest.score_samples(asked)), float(-forest.offset_)


def yardstick(train: Floats, attacked: npt.NDArray[np.bool_], asked: Floats, *, seed: int = 7) -> Floats:
    """Return the mean probability of three tree models that were trained on labels: what the features can give."""
    models: tuple[Any, ...] = (
        HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, max_leaf_nodes=15, l2_regularization=1.0,
                                       class_weight="balanced", random_state=seed),
        ExtraTreesClassifier(400, min_samples_leaf=2, class_weight="balanced", random_state=seed),
        RandomForestClassifier(400, min_samples_leaf=2, class_weight="balanced", random_state=seed),
    )  # fmt: skip
    return np.asarray(np.mean([one.fit(train, attacked).predict_proba(asked)[:, 1] for one in models], axis=0))
