"""The ways to rank identity-days that the scorecard compares: the product, its parts, and what others do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trailwatch.model.scorers import NAMES, fit
from trailwatch.model.trees import plain_forest, yardstick
from trailwatch.profile.columns import FEATURES
from trailwatch.profile.columns import NAMES as FEATURE_NAMES
from trailwatch.profile.features import Matrix
from trailwatch.scorecard.measure import Measured, judged, training
from trailwatch.scorecard.rows import Rows

Floats = npt.NDArray[np.float64]
SEED = 7
MEDIUM = 2
_OWN = tuple(place for place, one in enumerate(FEATURES) if one.family == "much") + tuple(
    FEATURE_NAMES.index(name) for name in ("new_actions", "new_address_share")
)
_COUNTS = tuple(place for place, one in enumerate(FEATURES) if one.family == "much")


@dataclass(frozen=True)
class Scored:
    """One way to rank: a score for each row, and a cut where it has one of its own."""

    scores: Floats
    cut: float | None = None


def model(
    measured: Measured, rows: Rows, *, names: Sequence[str] = NAMES, without: Sequence[str] = (), seed: int = SEED
) -> dict[str, Floats]:
    """Return the joint score and each scorer's own, fitted at the begin of each week; features may be left out."""
    blank = [FEATURE_NAMES.index(name) for name in without]
    found: dict[str, list[Floats]] = {}
    for matrix, first in zip(measured.weeks, measured.firsts, strict=True):
        learnt, asked = _without(training(matrix, first), blank), _without(judged(matrix, first), blank)
        fitted = fit(learnt, seed=seed, names=names)
        able = asked.judged_from <= asked.day
        for name, values in zip((one.name for one in fitted.scorers), fitted.parts(asked.scaled).T, strict=True):
            found.setdefault(name, []).append(np.where(able, values, 0.0))
        found.setdefault("model", []).append(np.where(able, fitted.score(asked.scaled), 0.0))
    return {name: _padded(np.concatenate(parts), len(rows)) for name, parts in found.items()}


def rules(rows: Rows) -> Floats:
    """Rank by the gravest finding of the rules."""
    return np.where(rows.severity > 0, rows.severity * 1000 + np.minimum(rows.weight, 99), 0.0)


def both(rows: Rows, scores: Floats) -> Floats:
    """Rank by strength, as findings carry it: how unusual the day was, and more where a rule names what was done."""
    return np.asarray(np.clip(scores, 0, 99) + rows.named)


def by_severity(rows: Rows, scores: Floats) -> Floats:
    """Rank as a digest prints: by severity, and within it by strength."""
    return np.asarray(np.maximum(rows.severity, MEDIUM) * 1000 + both(rows, scores))


def baselines(measured: Measured, rows: Rows) -> Mapping[str, Scored]:
    """Rank as is usual elsewhere."""
    column = {name: rows.raw[:, place] for place, name in enumerate(FEATURE_NAMES)}
    anything = (column["new_actions"] > 0) | (column["new_address_share"] > 0)
    parts: dict[str, list[Floats]] = {"counts": [], "own": []}
    cuts = []
    for matrix, first in zip(measured.weeks, measured.firsts, strict=True):
        learnt, asked = training(matrix, first), judged(matrix, first)
        scores, cut = plain_forest(np.expm1(learnt.raw[:, _COUNTS]), np.expm1(asked.raw[:, _COUNTS]))
        parts["counts"].append(scores - cut)
        cuts.append(cut)
        parts["own"].append(plain_forest(learnt.scaled[:, _OWN], asked.scaled[:, _OWN])[0])
    counts, own = (_padded(np.concatenate(parts[name]), len(rows), low=-1.0) for name in ("counts", "own"))
    return {
        "anything new": Scored(anything.astype(np.float64), 0.5),
        "rare actions alone": Scored(column["rare_actions"]),
        "forest of raw counts, contamination 0.05": Scored(counts, 0.0),
        "forest of raw counts": Scored(counts),
        "self-normalised forest": Scored(own),
    }


def labelled(others: Sequence[Rows], rows: Rows) -> Floats:
    """Rank by trees that were trained on the labels of other seeds."""
    known = [(np.hstack([one.raw, one.scaled]), one.attack >= 0, one.test & (one.principal != "")) for one in others]
    train = np.vstack([values[asked] for values, _, asked in known])
    attacked = np.concatenate([found[asked] for _, found, asked in known])
    return yardstick(train, attacked, np.hstack([rows.raw, rows.scaled]), seed=SEED)


def _without(matrix: Matrix, blank: Sequence[int]) -> Matrix:
    if not blank:
        return matrix
    scaled = matrix.scaled.copy()
    scaled[:, list(blank)] = 0.0
    return Matrix(**{name: getattr(matrix, name) for name in Matrix.__dataclass_fields__} | {"scaled": scaled})


def _padded(scores: Floats, length: int, *, low: float = 0.0) -> Floats:
    return np.concatenate([scores, np.full(length - len(scores), low)])
