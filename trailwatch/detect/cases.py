"""Runs the cases of detections: records through the real decoder, the real views, and the real scan.

All clauses and counts of all detections run over all cases in one scan; a week of its own and key ids of its own keep
each case apart. What asks history or is a query of its own sees the rows of its case alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.config import Config, Organization
from trailwatch.detect import context, iam_cases
from trailwatch.detect.detection import Case, Detection
from trailwatch.detect.records import Record, expand, history
from trailwatch.detect.scan import Scanned, evaluate
from trailwatch.engine import Engine
from trailwatch.errors import DetectionError, TrailwatchError
from trailwatch.ingest import decode
from trailwatch.profile import sessions
from trailwatch.store.schema import FLAG, INT, REAL, SEEN, TEXT

# The accounts whose trails the base events come from, and a partner of theirs.
OWN = ("111122223333",)
PARTNER = "999988887777"
# A case's identity is long known, unless its context says otherwise.
_LONG = 120
_KNOWN = {"days_known": 60, "person_days_known": 60}

_CONTEXT = pa.schema([
    ("event_id", TEXT),
    *((name, REAL if name.endswith(("_gap", "_rhythm", "_share")) else INT if "days" in name
       else FLAG if name in ("ended", "partner", "history") else pa.timestamp("us") if name == "local_time" else TEXT)
      for name in context.COLUMNS),
])  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a case did: whether it fired, as it should or not, or why it could not run."""

    detection: str
    case: Case
    fired: bool = False
    error: str = ""

    @property
    def right(self) -> bool:
        """Tell whether the case did what it says."""
        return not self.error and self.fired == self.case.fires

    def __str__(self) -> str:
        said = "fires" if self.case.fires else "silent"
        return f"{self.detection}::{said}::{self.case.name}"


@dataclass(frozen=True)
class Trial:
    """A case with its records."""

    detection: Detection
    case: Case
    number: int
    records: tuple[Record, ...]

    @property
    def ids(self) -> set[str]:
        """Return the ids of its records."""
        return {record.id for record in self.records}


@dataclass(frozen=True)
class Stage:
    """The records of many cases in one session, and which of them the decoder understood."""

    engine: Engine
    trials: tuple[Trial, ...]
    understood: frozenset[str]


def run(detections: Iterable[Detection]) -> list[Outcome]:
    """Run every case of the given detections."""
    chosen = list(detections)
    trials, outcomes = expanded(chosen)
    outcomes += _tried(trials)
    order = {id(case): place for place, case in enumerate(case for d in chosen for case in d.cases)}
    return sorted(outcomes, key=lambda outcome: order.get(id(outcome.case), 0))


def expanded(detections: Iterable[Detection]) -> tuple[list[Trial], list[Outcome]]:
    """Return every case with its records, and those that cannot run."""
    trials: list[Trial] = []
    outcomes: list[Outcome] = []
    number = 0
    detections = list(detections)
    outcomes += [Outcome(one.id, case, fired, error) for one, case, fired, error in iam_cases.run(detections)]
    for detection in (d for d in detections if d.shape != "snapshot"):
        for case in detection.cases:
            number += 1
            try:
                records = tuple(expand(detection, case, number))
                _context_rows(records)
                trials.append(Trial(detection, case, number, records))
            except TrailwatchError as error:
                outcomes.append(Outcome(detection.id, case, error=error.what))
    return trials, outcomes


def _tried(trials: Sequence[Trial]) -> Iterator[Outcome]:
    if not trials:
        return
    with staged(trials) as stage:
        together = [trial for trial in trials if trial.detection.shape in ("where", "count")]
        by_id = {trial.detection.id: trial.detection for trial in together}
        yield from _judged(together, evaluate(stage.engine, list(by_id.values()), history=True), stage.understood)
        if alone := [trial for trial in trials if trial.detection.shape in ("new", "query")]:
            divide(stage)
            for trial in alone:
                show(stage, trial)
                scanned = evaluate(stage.engine, [trial.detection], history=True)
                yield from _judged([trial], scanned, stage.understood)


@contextmanager
def staged(trials: Sequence[Trial]) -> Iterator[Stage]:
    """Put the records of all cases through the real decoder and the real views."""
    records = [record for trial in trials for record in trial.records]
    with Engine(threads=2) as engine:
        events = decode.records([dict(record.body) for record in records])
        engine.table("raw_events", events)
        sessions.resolve(engine, aliases={})
        context.build(engine, Config(organization=Organization(partners=[PARTNER])), own=OWN)
        engine.execute("alter table scope rename to scope_plain")
        engine.table("case_context", pa.Table.from_pylist(_context_rows(records), schema=_CONTEXT))
        engine.build("scope", relation="scope_cases")
        yield Stage(engine, tuple(trials), frozenset(events.column("event_id").to_pylist()))


