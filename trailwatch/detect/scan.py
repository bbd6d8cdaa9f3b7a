"""Runs all detections over the events in view and says which hit, which could not run, and which had nothing to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from math import inf
from time import monotonic
from typing import Protocol, TypeVar

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import compile as sql
from trailwatch.detect import context, narrow, novelty
from trailwatch.detect.detection import Detection
from trailwatch.detect.idle import idle
from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.store.schema import INT, TEXT, TEXTS, TIME
from trailwatch.window import Window

T = TypeVar("T")
# How long one statement with the user's rules may take: seconds, or so many times what the built-in ones took.
PATIENCE, TIMES = 60.0, 10

HITS = pa.schema([
    ("detection", TEXT), ("event_id", TEXT), ("event_time", TIME), ("account", TEXT), ("principal", TEXT),
    ("person", TEXT), ("credential", TEXT), ("group_key", TEXTS), ("evidence", TEXT),
])  # fmt: skip


@dataclass(frozen=True)
class NotRun:
    """A detection that failed while it ran, or that had nothing to go on, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Scanned:
    """What a scan found: narrow hits, one per detection and event, and what it could not say."""

    hits: pa.Table
    not_run: tuple[NotRun, ...] = ()
    not_evaluated: tuple[NotRun, ...] = ()
    learning: Mapping[str, int] = field(default_factory=dict)  # detection → new values of identities still learned
    ran: int = 0


def scan(
    engine: Engine,
    detections: Iterable[Detection],
    *,
    config: Config | None = None,
    day: date | None = None,
    window: Window | None = None,
    reported: pa.Table | None = None,
    built: bool = False,
    by: Evaluate | None = None,
) -> Scanned:
    """Run detections over the view `attributed` of an engine.

    `day` says before which day the store's history counts; without history `new` means new within these files. Only
    events of `window`, or of the rows `reported` (event_id), are reported; a count may begin before them.
    `built` says that `scope` stands already; `by` is who evaluates the detections, this process unless told otherwise.
    """
    active = [detection for detection in detections if detection.shape != "snapshot"]
    if not built:
        context.build(engine, config, day=day)
    history = bool(engine.rows("select history from facts")[0][0])
    lacking = _lacking(engine, config or Config(), history=history)
    able = [d for d in active if not any(need in lacking for need in d.needs)]
    unable = [NotRun(d.id, "; ".join(lacking[need] for need in d.needs if need in lacking))
              for d in active if d not in able]  # fmt: skip
    found = (by or evaluate)(engine, able, history=history)
    unable += found.not_evaluated
    return Scanned(
        _reduced(engine, found.hits, able, window, reported), found.not_run, tuple(unable), found.learning,
        len(active) - len(found.not_run) - len(unable),
    )  # fmt: skip


class Evaluate(Protocol):
    """Runs detections over `scope`."""

    def __call__(self, engine: Engine, detections: Sequence[Detection], /, *, history: bool) -> Scanned:
        """Return every hit of each detection."""


def together(detections: Sequence[Detection], parts: Iterable[Scanned]) -> Scanned:
    """Return as one what several found, each with some of the detections."""
    place = {detection.id: number for number, detection in enumerate(detections)}
    found = list(parts)
    learning = [pair for part in found for pair in part.learning.items()]
    return Scanned(
        pa.concat_tables([HITS.empty_table(), *(part.hits for part in found)]),
        tuple(sorted((one for part in found for one in part.not_run), key=lambda one: place[one.id])),
        tuple(sorted((one for part in found for one in part.not_evaluated), key=lambda one: place[one.id])),
        dict(sorted(learning, key=lambda pair: place[pair[0]])),
        sum(part.ran for part in found),
    )


def evaluate(engine: Engine, detections: Sequence[Detection], *, history: bool) -> Scanned:
    """Run detections over `scope` as it stands; every hit of each, whatever else it needs or supersedes."""
    # A scope that is too large to keep would be worked out again by every rule that is a query of its own.
    kept = context.kept(engine)
    with engine.within(TIMES * PATIENCE) if any(d.foreign for d in detections) else nullcontext():
        narrowed = not kept and narrow.keep(engine, detections)
    try:
        return _evaluated(engine, detections, history=history, quick=kept or narrowed)
    finally:
        if narrowed:
            narrow.restore(engine)


def _evaluated(engine: Engine, detections: Sequence[Detection], *, history: bool, quick: bool) -> Scanned:
    """Run the built-in detections, then those of the user, which may not take much longer."""
    start = monotonic()
    ours = _run(engine, [d for d in detections if not d.foreign], history=history, quick=quick)
    theirs = [d for d in detections if d.foreign]
    if not theirs:
        return ours
    patience = max(PATIENCE, TIMES * (monotonic() - start))
    # To find one culprit by halving costs so many statements; there is time for two of them.
    until = monotonic() + 2 * patience * (1 + len(theirs).bit_length())
    with engine.within(patience):
        found = _run(engine, theirs, history=history, quick=quick, until=until)
    return Scanned(
        pa.concat_tables([ours.hits, found.hits]), ours.not_run + found.not_run,
        ours.not_evaluated + found.not_evaluated, {**ours.learning, **found.learning}, ours.ran + found.ran,
    )  # fmt: skip


