"""The scorers side by side on one matrix, each calibrated on days that it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trailwatch.model.calibrate import Tail, combine, tail
from trailwatch.model.learnt import Learnt, learnt
from trailwatch.profile.columns import FEATURES
from trailwatch.profile.features import Matrix

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Floats = npt.NDArray[np.float64]
FOLDS = 3
RECENT_DAYS = 7  # learnt from, but not calibrated on
TREES = 300  # of all folds together


@dataclass(frozen=True)
class Scorer:
    """One way to look at the matrix."""

    name: str
    make: Callable[[int], BaseEstimator]  # of a seed
    columns: tuple[int, ...]
    weight: float = 1.0


def _columns(*families: str) -> tuple[int, ...]:
    return tuple(i for i, feature in enumerate(FEATURES) if not families or feature.family in families)


# scikit-learn takes longer to import than most questions take to answer: only who fits a model waits for it.
def _forest(seed: int) -> BaseEstimator:
    from trailwatch.model.forest import IdentityForest

    return IdentityForest(n_estimators=TREES // FOLDS, random_state=seed)


def _rare(_: int) -> BaseEstimator:
    from trailwatch.model.rare import RareValues

    return RareValues()


def _spike(_: int) -> BaseEstimator:
    from trailwatch.model.spike import Spike

    return Spike()


def _neighbours(seed: int) -> BaseEstimator:
    from trailwatch.model.neighbours import Neighbours

    return Neighbours(random_state=seed)


SCORERS = (
    Scorer("forest", _forest, _columns()),
    Scorer("rare", _rare, _columns("new", "place", "time", "rest", "week")),
    Scorer("spike", _spike, _columns()),
    Scorer("neighbours", _neighbours, _columns()),
)
NAMES = tuple(scorer.name for scorer in SCORERS)


@dataclass(frozen=True)
class Model:
    """Fitted scorers with their tails; the joint score is itself a tail: -ln of the share of usual days as strange.

    Each scorer is fitted once per fold, without that fold's days. Those calibrate it, and a new day gets the mean of
    all folds: three forests of hundred trees are one of three hundred, and cost no more.
    """

    scorers: tuple[Scorer, ...]
    fitted: tuple[tuple[Any, ...], ...]  # by scorer, then fold
    tails: tuple[Tail, ...]
    joint: Tail

    def parts(self, scaled: Floats) -> Floats:
        """Return one calibrated column a scorer."""
        return np.column_stack([
            each(np.mean([_strangeness(one, scorer, scaled) for one in folds], axis=0))
            for scorer, folds, each in zip(self.scorers, self.fitted, self.tails, strict=True)
        ])  # fmt: skip

    def score(self, scaled: Floats) -> Floats:
        """Return the joint score of rows."""
        return self.joined(self.parts(scaled))

    def joined(self, parts: Floats) -> Floats:
        """Return the joint score of rows from what each scorer says of them."""
        return self.joint(combine(parts, _weights(self.scorers)))


# The days of a week share a model, and a week is compared with the one before it.
_FITTED: dict[tuple[str, int, tuple[str, ...]], Model] = {}
_KEPT = 3


def fit(found: Matrix | Learnt, *, seed: int, names: Sequence[str] = NAMES) -> Model:
    """Fit the named scorers on training rows, and calibrate each on the days that a fold left out."""
    train = learnt(found, seed=seed) if isinstance(found, Matrix) else found
    key = (train.hash, seed, tuple(names))
    if key not in _FITTED:
        while len(_FITTED) >= _KEPT:
            _FITTED.pop(next(iter(_FITTED)))
        _FITTED[key] = _fitted(train, seed, names)
    return _FITTED[key]


def forget() -> None:
    """Fit anew whatever is asked for next."""
    _FITTED.clear()


def _fitted(train: Learnt, seed: int, names: Sequence[str]) -> Model:
    scorers = tuple(scorer for scorer in SCORERS if scorer.name in names)
    day = np.unique(train.day, return_inverse=True)[1]
    # One day alone cannot be left out.
    folds = [day % FOLDS == fold for fold in range(FOLDS) if 0 < np.sum(day % FOLDS == fold) < len(train)]
    fitted = tuple(
        tuple(_fit(scorer, train.scaled[~out], seed + n) for n, out in enumerate(folds)) for scorer in scorers
    )
    columns = [np.zeros(len(train)) for _ in scorers]
    for scorer, each, column in zip(scorers, fitted, columns, strict=True):
        for one, out in zip(each, folds, strict=True):
            column[out] = _strangeness(one, scorer, train.scaled[out])
    aged = _aged(train)
    tails = tuple(tail(column[aged]) for column in columns)
    parts = np.column_stack([each(column[aged]) for each, column in zip(tails, columns, strict=True)])
    return Model(scorers, fitted, tails, tail(combine(parts, _weights(scorers))))


def _aged(train: Learnt) -> npt.NDArray[np.bool_]:
    # What began last week must not be its own measure: abuse that goes on would look more usual day by day.
    aged = np.asarray(train.day < train.day.max() - np.timedelta64(RECENT_DAYS - 1, "D"))
    return aged if 2 * aged.sum() >= len(train) else np.ones(len(train), dtype=bool)


def parts_of(model: Model, row: Floats) -> Mapping[str, float]:
    """Return the calibrated scores of one row by the scorer's name."""
    return {scorer.name: round(float(value), 4) for scorer, value in zip(model.scorers, row, strict=True)}


def _fit(scorer: Scorer, scaled: Floats, seed: int) -> Any:
    from sklearn import config_context

    # Hundred trees would check hundred times what is checked here once.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return scorer.make(seed).fit(scaled[:, scorer.columns])


def _strangeness(estimator: Any, scorer: Scorer, scaled: Floats) -> Floats:
    from sklearn import config_context

    with config_context(assume_finite=True, skip_parameter_validation=True):
        return np.asarray(-estimator.score_samples(scaled[:, scorer.columns]))


def _weights(scorers: Sequence[Scorer]) -> Floats:
    return np.array([scorer.weight for scorer in scorers])
