"""What the explanations are worth: do the named facts carry the score, and is the first of them one that was planted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trailwatch.model.explain import reasons
from trailwatch.model.scorers import fit
from trailwatch.profile.columns import FEATURES
from trailwatch.scorecard.measure import Measured, judged, training
from trailwatch.scorecard.recall import threshold
from trailwatch.scorecard.rows import Rows

SEED, BUDGET = 7, 5
_ASPECT = {feature.name: feature.aspect for feature in FEATURES}


@dataclass(frozen=True)
class Told:
    """Counts of what was explained above the cut."""

    anomalies: int = 0
    faithful: int = 0  # at usual values of the named facts the score falls under the cut
    attacks: int = 0
    hits: int = 0  # the first reason is a planted fact

    @classmethod
    def merged(cls, several: Iterable[Told]) -> Told:
        """Return the sums."""
        found = list(several)
        return cls(*(sum(getattr(one, name) for one in found) for name in ("anomalies", "faithful", "attacks", "hits")))


def told(measured: Measured, rows: Rows, scores: npt.NDArray[np.float64]) -> Told:
    """Explain each identity-day of the test that the model puts above its threshold."""
    limit = threshold(rows, scores, BUDGET)
    anomalies = faithful = attacks = hits = place = 0
    for matrix, first in zip(measured.weeks, measured.firsts, strict=True):
        asked = judged(matrix, first)
        own = np.arange(place, place + len(asked))
        place += len(asked)
        over = [int(n) for n in np.flatnonzero(rows.test[own] & (scores[own] > limit))]
        if not over:
            continue
        fitted = fit(training(matrix, first), seed=SEED)
        for n, (found, enough) in zip(over, reasons(fitted, asked, over, cut=limit), strict=True):
            anomalies, faithful = anomalies + 1, faithful + enough
            number = int(rows.attack[own[n]])
            if number >= 0 and found:
                attacks += 1
                hits += _ASPECT[found[0].name] in rows.attacks[number].planted
    return Told(anomalies, faithful, attacks, hits)