def _run(engine: Engine, detections: Sequence[Detection], *, history: bool, quick: bool, until: float = inf) -> Scanned:
    failed: list[NotRun] = []
    unable: list[NotRun] = []
    hits: list[pa.Table] = [HITS.empty_table()]
    learning: dict[str, int] = {}
    clauses = sorted((d for d in detections if d.shape in ("where", "count")), key=lambda d: d.shape)
    for found in _attempt(clauses, lambda part: _match(engine, part), failed, until):
        hits += found
    news = [d for d in detections if d.shape == "new"]
    for told in _attempt(news, lambda part: novelty.find(engine, part, history=history), failed, until):
        hits += told.hits
        learning |= told.learning
        unable += [NotRun(name, reason) for name, reason in told.unable.items()]
    queries = [d for d in detections if d.shape == "query"]
    without = idle(engine, queries) if quick else frozenset()
    for query in (d for d in queries if d.id not in without):
        run = partial(_queried, engine)
        for found in _attempt([query], run, failed, until):
            hits += found
    together = pa.concat_tables(table.select(HITS.names).cast(HITS) for table in hits)
    return Scanned(together, tuple(failed), tuple(unable), learning, len(detections) - len(failed) - len(unable))


def _attempt(
    detections: Sequence[Detection], run: Callable[[Sequence[Detection]], T], failed: list[NotRun], until: float
) -> list[T]:
    # Together is an order of magnitude faster; when that fails, halving names the culprits and keeps the others.
    if not detections:
        return []
    if monotonic() > until:
        failed += [
            NotRun(detection.id, "there was no time left for it: other rules took too long") for detection in detections
        ]
        return []
    try:
        return [run(detections)]
    except EngineError as error:
        if len(detections) == 1:
            failed.append(NotRun(detections[0].id, error.what))
            return []
    middle = len(detections) // 2
    return _attempt(detections[:middle], run, failed, until) + _attempt(detections[middle:], run, failed, until)


def _queried(engine: Engine, detections: Sequence[Detection]) -> list[pa.Table]:
    return [_labelled(engine, detection.id, sql.queried(detection)) for detection in detections]


def _match(engine: Engine, detections: Sequence[Detection]) -> list[pa.Table]:
    engine.execute(f"create or replace table matches as {sql.fused(detections)}")
    plain = [rule for rule, detection in enumerate(detections) if detection.shape == "where"]
    engine.table("named", pa.table({"rule": plain, "id": [detections[rule].id for rule in plain]},
                                   schema=pa.schema([("rule", INT), ("id", TEXT)])))  # fmt: skip
    matched = {rule for (rule,) in engine.rows("select distinct rule from matches")}
    return [engine.relation("clause_hits")] + [
        _labelled(engine, detection.id, sql.counted(detection.count, rule))
        for rule, detection in enumerate(detections) if detection.count and rule in matched
    ]  # fmt: skip


def _labelled(engine: Engine, name: str, text: str) -> pa.Table:
    found = engine.query(f"select event_id, event_time, account, principal, person, credential, group_key, "
                         f"cast(evidence as varchar) as evidence from ({text})")  # fmt: skip
    return found.add_column(0, "detection", pa.array([name] * len(found), TEXT))


def _lacking(engine: Engine, config: Config, *, history: bool) -> dict[str, str]:
    """Return the needs that are not met, with the reason."""
    lacking: dict[str, str] = {}
    if not history:
        lacking["history"] = "there is no history before this day"
    data = {str(source).removesuffix(".amazonaws.com") for (source,) in engine.rows(
        "select distinct event_source from scope where not management_event or event_category = 'Data'")}  # fmt: skip
    if not data:
        lacking["data-events"] = "no data events are in these logs"
    for source in ("s3", "dynamodb", "ebs"):
        if source not in data:
            lacking[f"data-events:{source}"] = f"no data events of {source} are in these logs"
    return lacking | undeclared(config)


def undeclared(config: Config) -> dict[str, str]:
    """Return the needs that the configuration does not meet, with the reason."""
    lacking: dict[str, str] = {}
    if not config.model.country_database or not config.model.asn_database:
        lacking["countries"] = "no databases of countries and operators ([model] country_database, asn_database)"
    declared = [*(one.networks for one in config.people.values()), *(one.networks for one in config.groups.values()),
                *(one.networks for one in config.principals.values()), config.automation.networks]  # fmt: skip
    if not any(declared) or not config.networks:
        lacking["networks"] = "no networks are declared for anybody ([networks], and networks of people or groups)"
    if not config.people and not config.groups:
        lacking["people"] = "no people are declared ([people])"
    if not config.organization.accounts and not config.organization.partners:
        lacking["partners"] = "neither own accounts nor partners are declared ([organization])"
    return lacking


def _reduced(
    engine: Engine,
    hits: pa.Table,
    detections: Sequence[Detection],
    window: Window | None,
    reported: pa.Table | None,
) -> pa.Table:
    """Return the hits of reported events, without what a more telling detection says of the same event."""
    engine.table("found", hits)
    better = [(d.id, other) for d in detections for other in d.supersedes]
    engine.table("supersedes", pa.table({"better": [pair[0] for pair in better], "worse": [pair[1] for pair in better]},
                                        schema=pa.schema([("better", TEXT), ("worse", TEXT)])))  # fmt: skip
    within = [(d.id, d.count.seconds) for d in detections if d.count]
    engine.table("reach", pa.table({"detection": [pair[0] for pair in within], "seconds": [pair[1] for pair in within]},
                                   schema=pa.schema([("detection", TEXT), ("seconds", INT)])))  # fmt: skip
    engine.table("reported", reported if reported is not None else engine.query("select event_id from found"))
    return engine.relation("reduced_hits", start=window.start if window else None, end=window.end if window else None)
