"""The strangest identity-days of one day, above a cut that an alert budget sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.model.explain import Reason, reasons, with_what
from trailwatch.model.learnt import learnt
from trailwatch.model.refit import Basis, basis, enough, of_week, usable
from trailwatch.model.scorers import NAMES, Model, fit, parts_of
from trailwatch.model.shelf import Shelf
from trailwatch.profile import baseline
from trailwatch.profile.columns import FEATURES
from trailwatch.profile.features import PROGRAMS, Matrix, features
from trailwatch.store.schema import IDENTITY_DAYS
from trailwatch.store.tables import Store

EVIDENCE = 3.0  # spreads that at least one feature must be away from usual, whatever the rest
EVENTS_PER_FEATURE = 20


@dataclass(frozen=True)
class ModelSettings:
    """The alert budget, the seed, and which scorers take part."""

    budget_per_1000: float = 5.0
    max_per_day: int = 10
    seed: int = 7
    scorers: Sequence[str] = NAMES


@dataclass(frozen=True)
class Ranked:
    """One identity on the day, with its joint score and each scorer's own, as -ln of a tail probability."""

    principal: str
    person: str
    score: float
    parts: Mapping[str, float]
    judged: bool


@dataclass(frozen=True)
class Anomaly:
    """An identity-day above the cut, with what made it strange and the events behind that."""

    principal: str
    person: str
    day: date
    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]
    event_ids: tuple[str, ...]
    first_time: datetime | None
    last_time: datetime | None
    explained: bool  # the named reasons suffice: at their usual values the day is under the cut
    also: tuple[str, ...] = ()  # other principals of the person on which the same where and when shows


@dataclass(frozen=True)
class Unjudged:
    """An identity that is too new, and the day from which on it can be judged."""

    principal: str
    person: str
    since: date


