"""The scorers are estimators by the book, and each sees what it is there for."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from trailwatch.model.calibrate import tail
from trailwatch.model.forest import IdentityForest
from trailwatch.model.neighbours import Neighbours
from trailwatch.model.rare import RareValues
from trailwatch.model.spike import Spike

SMALL = [IdentityForest(n_estimators=20), RareValues(), Spike(), Neighbours()]
SCORERS = [IdentityForest(), RareValues(), Spike(), Neighbours()]


@parametrize_with_checks(SMALL)
def test_by_the_book(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


@pytest.fixture
def usual() -> np.ndarray:
    """Rows of twelve scaled columns, the last never anything but zero."""
    rows = np.random.default_rng(3).normal(size=(600, 12))
    rows[:, -1] = 0
    return rows


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda one: type(one).__name__)
def test_an_obvious_outlier_is_the_strangest(scorer: BaseEstimator, usual: np.ndarray) -> None:
    outlier = np.full((1, 12), 8.0)
    fitted = scorer.fit(usual)
    assert fitted.score_samples(outlier)[0] < fitted.score_samples(usual).min()
    assert fitted.predict(outlier)[0] == -1


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda one: type(one).__name__)
def test_the_order_of_rows_changes_nothing(scorer: BaseEstimator, usual: np.ndarray) -> None:
    shuffled = np.random.default_rng(4).permutation(usual)
    new = np.random.default_rng(5).normal(scale=2, size=(40, 12))
    one, other = scorer.fit(usual).score_samples(new), scorer.fit(shuffled).score_samples(new)
    np.testing.assert_array_equal(one, other)


def test_the_forest_sees_a_column_that_was_constant_and_a_plain_one_does_not(usual: np.ndarray) -> None:
    first_time = usual[:200].copy()
    first_time[:, -1] = 10.0
    plain = IdentityForest(anchors=0).fit(usual)
    np.testing.assert_array_equal(plain.score_samples(first_time), plain.score_samples(usual[:200]))
    anchored = IdentityForest().fit(usual)
    seen = anchored.score_samples(usual[:200]) - anchored.score_samples(first_time)
    assert seen.min() > 0.02


def test_a_tail_falls_on_beyond_the_highest_score_seen() -> None:
    each = tail(np.random.default_rng(6).exponential(size=2000))
    beyond = each(np.array([3.0, 8.0, 20.0, 21.0]))
    assert np.all(np.diff(beyond) > 0.3)
    # For an exponential score -ln p is the score itself.
    np.testing.assert_allclose(each(np.array([2.0, 4.0, 6.0])), [2.0, 4.0, 6.0], rtol=0.2)


def test_a_tail_gives_a_tie_no_more_than_its_share() -> None:
    each = tail(np.array([0.0] * 900 + [1.0] * 100))
    assert each(np.array([0.0]))[0] < 0.01
    assert each(np.array([1.0]))[0] == pytest.approx(-np.log(0.1), rel=0.05)


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda one: type(one).__name__)
def test_the_example_in_the_docstring_holds(scorer: BaseEstimator) -> None:
    found = doctest.testmod(importlib.import_module(type(scorer).__module__))
    assert found.attempted
    assert not found.failed
