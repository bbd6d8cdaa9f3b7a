"""Calls that no policy should be made of: those inside findings and incidents that nobody called benign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from trailwatch.engine import Engine
from trailwatch.finding import SEVERITIES, rank
from trailwatch.store.tables import Store

FROM = "medium"
# How a credential is kept, not what somebody did with it: the calls themselves are those of every day.
STANDING = ("long-term-key-on-workload", "key-too-old", "password-too-old")
LATE = timedelta(days=31)  # a digest of a later day may tell of an event that came late


@dataclass(frozen=True)
class Told:
    """A finding whose calls are left out."""

    id: str
    title: str
    severity: str


@dataclass(frozen=True)
class Suspects:
    """The findings whose calls are left out, and the days that no digest has looked at."""

    findings: dict[str, Told]
    without_digest: tuple[date, ...]


def mark(store: Store, engine: Engine, *, days: tuple[date, date] | None) -> Suspects:
    """Make `policy_flagged`, the calls to leave out, from `policy_calls`, `seen` and what digests have found.

    A finding counts that is medium or worse, or part of an incident that is, unless it was declared or marked as benign.
    """
    span = None if days is None else (days[0], days[1] if days[1] > date.max - LATE else days[1] + LATE)
    for table in ("findings", "incidents", "digests"):
        store.show(engine, table, days=span)
    store.show(engine, "marks")
    engine.build("policy_told", loud=list(SEVERITIES[rank(FROM) :]), standing=list(STANDING))
    rows = engine.rows("select distinct finding, title, severity from policy_told order by all")
    engine.build("policy_flagged")
    looked = {day for (day,) in engine.rows("select distinct dt from digests")}
    used = [day for (day,) in engine.rows("select distinct dt from policy_calls order by all")]
    return Suspects({row[0]: Told(*row) for row in rows}, tuple(day for day in used if day not in looked))
