"""What posture detections found, as findings: what is configured, by which export, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trailwatch.config import Config
from trailwatch.detect.detection import Detection
from trailwatch.detect.posture import Found, evidence
from trailwatch.finding import Finding, Top, rank
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.groups import Group
from trailwatch.findings.names import called
from trailwatch.findings.severity import weigh
from trailwatch.findings.suppress import suppressed_by
from trailwatch.findings.tactics import tactic_of
from trailwatch.findings.titles import LONGEST, fill, plain

KIND = "posture"
MOST = 3  # findings of one detection that a page lists one by one
_NAMED = 20


def findings(
    found: Iterable[Found], detections: Iterable[Detection], *, day: date, config: Config | None = None
) -> list[Finding]:
    """Return one finding for each row that a posture detection returned."""
    rules = {rule.id: rule for rule in detections}
    return [_finding(one, rules[one.detection], day=day, config=config or Config()) for one in found]


def goes_on(finding: Finding) -> bool:
    """Tell whether a finding says only that IAM is still configured as an earlier digest said."""
    return finding.kind == KIND and finding.status == "ongoing"


def rolled(findings: Iterable[Finding], *, most: int = MOST) -> tuple[Finding, ...]:
    """Return findings with many posture findings of one detection told as one, under the name of the gravest.

    The table and the JSON keep each of them: this is how a page is read.
    """
    told: list[Finding] = []
    several: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.kind == KIND:
            several.setdefault((finding.detection, finding.status, finding.suppressed_by), []).append(finding)
    for finding in findings:
        same = several.pop((finding.detection, finding.status, finding.suppressed_by), []) \
            if finding.kind == KIND else [finding]  # fmt: skip
        told += same if len(same) <= most else [_together(same)]
    return tuple(told)


def _together(same: Sequence[Finding]) -> Finding:
    worst = min(same, key=lambda one: (-rank(one.severity), -one.score, one.account, one.principal, one.id))
    more = f", and {len(same) - 1} more like it"
    since = [one.evidence["since"] for one in same if "since" in one.evidence]
    return replace(
        worst,
        title=plain(worst.title, longest=LONGEST - len(more)) + more,
        account=_shared(same, "account"),
        account_name=_shared(same, "account_name"),
        principal=_shared(same, "principal"),
        person=_shared(same, "person"),
        first_time=min(one.first_time for one in same),
        last_time=max(one.last_time for one in same),
        targets=(),
        evidence={
            "grouped": len(same),
            "identities": [{"name": name, "events": 0} for name in sorted(_name(one) for one in same)[:_NAMED]],
            **({"since": min(since)} if since else {}),
        },
    )


def _name(finding: Finding) -> str:
    return finding.principal.rpartition("/")[2] or finding.account_name or finding.account


def _shared(same: Sequence[Finding], name: str) -> str:
    values = {str(getattr(one, name)) for one in same}
    return values.pop() if len(values) == 1 else ""


def _finding(found: Found, rule: Detection, *, day: date, config: Config) -> Finding:
    severity, parts = weigh(found.severity)
    name = config.organization.accounts.get(found.account, "")
    moment = found.taken_at or datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    row = {
        "event_time": moment, "account": found.account, "account_name": name, "principal": found.principal,
        "person": found.person, "target": found.target,
    }  # fmt: skip
    key = (("account", found.account), ("principal", found.principal), ("person", found.person))
    values = _values(found, name)
    return Finding(
        id=fingerprint(rule.id, found.account, ("principal", found.principal), ("target", found.target)),
        detection=rule.id,
        detection_version=rule.version,
        kind=KIND,
        title=fill(rule.title, values),
        severity=severity,
        severity_parts=parts,
        score=parts["product"],
        account=found.account,
        principal=found.principal,
        person=found.person,
        first_time=moment,
        last_time=moment,
        count=0,
        event_ids=(),
        suppressed_by=suppressed_by(Group(rule, key, (row,), {}), config=config, day=day),
        account_name=name,
        principal_id=str(found.values.get("principal_id") or ""),
        targets=(Top(found.target, 1),) if found.target else (),
        attack=tuple(rule.attack),
        tactic=tactic_of(rule.attack),
        practices=tuple(rule.practices),
        why=rule.why,
        evidence=evidence(found) | ({"export": f"{moment:%Y-%m-%d %H:%M} UTC"} if found.taken_at else {}),
        next=fill(rule.next, _values(found, name, command=True), longest=600),
    )


def _values(found: Found, account_name: str, *, command: bool = False) -> Mapping[str, Sequence[Any]]:
    values = {
        name: value if isinstance(value, list) else [value] for name, value in found.values.items() if value is not None
    }
    who = [called(found.person, found.principal)] if found.principal else [account_name or found.account]
    values["who"] = who
    if not command:
        values["principal"] = who
        values["account"] = [account_name or found.account]
    return values
