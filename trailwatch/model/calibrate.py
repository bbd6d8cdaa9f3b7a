"""From scores to tail probabilities, and from four scorers to one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LN2 = float(np.log(2))
KNEE, EXCESSES = 0.995, 15  # the tail is extrapolated from here on, on at least so many excesses


@dataclass(frozen=True)
class Tail:
    """The upper tail of a scorer: -ln of the share of usual rows that score as high."""

    scores: Floats  # sorted
    knee: float
    share: float  # of rows above the knee
    scale: float  # of the exponential that continues it

    def __call__(self, scores: Floats) -> Floats:
        """Return -ln p of each score; beyond the knee a straight line, so that nothing ties at the maximum."""
        count = len(self.scores)
        reached = count - np.searchsorted(self.scores, scores, side="left")
        inside = -np.log(np.clip((reached + 0.5) / (count + 1), None, 1.0))
        inside = np.minimum(inside, -np.log(self.share))
        beyond = -np.log(self.share) + (scores - self.knee) / self.scale
        return np.asarray(np.where(scores > self.knee, beyond, inside))


def tail(scores: Floats) -> Tail:
    """Fit the tail of scores, higher for stranger."""
    ordered = np.sort(scores)
    count = len(ordered)
    share = max(1 - KNEE, min(EXCESSES / count, 0.25))
    knee = float(np.quantile(ordered, 1 - share))
    excess = ordered[ordered > knee] - knee
    # The median: a mean would let last week's intruder make this week's look usual.
    # Excesses of nearly nothing would turn the next small step into certainty: at least as wide as the body below.
    least = (knee - float(np.median(ordered))) / (-np.log(share) - LN2) + 1e-9
    return Tail(ordered, knee, share, max(float(np.median(excess)) / LN2 if len(excess) else 0.0, least))


def combine(tails: Floats, weights: Floats) -> Floats:
    """Return the weighted root mean square of the tails.

    Between their highest, for each scorer is blind to something that another sees, and their mean, for noise rarely
    moves all of them: on validation fields it finds more than either.
    """
    weighed = tails * weights
    return np.asarray(np.sqrt((weighed**2).mean(axis=1)))
