"""Incidents: findings that tell one story, joined by session tree, person or address, for at most seven days."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trailwatch.finding import Finding, Incident, rank
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.names import called
from trailwatch.findings.severity import raised
from trailwatch.findings.tactics import in_words, progress
from trailwatch.findings.titles import LONGEST, plain

DAYS = 7
RAISING_TACTICS = 3
_TIMELINE = 50
_CLOSED = {"ended", "resolved"}


def join(
    findings: Sequence[Finding],
    *,
    day: date,
    recent: Iterable[Finding] = (),
    known: Mapping[str, Incident] | None = None,
    crowded: AbstractSet[str] = frozenset(),
) -> tuple[tuple[Finding, ...], tuple[Incident, ...]]:
    """Return the findings with their incident's id, and the incidents, most urgent first.

    `recent` are findings of earlier days, `known` the incidents of earlier days by id; `crowded` names the networks
    that more than three principals used in 30 days. Suppressed and low findings belong to the story like all others.
    """
    start = datetime.combine(day - timedelta(days=DAYS - 1), time(), tzinfo=UTC)
    known = known or {}
    running = {id: incident for id, incident in known.items() if incident.first_time >= start}
    today = [finding for finding in findings if finding.status not in _CLOSED and finding.kind in _TOLD]
    present = {finding.id for finding in today}
    before = [
        finding for finding in recent
        if finding.id not in present and finding.kind in _TOLD and finding.status not in _CLOSED
        and finding.last_time >= start and _open(finding, known, start)
    ]  # fmt: skip
    incidents: list[Incident] = []
    place: dict[str, str] = {}
    for story in _stories([*today, *before], crowded):
        if not any(finding.id in present for finding in story) or not _worth_telling(story):
            continue
        incident = _incident(story, running)
        incidents.append(incident)
        place |= dict.fromkeys((finding.id for finding in story), incident.id)
    told = tuple(
        replace(finding, incident=place.get(finding.id, "")) if finding.id in present else finding
        for finding in findings
    )
    order = sorted(incidents, key=lambda one: (-rank(one.severity), -len(one.tactics), one.first_time, one.id))
    return told, tuple(order)


_TOLD = {"activity", "anomaly"}


def _open(finding: Finding, known: Mapping[str, Incident], start: datetime) -> bool:
    incident = known.get(finding.incident)
    return incident is None or incident.first_time >= start


def _stories(findings: Sequence[Finding], crowded: AbstractSet[str]) -> list[list[Finding]]:
    """Return the sets of findings that share a key, in order of time."""
    parent = list(range(len(findings)))

    def top(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, finding in enumerate(findings):
        for key in _keys(finding, crowded):
            parent[top(at)] = top(first.setdefault(key, at))
    sets: dict[int, list[Finding]] = {}
    for at, finding in enumerate(findings):
        sets.setdefault(top(at), []).append(finding)
    return [sorted(story, key=lambda finding: (finding.first_time, finding.id)) for story in sets.values()]


def _keys(finding: Finding, crowded: AbstractSet[str]) -> list[tuple[str, str]]:
    links = finding.evidence.get("links", {})
    keys = [("credential", value) for value in links.get("credentials", ())]
    keys += [("shared", value) for value in links.get("shared_events", ())]
    if finding.person:
        keys.append(("person", finding.person.lower()))
    elif finding.principal and "/unknown" not in finding.principal and not finding.principal.startswith("service/"):
        # Root, a user without a person and a workload are their own person.
        keys.append(("principal", finding.principal))
    keys += [("address", value) for value in links.get("addresses", ()) if network_of(value) not in crowded]
    return keys


def network_of(ip: str) -> str:
    """Return the /24 or /48 of an address, as `activity` names it."""
    try:
        version = ipaddress.ip_address(ip).version
        return str(ipaddress.ip_network(f"{ip}/{24 if version == 4 else 48}", strict=False))
    except ValueError:
        return ip


def _worth_telling(story: Sequence[Finding]) -> bool:
    # One finding tells itself. Several low ones are a story only when they follow the order of an attack.
    if len({finding.id for finding in story}) < 2:
        return False
    loud = any(rank(finding.severity) >= rank("medium") and not finding.suppressed_by for finding in story)
    return loud or len(_path(story)) >= RAISING_TACTICS


def _path(story: Sequence[Finding]) -> tuple[str, ...]:
    return progress(finding.tactic for finding in story)


def _incident(story: Sequence[Finding], known: Mapping[str, Incident]) -> Incident:
    earliest = story[0]
    told = next((known[finding.incident] for finding in story if finding.incident in known), None)
    path = _path(story)
    worst = max((finding.severity for finding in story if not finding.suppressed_by), key=rank, default="low")
    severity = raised(worst) if len(path) >= RAISING_TACTICS else worst
    status = "new" if told is None else "risen" if rank(severity) > rank(told.severity) else "ongoing"
    return Incident(
        id=told.id if told else fingerprint("incident", earliest.id, ("since", earliest.first_time.isoformat())),
        title=_title(story, path),
        severity=severity,
        status=status,
        accounts=_distinct(finding.account for finding in story),
        principals=_distinct(finding.principal for finding in story),
        persons=_distinct(finding.person for finding in story),
        first_time=earliest.first_time if told is None else min(told.first_time, earliest.first_time),
        last_time=max(finding.last_time for finding in story),
        tactics=tuple(dict.fromkeys(finding.tactic for finding in story if finding.tactic)),
        findings=tuple(finding.id for finding in story),
        timeline=tuple(_moment(finding) for finding in story[:_TIMELINE]),
    )


def _title(story: Sequence[Finding], path: Sequence[str]) -> str:
    who = _who(story)
    if len(path) >= 2:
        return plain(f"{who} {in_words(path)}", longest=LONGEST)
    worst = max(story, key=lambda finding: (not finding.suppressed_by, rank(finding.severity), finding.score))
    more = len(story) - 1
    rest = f", and {more} more finding{'s' if more > 1 else ''}"
    return plain(worst.title, longest=LONGEST - len(rest)) + rest


def _who(story: Sequence[Finding]) -> str:
    names = _distinct(who(finding) for finding in story)
    if not names:
        return "Somebody"
    return (
        names[0]
        if len(names) == 1
        else " and ".join(names)
        if len(names) == 2
        else f"{names[0]} and {len(names) - 1} others"
    )


def who(finding: Finding) -> str:
    """Return the name to call the identity of a finding by, '' if the log names nobody."""
    return called(finding.person, finding.principal)


def _moment(finding: Finding) -> dict[str, Any]:
    return {
        "time": finding.first_time, "until": finding.last_time, "finding": finding.id, "title": finding.title,
        "severity": finding.severity, "tactic": finding.tactic, "account": finding.account,
        "suppressed": bool(finding.suppressed_by), "count": finding.count,
    }  # fmt: skip


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