def divide(stage: Stage) -> None:
    """Put views of one case in the place of the relations of all cases; `show` says which."""
    engine = stage.engine
    engine.execute("create table all_attributed as from attributed")
    for view in ("attributed", "events"):
        engine.clear(view)
    for table in ("scope", "links", "sessions"):
        engine.execute(f"alter table {table} rename to all_{table}")
    engine.execute("create table case_events (event_id varchar)")
    engine.execute("create table case_credentials (credential varchar)")
    engine.execute("create view scope as from all_scope semi join case_events using (event_id)")
    for view in ("attributed", "events"):
        engine.execute(f"create view {view} as from all_attributed semi join case_events using (event_id)")
    for view in ("links", "sessions"):
        engine.execute(
            f"create or replace view {view} as from all_{view} semi join case_credentials using (credential)"
        )


def show(stage: Stage, trial: Trial) -> None:
    """Bring the events, the credentials and the history of one case into view, and no others."""
    engine = stage.engine
    engine.table("case_events", pa.table({"event_id": pa.array(sorted(trial.ids), TEXT)}))
    mine = engine.query("select account, principal, person, credential, issued_key, event_time from attributed")
    credentials = set(mine.column("credential").to_pylist()) | set(mine.column("issued_key").to_pylist())
    engine.table("case_credentials", pa.table({"credential": pa.array(sorted(credentials - {""}), TEXT)}))
    engine.table("seen", _seen(mine, history(trial.detection, trial.case, trial.number), trial.records[0].context))
    engine.build("known", day=None)


def _context_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    rows = []
    for record in records:
        for name, value in record.context.items():
            if name not in context.COLUMNS:
                raise DetectionError(f"context: {name!r} is none of {', '.join(context.COLUMNS)}")
            try:
                pa.array([value], _CONTEXT.field(name).type)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise DetectionError(f"context: {name} cannot be {value!r}") from error
        rows.append({"event_id": record.id, "history": True, **_KNOWN, **record.context})
    return rows


def _seen(events: pa.Table, rows: Sequence[Mapping[str, Any]], said: Mapping[str, Any]) -> pa.Table:
    """Return the history of a case: its identity is known since long, and used what the case says."""
    ordered = events.sort_by("event_time").to_pylist()
    if not ordered:
        return SEEN.columns.empty_table()
    first: datetime = ordered[0]["event_time"]
    # Half of its days are active ones; an identity without any was never there.
    days_known = said.get("days_known", _KNOWN["days_known"])
    identities = {(event["account"], event["principal"], event["person"]) for event in ordered}
    owners = [dict(zip(("account", "principal", "person"), identity, strict=True)) for identity in sorted(identities)]
    found = [_use(owner, {}, first, 2 * days_known) for owner in owners if days_known]
    for row in rows:
        if not {"dimension", "value"} <= set(row):
            raise DetectionError("seen: each row has a dimension and a value")
        found += [_use(owner, row, first, row.get("days_before", _LONG)) for owner in owners]
        if "principal" in row or "person" in row:  # somebody else's history: they are present too
            somebody = {key: row[key] for key in ("account", "principal", "person") if key in row}
            found += [_use({**owner, **somebody}, {}, first, row.get("days_before", _LONG)) for owner in owners]
    return pa.Table.from_pylist(found, schema=SEEN.columns)


def _use(owner: Mapping[str, Any], row: Mapping[str, Any], first: datetime, days_before: int) -> dict[str, Any]:
    """Return a row of history: what an identity used since so many days before a case; nothing named is its presence."""
    since = (first - timedelta(days=days_before)).astimezone(UTC)
    shared = {"dimension": "account", "value": row.get("account", owner["account"]), "month": since.date().replace(day=1),
              "first_time": since, "last_time": first - timedelta(days=row.get("last_days_before", 2)),
              "days": 30, "events": 300, "days_seen": [since.day]}  # fmt: skip
    own = {key: value for key, value in row.items() if not key.endswith("days_before")}
    return {**shared, **owner, **own}


def _judged(trials: Sequence[Trial], scanned: Scanned, understood: Collection[str]) -> Iterator[Outcome]:
    errors = {failed.id: failed.reason for failed in (*scanned.not_run, *scanned.not_evaluated)}
    pairs = set(
        zip(scanned.hits.column("detection").to_pylist(), scanned.hits.column("event_id").to_pylist(), strict=True)
    )
    for trial in trials:
        error = errors.get(trial.detection.id, "")
        if missing := trial.ids.difference(understood):
            error = f"{len(missing)} of its records are no events to the decoder"
        fired = any((trial.detection.id, event) in pairs for event in trial.ids)
        yield Outcome(trial.detection.id, trial.case, fired, error)
