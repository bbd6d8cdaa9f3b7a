"""The guard against storms: many findings of one detection in one account become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from trailwatch.finding import Finding, Top, rank
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.groups import KEPT_EVENTS, TOP
from trailwatch.findings.links import joined
from trailwatch.findings.titles import LONGEST, plain

MOST = 20


def calm(findings: Iterable[Finding], *, most: int = MOST) -> list[Finding]:
    """Return the findings with more than `most` of one detection in one account grouped into one.

    Suppressed ones are grouped apart, so that a silenced storm never hides one that nobody silenced.
    """
    sets: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        sets.setdefault((finding.detection, finding.account, finding.suppressed_by), []).append(finding)
    return [one for same in sets.values() for one in (same if len(same) <= most else [_grouped(same)])]


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
