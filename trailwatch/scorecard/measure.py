"""What rules and features say of every identity-day of a field, through the same code as a digest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from trailwatch.config import load
from trailwatch.detect import catalogue
from trailwatch.detect.choice import Chosen
from trailwatch.digest import backtest
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.findings.memory import TOLD_DAYS
from trailwatch.ingest.collect import ingest
from trailwatch.profile import baseline
from trailwatch.profile.features import TRAINING_DAYS, Matrix, features
from trailwatch.profile.settle import settle
from trailwatch.scorecard import cache, field
from trailwatch.scorecard.attacks import QUIET, TEST
from trailwatch.scorecard.field import Planted
from trailwatch.store.schema import IDENTITY_DAYS
from trailwatch.store.tables import Store

WEEK = 7
MADE_FROM = ("simulate", *(f"scorecard/{name}.py" for name in (
    "techniques", "calls", "organization", "routine", "records", "lookalikes", "attacks", "field")))  # fmt: skip
MEANING = ("sql", "profile", "ingest", "store", "actions.py", "engine.py")
JUDGING = ("detect", "detections", "findings", "digest", "config")


class Said(msgspec.Struct, frozen=True):
    """One finding of the rules on a day."""

    day: date
    principal: str
    person: str
    severity: int
    score: float
    detection: str
    event_ids: list[str]


@dataclass(frozen=True)
class Measured:
    """A field as trailwatch sees it: one matrix for each week, the findings of the rules, and the truth."""

    seed: int
    planted: tuple[Planted, ...]
    said: tuple[Said, ...]  # from thirty days before the quiet days on
    weeks: tuple[Matrix, ...]  # each with the training days before its week
    firsts: tuple[date, ...]  # the first day of each week
    quiet: tuple[date, ...]
    test: tuple[date, ...]


def measure(seed: int, *, work: Path, size: float = 1.0, say: Callable[[str], None] = lambda _: None) -> Measured:
    """Write the field of a seed, read it, and run rules and features over its quiet and its test days."""
    made = cache.code(*MADE_FROM)
    place = cache.folder(work, f"seed{seed}", made, seed, size)
    planted = _field(place, seed=seed, size=size, say=say)
    quiet, test = field.days(QUIET), field.days(TEST)
    store = _store(place, say=say)
    firsts = [span[n] for span in (quiet, test) for n in range(0, len(span), WEEK)]
    weeks = [_week(store, place, day, say=say) for day in firsts]
    said = _said(store, place, quiet, test, say=say)
    return Measured(seed, planted, said, tuple(weeks), tuple(firsts), tuple(quiet), tuple(test))


def _field(place: Path, *, seed: int, size: float, say: Callable[[str], None]) -> tuple[Planted, ...]:
    truth = place / "planted.json"
    if not truth.exists():
        say(f"seed {seed}: writing the field")
        shutil.rmtree(place / "logs", ignore_errors=True)
        (place / "logs").mkdir()
        made = field.write(place / "logs", seed=seed, size=size)
        truth.write_bytes(msgspec.json.encode(made.planted))
    return msgspec.json.decode(truth.read_bytes(), type=tuple[Planted, ...])


def _store(place: Path, *, say: Callable[[str], None]) -> Store:
    path = place / f"store-{cache.code(*MEANING[:4])}"
    if not (path / "done").exists():
        say("ingest and settle")
        shutil.rmtree(path, ignore_errors=True)
        store = Store.open(str(path), create=True)
        ingest(store, str(place / "logs"))
        settle(store)
        (path / "done").touch()
    return Store.open(str(path))


def _week(store: Store, place: Path, first: date, *, say: Callable[[str], None]) -> Matrix:
    kept = place / f"matrix-{first}-{cache.code(*MEANING)}.npz"
    found = cache.kept(kept)
    if found is None:
        say(f"features of the week from {first}")
        last = first + timedelta(days=WEEK - 1)
        with Engine() as engine:
            baseline.show(store, engine, day=last)
            engine.execute("create or replace view activity as from activity_window")
            store.show(engine, IDENTITY_DAYS.name, days=(last - timedelta(days=baseline.WINDOW), last))
            matrix = features(engine, day=last)
        cache.keep(kept, {name: getattr(matrix, name) for name in Matrix.__dataclass_fields__})
        found = cache.kept(kept)
    return Matrix(**(found or {}))


def _said(
    store: Store, place: Path, quiet: Sequence[date], test: Sequence[date], *, say: Callable[[str], None]
) -> tuple[Said, ...]:
    kept = place / f"rules-{cache.code(*MEANING, *JUDGING)}.json"
    if not kept.exists():
        say("rules")
        config = load(str(place / "logs" / "trailwatch.toml"))
        rules = catalogue.load(config)
        chosen = Chosen(tuple(rule for rule in rules if rule.shape != "snapshot"), ())
        # What a rule says is weighed by how often it spoke in the thirty days before.
        early = quiet[0] - timedelta(days=TOLD_DAYS)
        acts = [act for first, last in ((early, quiet[-1]), (test[0], test[-1]))
                for act in backtest.run(store, chosen, config=config, first=first, last=last).acts]  # fmt: skip
        kept.write_bytes(msgspec.json.encode([
            Said(act.day, act.finding.principal, act.finding.person, rank(act.finding.severity), act.finding.score,
                 act.finding.detection, list(act.finding.event_ids))
            for act in acts
        ]))  # fmt: skip
    return msgspec.json.decode(kept.read_bytes(), type=tuple[Said, ...])


def training(matrix: Matrix, first: date) -> Matrix:
    """Return the rows that a model fitted on the first day of a week learns from."""
    start = np.datetime64(first - timedelta(days=TRAINING_DAYS))
    return matrix.where(
        (matrix.day < np.datetime64(first)) & (matrix.day >= start) & (matrix.judged_from <= matrix.day)
    )


def judged(matrix: Matrix, first: date) -> Matrix:
    """Return the rows of the week itself."""
    return matrix.where(matrix.day >= np.datetime64(first))
