"""Why a day was strange: which facts made it so, in numbers and words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trailwatch.model.scorers import Model
from trailwatch.profile.columns import FEATURES, Feature
from trailwatch.profile.features import Matrix

Floats = npt.NDArray[np.float64]
MOST = 5  # reasons that a person reads
ASPECTS = {
    name: tuple(i for i, feature in enumerate(FEATURES) if feature.aspect == name)
    for name in dict.fromkeys(feature.aspect for feature in FEATURES)
}

_PLURAL = re.compile(r"\b(action|call|event|target|secret|session|read)s\b")
_ODDS = {
    "address_rarity": "a network never used before, which one in {value} peers uses",
    "new_client": "a client never used before, which one in {value} peers uses",
    "hour_max": "active at an hour used on one day in {value}, usual one in {usual}",
    "off_day": "active on a weekday used in one week in {value}, usual one in {usual}",
    "asleep": "asleep {value} × as long as its longest usual pause",
    "root_use": "root in use, as on one day in {value}",
}
_NORMAL = {
    "network": "a network that it or its peers use",
    "client": "a client that it or its peers use",
    "region": "a region that it uses",
    "role": "a role that it takes",
    "actions": "only actions that it or its peers use",
    "time": "its usual hours and weekdays",
    "rest": "no longer pause than usual",
    "root": "no use of root",
}


@dataclass(frozen=True)
class Reason:
    """One fact that made a day strange, told by its furthest feature, beside the identity's own and peers' usual."""

    name: str
    label: str
    value: float
    usual: float
    spread: float
    peers_usual: float
    deviation: float  # in spreads
    share: float  # of the score above the cut that goes when the fact takes its usual value
    words: str
    features: tuple[str, ...] = ()  # all that tell this fact
    normal: str = ""  # what would have been usual instead
    what: tuple[str, ...] = ()  # the rarest actions, networks, clients, hours behind it


def reasons(model: Model, matrix: Matrix, rows: Sequence[int], *, cut: float) -> list[tuple[tuple[Reason, ...], bool]]:
    """Return at most five reasons for each row, and whether their usual values bring it under the cut.

    One fact after the other takes its usual value, each time the one that lowers the score most; where none does alone,
    the furthest from usual goes first. The features of one fact go together: ten new actions are also a new sum of the
    week, and to take back only one of the two takes back nothing.
    """
    current = matrix.scaled[list(rows)].copy()
    scores = model.score(current) if len(rows) else np.zeros(0)
    start = scores.copy()
    named: list[list[tuple[str, float]]] = [[] for _ in rows]
    for _ in range(MOST):
        tried = [
            (place, aspect)
            for place in np.flatnonzero(scores > cut).tolist()
            for aspect, columns in ASPECTS.items()
            if aspect not in [name for name, _ in named[place]] and current[place, columns].max() > 0.5
        ]
        if not tried:
            break
        # One call for all rows: three hundred trees cost as much for one row as for hundred.
        after = model.score(np.array([_taken_back(current[place], aspect) for place, aspect in tried]))
        for place in dict.fromkeys(place for place, _ in tried):
            options = [
                (round(float(value), 6), -float(current[place, ASPECTS[aspect]].max()), aspect)
                for (where, aspect), value in zip(tried, after, strict=True)
                if where == place
            ]
            left, _, best = min(options)
            named[place].append((best, float(scores[place]) - left))
            current[place], scores[place] = _taken_back(current[place], best), left
    return [
        (
            tuple(
                _reason(matrix, row, aspect, drop / max(float(start[place]) - cut, 1e-9))
                for aspect, drop in named[place]
            ),
            bool(scores[place] <= cut),
        )
        for place, row in enumerate(rows)
    ]


def with_what(found: Sequence[Reason], what: Mapping[str, tuple[str, ...]]) -> tuple[Reason, ...]:
    """Return the reasons with the values behind them, first in weight."""
    return tuple(replace(reason, what=what.get(reason.name, ())) for reason in found)


def _taken_back(row: Floats, aspect: str) -> Floats:
    usual = row.copy()
    columns = list(ASPECTS[aspect])
    usual[columns] = np.minimum(usual[columns], 0.0)
    return usual


def _reason(matrix: Matrix, row: int, aspect: str, share: float) -> Reason:
    column = max(ASPECTS[aspect], key=lambda one: (matrix.scaled[row, one], -one))
    feature = FEATURES[column]
    raw, usual, spread, peers = (
        float(block[row, column]) for block in (matrix.raw, matrix.usual, matrix.spread, matrix.peers_usual)
    )
    value, own, theirs = (_natural(feature.unit, one) for one in (raw, usual, peers))
    width = (1 + own) * spread if feature.unit in ("count", "weight") else _natural(feature.unit, spread)
    return Reason(
        name=feature.name, label=feature.label,
        value=round(value, 3), usual=round(own, 3), spread=round(width, 3), peers_usual=round(theirs, 3),
        deviation=round(float(matrix.scaled[row, column]), 2), share=round(share, 3),
        words=_words(feature, value, own, width, theirs),
        normal=_NORMAL.get(aspect) or f"{_number(own + max(width, 1))} {feature.label} at most",
        features=tuple(FEATURES[one].name for one in ASPECTS[aspect] if matrix.scaled[row, one] > 0),
    )  # fmt: skip


def _natural(unit: str, value: float) -> float:
    if unit in ("count", "weight"):
        return float(np.expm1(value))
    return float(np.exp(value)) if unit in ("odds", "times") else value


def _words(feature: Feature, value: float, usual: float, width: float, peers: float) -> str:
    if feature.name in _ODDS:
        return _ODDS[feature.name].format(value=_number(value), usual=_number(usual))
    if feature.unit == "share":
        return f"{value:.0%} {feature.label}, usual {usual:.0%}"
    peers_too = f", peers {_number(peers)}" if round(peers) != round(usual) else ""
    label = _PLURAL.sub(r"\1", feature.label) if feature.unit == "count" and _number(value) == "1" else feature.label
    return f"{_number(value)} {label}, usual {_number(usual)} ± {_number(max(width, 1))}{peers_too}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or abs(value - round(value)) < 0.05 else f"{value:,.1f}"
