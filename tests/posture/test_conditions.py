"""Every condition of a posture detection is proved by its cases: without it, or with it turned round, one case fails."""

from __future__ import annotations

from collections.abc import Sequence

import mutants
import pytest

from trailwatch.detect import catalogue, iam_cases
from trailwatch.engine import Engine

FOUND = [detection for detection in catalogue.load() if detection.shape == "snapshot"]
PROVED = 0.95
SAMPLE = 5


def caught(mutant: mutants.Mutant) -> bool:
    """Tell whether a case no longer does what it says, or cannot be asked at all."""
    return any(error or fired is not case.fires for _, case, fired, error in iam_cases.run([mutant.detection]))


def proved(chosen: Sequence[mutants.Mutant]) -> float:
    """Print the survivors and return the share of conditions that are proved both ways."""
    left = [mutant for mutant in chosen if not caught(mutant)]
    conditions = {(one.detection.id, one.number) for one in chosen}
    rate = 1 - len({(one.detection.id, one.number) for one in left}) / len(conditions)
    print(f"\nposture: {len(chosen)} mutants of {len(conditions)} conditions, {rate:.1%} of the conditions proved")
    for one in left:
        print(f"  survives: {one}")
    return rate


@pytest.fixture(scope="module")
def every() -> list[mutants.Mutant]:
    with Engine(threads=1) as engine:
        return [mutant for detection in FOUND for mutant in mutants.mutants(engine, detection)]


def test_a_sample_of_the_conditions_is_proved(every: list[mutants.Mutant], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        assert proved(every[::SAMPLE]) >= PROVED


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_all_conditions_are_proved(every: list[mutants.Mutant], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        assert proved(every) >= PROVED
