"""What earlier digests said: the status of each finding, taken from the days before, and from nothing later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.engine import Engine, relation_text
from trailwatch.finding import Finding, rank
from trailwatch.findings.records import read_finding
from trailwatch.store.tables import Days, Store

QUIET_DAYS = 7
HELD_DAYS = 45  # CloudTrail delivers up to 30 days late
TOLD_DAYS = 30
CLOSED = {"ended", "resolved"}


@dataclass(frozen=True)
class Last:
    """What is remembered of one finding."""

    day: date  # when it was last reported as happening
    since: date  # when it was first reported
    severity: str
    finding: Finding | None  # nothing is told any more of what is closed

    @property
    def closed(self) -> bool:
        """Whether it had ended, or was resolved, when it was last spoken of."""
        return self.finding is None


@dataclass(frozen=True)
class Memory:
    """What the digests of the days before one day said, and which days had a digest."""

    last: Mapping[str, Last] = field(default_factory=dict)
    events: Mapping[str, AbstractSet[str]] = field(default_factory=dict)  # finding → events that a digest has shown
    days: AbstractSet[date] = frozenset()
    told: Mapping[str, int] = field(
        default_factory=dict
    )  # detection → identity-days of which it spoke, see findings_told


@dataclass(frozen=True)
class Remembered:
    """The findings of a day with their status, and those of the last days that did not happen today."""

    findings: tuple[Finding, ...]
    quiet: tuple[Finding, ...]
    repeated: int  # findings left out because an earlier digest has shown the very same events


def recall(store: Store, *, before: date) -> Memory:
    """Read what the digests of all days before `before` said."""
    days = (date.min, before - timedelta(days=1))
    with Engine() as engine:
        store.show(engine, "findings", days=days)
        latest = engine.relation("findings_latest").to_pylist()
        held = engine.relation("findings_held", start=before - timedelta(days=HELD_DAYS))
        told = engine.relation("findings_told", start=before - timedelta(days=TOLD_DAYS)).to_pylist()
        bodies = _bodies(store, engine, [row for row in latest if row["status"] not in CLOSED], days)
    last = {
        row["id"]: Last(
            row["day"], row["since"], row["severity"], None if row["status"] in CLOSED else bodies[row["id"]]
        )
        for row in latest
    }
    events = {row["id"]: frozenset(row["event_ids"]) for row in held.to_pylist()}
    days_told = frozenset(day for (day,) in store.partitions("digests") if day < before)
    return Memory(last, events, days_told, {row["detection"]: row["told"] for row in told})


def _bodies(store: Store, engine: Engine, rows: Sequence[Mapping[str, Any]], days: Days) -> dict[str, Finding]:
    # Bodies are nearly all of the table; only those of the last days are read, however many digests there were.
    if not rows:
        return {}
    store.show(engine, "findings", days=(min(row["day"] for row in rows), days[1]))
    engine.table("open_findings", pa.Table.from_pylist(
        [{"id": row["id"], "day": row["day"]} for row in rows],
        schema=pa.schema([("id", pa.string()), ("day", pa.date32())]),
    ))  # fmt: skip
    return {id: read_finding(body) for id, body in engine.rows(relation_text("findings_bodies"))}


def remember(
    findings: Iterable[Finding],
    memory: Memory,
    *,
    day: date,
    evaluated: bool = True,
    not_run: AbstractSet[str] = frozenset(),
    snapshot: AbstractSet[tuple[str, str]] = frozenset(),
    asked: AbstractSet[str] | None = None,
) -> Remembered:
    """Give each finding its status, and close what has been quiet for long enough.

    `evaluated` is whether there were logs to look at; detections in `not_run` close nothing. `snapshot` names the
    (posture detection, account) pairs that a good snapshot answered: only these can be resolved. `asked` are the posture
    detections that are on, where that is known; what another said before ends.
    """
    today: list[Finding] = []
    repeated = 0
    for finding in findings:
        shown = memory.events.get(finding.id, frozenset())
        if finding.event_ids and set(finding.event_ids) <= shown:
            repeated += 1
            continue
        known = _with_status(finding, memory.last.get(finding.id), day)
        if known.kind == "activity":
            known = replace(known, evidence={**known.evidence, "told_before": memory.told.get(known.detection, 0)})
        today.append(known)
    present = {finding.id for finding in today}
    quiet: list[Finding] = []
    for name, last in memory.last.items():
        if name in present or last.finding is None:
            continue
        if last.finding.kind == "posture":
            answered = (last.finding.detection, last.finding.account) in snapshot
            off = asked is not None and last.finding.detection not in asked
            status = "resolved" if answered else "ended" if off else ""
        else:
            counted = evaluated and last.finding.detection not in not_run
            status = "ended" if counted and _quiet(last.day, memory.days, day) >= QUIET_DAYS else ""
        if status:
            today.append(replace(_since(last.finding, last), status=status))
        elif (day - last.day).days <= QUIET_DAYS or last.finding.kind == "posture":
            quiet.append(replace(_since(last.finding, last), status="ongoing"))
    return Remembered(tuple(today), tuple(quiet), repeated)


def _with_status(finding: Finding, last: Last | None, day: date) -> Finding:
    if last is None:
        return replace(finding, status="new")
    # A configuration does not act: however long nobody looked, it went on.
    recent = not last.closed and (finding.kind == "posture" or (day - last.day).days <= QUIET_DAYS)
    risen = rank(finding.severity) > rank(last.severity)
    status = ("risen" if risen else "ongoing") if recent else "reopened"
    # What goes on belongs to the incident that it belonged to before.
    incident = last.finding.incident if recent and last.finding else ""
    began = last.finding.first_time if finding.kind == "posture" and recent and last.finding else finding.first_time
    return replace(
        finding, status=status, incident=incident, first_time=min(began, finding.first_time),
        evidence={**finding.evidence, "since": last.since.isoformat()},
    )  # fmt: skip


def _since(finding: Finding, last: Last) -> Finding:
    return replace(finding, evidence={**finding.evidence, "since": last.since.isoformat()})


def _quiet(last: date, digested: AbstractSet[date], day: date) -> int:
    # Only days that somebody looked at are quiet; a gap in the digests is no evidence that it stopped.
    return sum(last < other < day for other in digested) + 1
