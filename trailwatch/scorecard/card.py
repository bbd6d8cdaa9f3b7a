"""The scorecard: every way to rank, at every budget, averaged over seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from trailwatch.model.scorers import NAMES
from trailwatch.profile.columns import FEATURES
from trailwatch.scorecard import rankings
from trailwatch.scorecard.field import Planted
from trailwatch.scorecard.measure import Measured, measure
from trailwatch.scorecard.reasons import Told, told
from trailwatch.scorecard.recall import BUDGETS, At, at, mean, parts, threshold
from trailwatch.scorecard.rows import Rows, table

SEALED_SEEDS, TUNING_SEEDS = (201, 202, 203), (1, 2)
FIVE = 5
DETAILED = ("rules and model", "rules alone", "model alone", "yardstick")
PARTS: Mapping[str, Callable[[Planted], str]] = {
    "kind": lambda one: one.kind,
    "stealth": lambda one: one.stealth,
    "class": lambda one: one.trade,
    "technique": lambda one: ("held out" if one.held_out else "known") if one.kind == "technique" else "",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Line:
    """One way to rank: means over the seeds, by budget; a way with a cut of its own has a single budget, 0."""

    name: str
    recall: Mapping[int, float]
    false: Mapping[int, float]
    precise: float
    empty: float
    days: float  # median days from the first event to the first alert
    parts: Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True)
class Card:
    """The whole table, and what the explanations are worth."""

    seeds: tuple[int, ...]
    learnt_on: tuple[int, ...]  # of the yardstick
    identity_days: int
    attacks: int
    lines: tuple[Line, ...]
    told: Told
    stable: float  # Jaccard overlap of what two seeds of the forest find
    ablation: tuple[Line, ...] = ()

    def line(self, name: str) -> Line:
        """Return the line of a name."""
        return next(one for one in self.lines if one.name == name)


def card(
    seeds: Sequence[int], *, work: Path, size: float = 1.0, learn: Sequence[int] = (), ablation: bool = False,
    say: Say = lambda _: None,
) -> Card:  # fmt: skip
    """Measure some seeds; the yardstick learns from the labels of other ones."""
    fields = {seed: measure(seed, work=work, size=size, say=say) for seed in dict.fromkeys((*seeds, *learn))}
    tables = {seed: table(one) for seed, one in fields.items()}
    found: dict[str, list[tuple[Rows, list[At]]]] = {}
    explained, stable = [], []
    cut: dict[str, list[tuple[Rows, list[At]]]] = {}
    for seed in seeds:
        say(f"seed {seed}: model")
        rows, one = tables[seed], fields[seed]
        others = [tables[other] for other in learn if other != seed]
        ways, joint = _ways(one, rows, others)
        for name, way in ways.items():
            found.setdefault(name, []).append((rows, _points(rows, way)))
        explained.append(told(one, rows, joint))
        again = rankings.model(one, rows, seed=rankings.SEED + 1)["model"]
        stable.append(_overlap(rows, joint, again))
        if ablation:
            for name, scores in _ablated(one, rows, say):
                cut.setdefault(name, []).append((rows, _points(rows, rankings.Scored(scores))))
    return Card(
        tuple(seeds), tuple(learn), sum(int(sum(tables[seed].test)) for seed in seeds),
        sum(len(tables[seed].attacks) for seed in seeds), tuple(_line(name, points) for name, points in found.items()),
        Told.merged(explained), mean(stable), tuple(_line(name, points) for name, points in cut.items()),
    )  # fmt: skip


def _ways(one: Measured, rows: Rows, others: Sequence[Rows]) -> tuple[dict[str, rankings.Scored], Any]:
    scores = rankings.model(one, rows)
    joint = scores.pop("model")
    ways = {
        "rules and model": rankings.Scored(rankings.both(rows, joint)),
        "rules and model, severity first": rankings.Scored(rankings.by_severity(rows, joint)),
        "rules alone": rankings.Scored(rankings.rules(rows)),
        "rules alone, all at medium or above": rankings.Scored(rankings.rules(rows), rankings.MEDIUM * 1000.0 - 1),
        "model alone": rankings.Scored(joint),
        **{f"{name} alone": rankings.Scored(values) for name, values in scores.items()},
        **rankings.baselines(one, rows),
    }
    if others:
        ways["yardstick"] = rankings.Scored(rankings.labelled(others, rows))
    return ways, joint


def _points(rows: Rows, way: rankings.Scored) -> list[At]:
    if way.cut is not None:
        return [at(rows, way.scores, 0, cut=way.cut)]
    return [at(rows, way.scores, budget) for budget in BUDGETS]


def _line(name: str, measured: Sequence[tuple[Rows, list[At]]]) -> Line:
    by_budget = {int(points[0].budget): points for points in zip(*(several for _, several in measured), strict=True)}
    chosen = by_budget[FIVE if FIVE in by_budget else 0]
    late = [days for point in chosen for days in point.late.values()]
    said: dict[str, dict[str, tuple[int, int]]] = {}
    for part, of in PARTS.items():
        for (rows, _), point in zip(measured, chosen, strict=True):
            for value, (hit, every) in parts(rows, point, of).items():
                if value:
                    before = said.setdefault(part, {}).get(value, (0, 0))
                    said[part][value] = (before[0] + hit, before[1] + every)
    return Line(
        name,
        {budget: mean([one.recall for one in points]) for budget, points in by_budget.items()},
        {budget: mean([one.false for one in points]) for budget, points in by_budget.items()},
        mean([one.precise for one in chosen]),
        mean([one.empty for one in chosen]),
        median(late) if late else float("nan"),
        said,
    )


def _overlap(rows: Rows, first: Any, second: Any) -> float:
    sets = [
        set((rows.test & (scores > threshold(rows, scores, FIVE))).nonzero()[0].tolist()) for scores in (first, second)
    ]
    return len(sets[0] & sets[1]) / max(1, len(sets[0] | sets[1]))


def _ablated(one: Measured, rows: Rows, say: Say) -> list[tuple[str, Any]]:
    found = []
    for name in NAMES:
        say(f"without {name}")
        left = [other for other in NAMES if other != name]
        found.append((f"without the scorer {name}", rankings.model(one, rows, names=left)["model"]))
    for family in dict.fromkeys(feature.family for feature in FEATURES):
        say(f"without {family}")
        gone = [feature.name for feature in FEATURES if feature.family == family]
        found.append((f"without the features {FAMILIES[family]}", rankings.model(one, rows, without=gone)["model"]))
    return found


FAMILIES = {
    "much": "of amounts", "new": "of new and unusual actions", "place": "of network, client, region and role",
    "time": "of hours and weekdays", "rest": "of sleep and root", "week": "of the week",
}  # fmt: skip
