"""Recall at a budget on a table made by hand, and what the scorecard says of it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from trailwatch.profile.columns import FEATURES
from trailwatch.scorecard import rankings, text
from trailwatch.scorecard.card import FAMILIES, Card, Line
from trailwatch.scorecard.field import Planted
from trailwatch.scorecard.reasons import Told
from trailwatch.scorecard.recall import at, parts, threshold
from trailwatch.scorecard.rows import Rows

FIRST = date(2026, 3, 1)


def _rows(quiet: int = 1000, test: int = 1000, attacks: int = 4) -> Rows:
    """Ten days of quiet identity-days, ten with attacks: each of two days, the first rows of the test."""
    count = quiet + test
    day = np.array([FIRST + timedelta(days=int(n) * 10 // quiet + (10 if n >= quiet else 0)) for n in range(quiet)]
                   + [FIRST + timedelta(days=10 + n * 10 // test) for n in range(test)], dtype="datetime64[D]")  # fmt: skip
    attack = np.full(count, -1)
    attack[quiet : quiet + 2 * attacks : 2] = range(attacks)
    attack[quiet + test // 2 : quiet + test // 2 + attacks] = range(attacks)
    planted = tuple(
        Planted(
            f"a{n}",
            "technique" if n % 2 else "hijack",
            "",
            "L0",
            "admin",
            "p",
            "",
            [FIRST + timedelta(days=10 + 5 * k) for k in range(2)],
            "",
        )
        for n in range(attacks)
    )
    width = len(FEATURES)
    return Rows(
        day=day, principal=np.array(["p"] * count), person=np.array([""] * count), week=np.zeros(count, dtype=np.int64),
        test=np.arange(count) >= quiet, attack=attack, lookalike=np.zeros(count, dtype=bool),
        severity=np.zeros(count, dtype=np.int64), weight=np.zeros(count), named=np.zeros(count), judged=np.ones(count, dtype=bool),
        raw=np.zeros((count, width)), scaled=np.zeros((count, width)), attacks=planted,
    )  # fmt: skip


@pytest.fixture
def rows() -> Rows:
    return _rows()


def test_the_threshold_is_what_so_many_quiet_days_exceed(rows: Rows) -> None:
    scores = np.concatenate([np.arange(1000), np.full(1000, 2000.0)]).astype(float)
    for budget in (1, 5, 10):
        assert sum(scores[:1000] > threshold(rows, scores, budget)) == budget


def test_an_attack_is_found_by_any_of_its_days_and_late_days_count(rows: Rows) -> None:
    scores = np.zeros(2000)
    scores[:5] = 9.0
    scores[1000] = 10.0  # the first attack, on its first day
    scores[1501] = 10.0  # the second, on its second day
    scores[1999] = 10.0  # nobody's
    found = at(rows, scores, 4)
    assert found.threshold == 9.0
    assert found.found == {0, 1}
    assert found.recall == 0.5
    assert found.late == {0: 0, 1: 5}
    assert found.false == pytest.approx(1000 / 992, rel=1e-3)
    assert found.precise == pytest.approx(2 / 3)
    assert found.empty == 0.7
    assert parts(rows, found, lambda one: one.kind) == {"hijack": (1, 2), "technique": (1, 2)}


def test_the_strongest_is_unusual_and_named_by_a_rule(rows: Rows) -> None:
    rows.severity[[0, 1, 2, 3]] = 3, 2, 2, 1
    rows.named[[0, 1, 2]] = 4.0, 4.0, 3.0
    scores = np.zeros(2000)
    scores[[1, 2, 3, 4]] = 1.0, 5.0, 7.0, 9.0
    orders = [
        np.argsort(-rank(rows, scores), kind="stable")[:5].tolist() for rank in (rankings.both, rankings.by_severity)
    ]
    assert orders == [[4, 2, 3, 1, 0], [0, 4, 2, 3, 1]]


def test_the_card_says_its_numbers_in_every_form() -> None:
    line = Line("model alone", {1: 0.1, 2: 0.2, 5: 0.5, 10: 0.6}, dict.fromkeys((1, 2, 5, 10), 4.7), 0.8, 0.25, 0.0,
                {"kind": {"hijack": (1, 4)}})  # fmt: skip
    own = Line("anything new", {0: 0.97}, {0: 311.0}, 0.1, 0.0, 0.0, {})
    card = Card((1,), (2,), 3000, 60, (line, own), Told(10, 9, 5, 4), 0.9)
    for form in (text.text(card), text.markdown(card)):
        assert "0.50" in form
        assert "4.7" in form
        assert "0.97 (own cut)" in form
        assert "9 of 10 (90%) faithful" in form
        assert "0.25" in form
    assert sum(line.startswith("|---") for line in text.markdown(card).splitlines()) == 2
    assert json.loads(json.dumps(text.as_dict(card)))["attacks"] == 60


def test_every_kind_of_feature_can_be_left_out() -> None:
    assert set(FAMILIES) == {feature.family for feature in FEATURES}
