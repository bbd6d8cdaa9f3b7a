"""The model of a week: the same whoever asks first, kept as arrays, and compared with the one before."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.model.learnt import Learnt, dump, key, learnt, load, week_of
from trailwatch.model.refit import Basis, of_week
from trailwatch.model.scorers import fit, forget
from trailwatch.model.shelf import Shelf
from trailwatch.profile.columns import NAMES
from trailwatch.profile.features import Matrix, features
from trailwatch.store.tables import Store

MONDAY = date(2026, 3, 16)
SCORERS = ("rare", "spike")  # quick ones


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(Store.open(str(tmp_path / "store"), create=True))


@pytest.fixture
def up_to(organization: Any) -> Callable[[date], Matrix]:
    def made(last: date) -> Matrix:
        with Engine(threads=2) as engine:
            organization.show(engine)
            return features(engine, day=last)

    return made


def _ask(shelf: Shelf, day: date, up_to: Any, **change: Any) -> Any:
    values: dict[str, Any] = {"seed": 7, "scorers": SCORERS, "excluded": (), "cut": 5.3, "matrix": up_to}
    return of_week(day, shelf, **{**values, **change})


def test_a_week_begins_on_monday() -> None:
    assert [week_of(MONDAY + timedelta(days=n)) for n in (-1, 0, 6, 7)] == [
        MONDAY - timedelta(days=7), MONDAY, MONDAY, MONDAY + timedelta(days=7)]  # fmt: skip


def test_a_file_gives_the_same_model_again_and_is_no_pickle(up_to: Any) -> None:
    found = learnt(up_to(MONDAY), seed=7)
    body = dump(found)
    assert body == dump(found)
    again = load(body)
    assert (again.hash, again.rows, again.days, again.seed) == (found.hash, found.rows, found.days, 7)
    scores = []
    for one in (found, again):
        forget()
        scores.append(fit(one, seed=7, names=SCORERS).score(found.scaled[:50]))
    assert np.array_equal(scores[0], scores[1])
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        assert set(arrays.files) == {"scaled", "day", "said"}


def test_a_file_that_is_none_is_an_error_with_a_way_out() -> None:
    other = Learnt(np.array(["2026-01-01"], dtype="datetime64[D]"), np.zeros((1, 2)), 1, 1, 7)
    for body in (b"no model", dump(other)):
        with pytest.raises(StoreError, match="cannot be read"):
            load(body)


def test_the_first_digest_of_a_week_decides_nothing(shelf: Shelf, up_to: Any) -> None:
    late = _ask(shelf, MONDAY + timedelta(days=3), up_to)

    def never(_: date) -> Matrix:
        raise AssertionError("it was on the shelf")

    early = _ask(shelf, MONDAY, never)
    assert late.week == early.week == MONDAY
    assert early.learnt.hash == late.learnt.hash
    assert late.learnt.day.max() < np.datetime64(MONDAY)


def test_a_confirmed_incident_or_another_seed_is_another_model(shelf: Shelf, up_to: Any, organization: Any) -> None:
    first = _ask(shelf, MONDAY, up_to)
    person = next(row for row in organization.rows if row["dt"] == MONDAY - timedelta(days=4) and row["person"])
    gone = [(person["principal"], person["person"], MONDAY - timedelta(days=4))]
    clean = _ask(shelf, MONDAY, up_to, excluded=gone)
    assert clean.learnt.rows == first.learnt.rows - 1
    later = [(person["principal"], person["person"], MONDAY + timedelta(days=1))]
    assert key(seed=7, scorers=SCORERS, excluded=()) != key(seed=8, scorers=SCORERS, excluded=())
    assert _ask(shelf, MONDAY, None, excluded=later).learnt.hash == first.learnt.hash


def test_a_refit_is_compared_with_the_model_before(shelf: Shelf, up_to: Any) -> None:
    before = _ask(shelf, MONDAY - timedelta(days=7), up_to)
    assert (before.changed, before.of) == (0, 0)
    found = _ask(shelf, MONDAY, up_to, cut=1.0)
    assert found.of > 0
    assert found.changed < found.of / 2
    assert not Basis(changed=found.changed, of=found.of).unsettled
    assert Basis(changed=3, of=5).unsettled
    assert not Basis(changed=4, of=4).unsettled
    kept = shelf.take(MONDAY, key(seed=7, scorers=SCORERS, excluded=()))
    assert kept
    assert (kept.changed, kept.of) == (found.changed, found.of)


def test_old_models_go(shelf: Shelf, up_to: Any) -> None:
    kept = _ask(shelf, MONDAY, up_to)
    for weeks in (0, 11):
        shelf.put(type(kept)(MONDAY + timedelta(weeks=weeks), kept.learnt), "k")
    assert {day for (day,) in shelf.store.partitions("models")} == {MONDAY + timedelta(weeks=11)}


def test_too_little_history_is_no_model_of_a_week(shelf: Shelf, up_to: Any) -> None:
    assert _ask(shelf, MONDAY - timedelta(days=70), up_to) is None
    assert len(NAMES) == learnt(up_to(MONDAY), seed=1).scaled.shape[1]


def test_a_model_is_fitted_once_until_it_is_forgotten(up_to: Any) -> None:
    found = learnt(up_to(MONDAY), seed=7)
    first = fit(found, seed=7, names=SCORERS)
    assert fit(load(dump(found)), seed=7, names=SCORERS) is first
    assert fit(found, seed=8, names=SCORERS) is not first
    forget()
    assert fit(found, seed=7, names=SCORERS) is not first
