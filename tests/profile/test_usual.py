"""Rolling medians, ninth deciles and deviations: the same numbers as SQL's own window functions give."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trailwatch.engine import Engine
from trailwatch.profile import usual
from trailwatch.profile.usual import Frames


@pytest.fixture
def rows() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    identity = np.sort(random.integers(1, 12, size=400))
    amount = np.where(random.random(400) < 0.4, 0.0, random.normal(size=400))
    return {"id": identity, "place": np.arange(400), "amount": amount, "counts": random.random(400) < 0.8}


@pytest.mark.parametrize(("far", "near", "at_once"), [(28, 1, 65_536), (35, 7, 65_536), (5, 1, 50)])
def test_frames_say_what_window_functions_say(
    rows: dict[str, np.ndarray], far: int, near: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual, "_AT_ONCE", at_once)
    frames = Frames(rows["id"], rows["place"], far, near)
    found = frames.usual(rows["amount"][:, None], only=rows["counts"], deviations=True)
    with Engine(threads=1) as engine:
        engine.table("rows", pa.table(rows))
        told = engine.query(
            f"""select count(*) over w as held, median(amount) filter (counts) over w as middle,
                quantile_cont(amount, 0.9) filter (counts) over w as high, mad(amount) filter (counts) over w as deviation
            from rows
            window w as (partition by id order by place rows between {far} preceding and {near} preceding)
            order by place"""
        ).to_pandas()
    assert frames.counts().tolist() == told["held"].tolist()
    for name in ("middle", "high", "deviation"):
        # The ninth part of a distance is rounded differently; it is rounded to nine digits before it is used.
        np.testing.assert_allclose(getattr(found, name)[:, 0], told[name], rtol=1e-12 if name == "high" else 0, atol=0)


def test_a_column_of_nothing_is_nothing_where_there_are_days_and_unknown_where_there_are_none() -> None:
    found = Frames(np.array([1, 1, 2]), np.arange(3), 28).usual(np.zeros((3, 1)), deviations=True)
    for values in (found.middle, found.high, found.deviation):
        assert np.array_equal(values[:, 0], [np.nan, 0.0, np.nan], equal_nan=True)


def test_only_the_wanted_rows_are_answered() -> None:
    frames = Frames(np.array([1, 1, 1]), np.array([2]), 2)
    assert frames.counts().tolist() == [2]
    assert frames.usual(np.array([[1.0], [3.0], [100.0]])).middle.tolist() == [[2.0]]
