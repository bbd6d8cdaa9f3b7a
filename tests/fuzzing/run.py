"""Runs inputs of an area from a seed."""

from __future__ import annotations

from typing import Any

from fuzzing.areas import Area, Outcome
from hypothesis import HealthCheck, Phase, given, seed, settings


def survive(area: Area, number: int, count: int) -> Outcome:
    """Read so many inputs of an area, the same ones for the same number; the first that is not survived is shrunk."""
    outcome = area.outcome
    outcome.__init__()  # type: ignore[misc]

    @seed(number)
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(area.inputs)
    def each(made: Any) -> None:
        area.survive(made)

    each()
    return outcome
