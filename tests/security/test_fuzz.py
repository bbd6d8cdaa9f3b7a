"""A few inputs of every area that the campaign fuzzes at length."""

from __future__ import annotations

import pytest
from fuzzing.areas import AREAS, Area
from fuzzing.run import survive


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_everything_is_read_or_refused(area: Area) -> None:
    outcome = survive(area, seed := 1_000_000, 40 if area.name in ("rules", "sigma") else 100)
    assert outcome.taken, seed
    assert outcome.refused or area.name == "keys"
