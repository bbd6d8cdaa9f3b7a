"""Every condition of a detection is proved by its cases: without it, or with it turned round, at least one case fails."""

from __future__ import annotations

from collections.abc import Sequence

import mutants

from trailwatch.detect import catalogue
from trailwatch.detect.detection import Detection

FOUND = tuple(catalogue.load())
PROVED = 0.95
# A query runs alone and case by case; every SAMPLE-th of their mutants are tried by default, all of them in a campaign.
SAMPLE = 6


def sampled(found: Sequence[mutants.Mutant]) -> Sequence[mutants.Mutant]:
    return [one for place, one in enumerate(found) if place % SAMPLE == len(one.detection.id) % SAMPLE]


def report(shape: str, left: Sequence[mutants.Mutant], tried: Sequence[mutants.Mutant]) -> float:
    """Print the survivors and return the share of conditions that are proved both ways."""
    conditions = {(one.detection.id, one.number) for one in tried}
    unproved = {(one.detection.id, one.number) for one in left}
    rate = 1 - len(unproved) / len(conditions)
    print(f"\n{shape}: {len(tried)} mutants of {len(conditions)} conditions, {rate:.1%} of the conditions proved")
    for one in left:
        print(f"  survives: {one}")
    return rate


def of(*shapes: str) -> list[Detection]:
    return [detection for detection in FOUND if detection.shape in shapes]
