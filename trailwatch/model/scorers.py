"""The scorers side by side on one matrix, each calibrated on days that it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.base import BaseEstimator

from trailwatch.model.calibrate import Tail, combine, tail
from trailwatch.model.forest import IdentityForest
from trailwatch.model.neighbours import Neighbours
from trailwatch.model.rare import RareValues
from trailwatch.model.spike import Spike
from trailwatch.profile.features import FEATURES, Matrix

Floats = npt.NDArray[np.float64]
FOLDS = 3  # each left out once; a third of the trees will do for each, their mean is the same


@dataclass(frozen=True)
class Scorer:
    """One way to look at the matrix."""

    name: str
    make: Callable[[int, int], BaseEstimator]  # of a seed, and by how much smaller it may be
    columns: tuple[int, ...]
    weight: float


def _columns(*families: str) -> tuple[int, ...]:
    return tuple(i for i, feature in enumerate(FEATURES) if not families or feature.family in families)


SCORERS = (
    Scorer("forest", lambda seed, by: IdentityForest(n_estimators=300 // by, random_state=seed), _columns(), 1.0),
    Scorer("rare", lambda *_: RareValues(), _columns("new", "place", "time", "rest", "week"), 1.0),
    Scorer("spike", lambda *_: Spike(), _columns(), 1.0),
    Scorer("neighbours", lambda seed, _: Neighbours(random_state=seed), _columns(), 1.0),
)
NAMES = tuple(scorer.name for scorer in SCORERS)


@dataclass(frozen=True)
class Model:
    """Fitted scorers with their tails; the joint score is itself a tail: -ln of the share of usual days as strange."""

    scorers: tuple[Scorer, ...]
    fitted: tuple[Any, ...]
    tails: tuple[Tail, ...]
    joint: Tail

    def parts(self, scaled: Floats) -> Floats:
        """Return one calibrated column a scorer."""
        return np.column_stack([
            each(_strangeness(estimator, scorer, scaled))
            for scorer, estimator, each in zip(self.scorers, self.fitted, self.tails, strict=True)
        ])  # fmt: skip

    def score(self, scaled: Floats) -> Floats:
        """Return the joint score of rows."""
        return self.joint(combine(self.parts(scaled), _weights(self.scorers)))


def fit(train: Matrix, *, seed: int, names: Sequence[str] = NAMES) -> Model:
    """Fit the named scorers on training rows, and calibrate each on the days that a fold left out."""
    scorers = tuple(scorer for scorer in SCORERS if scorer.name in names)
    fold = np.unique(train.day, return_inverse=True)[1] % FOLDS
    columns = []
    for scorer in scorers:
        column = np.empty(len(train))
        for one in range(FOLDS):
            out = fold == one
            if out.any():
                known = train.scaled[~out] if (~out).any() else train.scaled
                column[out] = _strangeness(_fit(scorer, known, seed, FOLDS), scorer, train.scaled[out])
        columns.append(column)
    tails = tuple(tail(column) for column in columns)
    parts = np.column_stack([each(column) for each, column in zip(tails, columns, strict=True)])
    return Model(
        scorers=scorers,
        fitted=tuple(_fit(scorer, train.scaled, seed) for scorer in scorers),
        tails=tails,
        joint=tail(combine(parts, _weights(scorers))),
    )


def parts_of(model: Model, row: Floats) -> Mapping[str, float]:
    """Return the calibrated scores of one row by the scorer's name."""
    return {scorer.name: round(float(value), 4) for scorer, value in zip(model.scorers, row, strict=True)}


def _fit(scorer: Scorer, scaled: Floats, seed: int, by: int = 1) -> Any:
    # 300 trees check 300 times what is checked here once.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return scorer.make(seed, by).fit(scaled[:, scorer.columns])


def _strangeness(estimator: Any, scorer: Scorer, scaled: Floats) -> Floats:
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return np.asarray(-estimator.score_samples(scaled[:, scorer.columns]))


def _weights(scorers: Sequence[Scorer]) -> Floats:
    return np.array([scorer.weight for scorer in scorers])
