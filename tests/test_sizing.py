"""The page on sizes is what the measured figures give."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from sizing import FIGURES, computed, markdown

TOLD = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
PAGE = Path(__file__).parent.parent / ".github" / "SIZING.md"


def test_the_page_is_computed_from_the_figures() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(TOLD), "python tests/sizing.py > .github/SIZING.md"


def test_it_reaches_to_the_largest_organization() -> None:
    largest = TOLD["organization"][-1]
    assert (largest["accounts"], largest["events"]) == (500, 300_000_000)


def test_the_formula() -> None:
    figures = dict.fromkeys(TOLD["figures"], 1.0) | {"digest_s": 3600.0}
    found = computed(figures, {"accounts": 1, "events": 3.6e9, "objects": 0})
    assert (found["ingest"], found["settle"], found["digest"]) == pytest.approx((1.0, 1.0, 2.0))
    assert (found["workers"], found["shards"]) == (2, 8)
    assert found["store"] == pytest.approx(7.2)
    assert computed(figures, {"accounts": 1, "events": 0, "objects": 1e6})["dollars"] == pytest.approx(0.405)
