"""The guard against storms: many findings of one detection in one account, or of one declared automation, become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from trailwatch.finding import Finding, Top, rank
from trailwatch.findings.automation import DECLARED
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.groups import KEPT_EVENTS, TOP
from trailwatch.findings.links import joined
from trailwatch.findings.names import short
from trailwatch.findings.titles import LONGEST, plain

MOST = 20
OF_ONE = 3


def calm(findings: Iterable[Finding], *, most: int = MOST) -> list[Finding]:
    """Return the findings with more than `most` of one detection in one account grouped into one.

    Suppressed ones are grouped apart, so that a silenced storm never hides one that nobody silenced.
    """
    sets: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        sets.setdefault((finding.detection, finding.account, finding.suppressed_by), []).append(finding)
    return [one for same in sets.values() for one in (same if len(same) <= most else [_grouped(same)])]


def folded(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with what one automation caused by doing what is declared of it as one, if that is much."""
    sets: dict[tuple[str, str], list[Finding]] = {}
    others: list[Finding] = []
    for one in findings:
        quiet = DECLARED in one.severity_parts and rank(one.severity) < rank("medium") and not one.suppressed_by
        (sets.setdefault((one.account, one.principal), []) if quiet else others).append(one)
    for same in sets.values():
        others += [_folded(same)] if len(same) > OF_ONE else same
    return others


def _grouped(findings: list[Finding]) -> Finding:
    worst = max(findings, key=lambda finding: (rank(finding.severity), finding.score, finding.count))
    by_time = sorted(findings, key=lambda finding: (finding.first_time, finding.id))
    events = list(dict.fromkeys(event for finding in by_time for event in finding.event_ids))
    names = Counter({finding.principal or finding.person: 0 for finding in findings})
    for finding in findings:
        names[finding.principal or finding.person] += finding.count
    return replace(
        worst,
        id=fingerprint(worst.detection, worst.account, ("storm", "")),
        title=plain(f"{len(findings)} times in one day: {worst.title}", longest=LONGEST),
        principal=_shared(findings, "principal"),
        principal_id=_shared(findings, "principal_id"),
        person=_shared(findings, "person"),
        credential=_shared(findings, "credential"),
        first_time=by_time[0].first_time,
        last_time=max(finding.last_time for finding in findings),
        count=sum(finding.count for finding in findings),
        event_ids=tuple(events[:KEPT_EVENTS]),
        truncated=len(events) > KEPT_EVENTS or any(finding.truncated for finding in findings),
        late=all(finding.late for finding in findings),
        actions=_summed(findings, "actions"),
        addresses=_summed(findings, "addresses"),
        clients=_summed(findings, "clients"),
        regions=_summed(findings, "regions"),
        targets=_summed(findings, "targets"),
        evidence={
            "grouped": len(findings),
            "identities": [{"name": name, "events": count} for name, count in names.most_common(MOST)],
            "links": joined(finding.evidence.get("links", {}) for finding in by_time),
        },
    )


def _shared(findings: list[Finding], name: str) -> str:
    found = {str(getattr(finding, name)) for finding in findings}
    return found.pop() if len(found) == 1 else ""


def _summed(findings: list[Finding], name: str) -> tuple[Top, ...]:
    counts: Counter[str] = Counter()
    for finding in findings:
        for top in getattr(finding, name):
            counts[top.value] += top.count
    return tuple(Top(value, count) for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP])


def _folded(same: list[Finding]) -> Finding:
    worst, *rest = sorted(same, key=lambda one: (-rank(one.severity), -one.score, one.first_time, one.id))
    events = tuple(dict.fromkeys(event for one in (worst, *rest) for event in one.event_ids))
    also = [
        {"id": one.id, "detection": one.detection, "title": one.title, "severity": one.severity}
        for one in (worst, *rest)
    ]
    title = f"{short(worst.principal)} did what is declared of it: {len(same)} findings, such as: {worst.title}"
    return replace(
        worst,
        id=fingerprint("automation", worst.account, ("principal", worst.principal)),
        title=plain(title, longest=LONGEST),
        first_time=min(one.first_time for one in same),
        last_time=max(one.last_time for one in same),
        count=sum(one.count for one in same),
        event_ids=events[:KEPT_EVENTS],
        truncated=len(events) > KEPT_EVENTS or any(one.truncated for one in same),
        late=all(one.late for one in same),
        actions=_summed(same, "actions"),
        addresses=_summed(same, "addresses"),
        clients=_summed(same, "clients"),
        regions=_summed(same, "regions"),
        targets=_summed(same, "targets"),
        evidence={"also": also, "links": joined(one.evidence.get("links", {}) for one in same)},
        practices=tuple(dict.fromkeys(code for one in (worst, *rest) for code in one.practices)),
        attack=tuple(dict.fromkeys(technique for one in (worst, *rest) for technique in one.attack)),
    )