@dataclass(frozen=True)
class Scores:
    """What the model says of one day."""

    day: date
    cut: float
    ranking: tuple[Ranked, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    rows: int = 0  # identity-days learnt from
    days: int = 0
    withheld: int = 0  # above the cut, but beyond the most per day
    why_not: str = ""  # set when no identity could be judged
    settings: ModelSettings = field(default_factory=ModelSettings)
    basis: Basis = field(default_factory=Basis)

    def by(self, scorer: str) -> tuple[Ranked, ...]:
        """Return the ranking by one scorer alone."""
        return tuple(sorted(self.ranking, key=lambda one: (-one.parts[scorer], one.principal, one.person)))


def score(
    engine: Engine, *, day: date, settings: ModelSettings | None = None, zones: Mapping[str, str] | None = None,
    excluded: Collection[tuple[str, str, date]] = (), built: bool = False, shelf: Shelf | None = None,
) -> Scores:  # fmt: skip
    """Score every identity of a day against the 45 days before it.

    The engine shows `activity` (90 days), `identity_days` and `seen`. `zones` names the time zone of persons and
    principals. `excluded` keeps principal, person and day of confirmed incidents out of training; an empty person
    stands for all. `built` says that `used_days` and `known` stand already. With a shelf the model is that of the
    week, kept in the store; without one it is fitted on all days before.
    """
    settings = settings or ModelSettings()
    cut = -float(np.log(settings.budget_per_1000 / 1000))
    kept = of_week(
        day, shelf, seed=settings.seed, scorers=settings.scorers, excluded=excluded, cut=cut,
        matrix=lambda last: _up_to(shelf.store, last, zones),
    ) if shelf else None  # fmt: skip
    matrix = features(engine, day=day, zones=zones, built=built)
    today = matrix.where(matrix.day == np.datetime64(day))
    found = kept.learnt if kept else learnt(usable(matrix, day, excluded), seed=settings.seed)
    judged = today.judged_from <= np.datetime64(day)
    unjudged = tuple(
        Unjudged(str(today.principal[i]), str(today.person[i]), today.judged_from[i].item())
        for i in np.flatnonzero(~judged)
    )
    if not enough(found) or not len(today):
        why = f"only {found.rows} identity-days of history, on {found.days} days" if len(today) else "no activity"
        return Scores(day, cut, unjudged=unjudged, rows=found.rows, days=found.days, why_not=why, settings=settings)
    model = fit(found, seed=settings.seed, names=settings.scorers)
    parts = model.parts(today.scaled)
    totals = model.joined(parts)
    order = np.lexsort((today.person, today.principal, -totals))
    over = [int(i) for i in order if judged[i] and totals[i] > cut and today.scaled[i].max() >= EVIDENCE]
    over = fair(over, [str(peer) == PROGRAMS for peer in today.peer], settings.max_per_day)
    anomalies = _anomalies(engine, model, today, over[: 3 * settings.max_per_day], totals, parts, day, cut)
    return Scores(
        day, cut,
        ranking=tuple(
            Ranked(str(today.principal[i]), str(today.person[i]), float(totals[i]), parts_of(model, parts[i]),
                   bool(judged[i]))
            for i in order
        ),
        anomalies=anomalies[: settings.max_per_day],
        unjudged=unjudged, rows=found.rows, days=found.days, basis=basis(found, kept),
        withheld=max(0, len(over) - sum(1 + len(one.also) for one in anomalies[: settings.max_per_day])),
        settings=settings,
    )  # fmt: skip


def fair(order: Sequence[int], program: Sequence[bool], most: int) -> list[int]:
    """Return rows so that programs take no more than half of the first places while people want them."""
    room = max(most // 2, most - sum(not program[row] for row in order))
    first = set([row for row in order if program[row]][:room])
    return sorted(order, key=lambda row: program[row] and row not in first)  # stable: else in the order given


def _up_to(store: Store, last: date, zones: Mapping[str, str] | None) -> Matrix:
    # In an engine of its own: what the digest of a later day shows begins some days later.
    with Engine() as engine:
        baseline.show(store, engine, day=last)
        engine.execute("create or replace view activity as from activity_window")
        store.show(engine, IDENTITY_DAYS.name, days=(last - timedelta(days=baseline.WINDOW), last))
        return features(engine, day=last, zones=zones)


def _anomalies(
    engine: Engine, model: Model, today: Matrix, rows: Sequence[int], totals: Any, parts: Any, day: date, cut: float
) -> tuple[Anomaly, ...]:
    explained = dict(zip(rows, reasons(model, today, rows, cut=cut), strict=True))
    evidence = _evidence(engine, today, {row: found for row, (found, _) in explained.items()}, day)
    result: dict[int, Anomaly] = {}
    first_of: dict[str, int] = {}
    for row in rows:
        found, enough = explained[row]
        behind = evidence.get(int(today.id[row]), [])
        person = str(today.person[row])
        # Where and when belong to the person: a second principal that shows nothing else is the same anomaly.
        if person in first_of and all(reason.name in _OF_THE_PERSON for reason in found):
            result[first_of[person]] = _joined(result[first_of[person]], str(today.principal[row]), behind)
            continue
        if person:
            first_of.setdefault(person, row)
        what: dict[str, tuple[str, ...]] = {}
        for feature, _, _, value in behind:
            if value not in what.get(feature, ()) and len(what.get(feature, ())) < 3:
                what[feature] = (*what.get(feature, ()), value)
        times = [moment for _, _, moment, _ in behind]
        result[row] = Anomaly(
            principal=str(today.principal[row]), person=person, day=day,
            score=float(totals[row]), parts=parts_of(model, parts[row]), reasons=with_what(found, what),
            event_ids=tuple(dict.fromkeys(event for _, event, _, _ in behind)),
            first_time=min(times, default=None), last_time=max(times, default=None), explained=enough,
        )  # fmt: skip
    return tuple(result.values())


_OF_THE_PERSON = frozenset(feature.name for feature in FEATURES if feature.family in ("place", "time"))
Evidence = tuple[str, str, datetime, str]  # feature, event id, time, what


def _joined(anomaly: Anomaly, principal: str, behind: Sequence[Evidence]) -> Anomaly:
    return replace(
        anomaly,
        also=(*anomaly.also, principal),
        event_ids=tuple(dict.fromkeys((*anomaly.event_ids, *(event for _, event, _, _ in behind)))),
    )


def _evidence(
    engine: Engine, today: Matrix, found: Mapping[int, Sequence[Reason]], day: date
) -> dict[int, list[Evidence]]:
    pairs = [(int(today.id[row]), reason.name) for row, several in found.items() for reason in several]
    if not pairs:
        return {}
    engine.table("chosen", pa.table({"id": [one for one, _ in pairs], "feature": [name for _, name in pairs]}))
    rows = engine.relation("features_evidence", day=day, most=EVENTS_PER_FEATURE).to_pylist()
    result: dict[int, list[Evidence]] = {}
    for row in rows:
        result.setdefault(row["id"], []).append((row["feature"], row["event_id"], row["first_time"], row["what"]))
    return result
