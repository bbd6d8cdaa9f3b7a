"""What the model found: days unlike an identity's other days, as findings or as evidence of what is reported already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from trailwatch.detect.detection import Detection
from trailwatch.finding import Finding, rank
from trailwatch.findings.groups import Group, Row
from trailwatch.findings.titles import plain
from trailwatch.model.score import Anomaly

UNUSUAL_DAY = Detection(
    id="unusual-day",
    version="1",
    title="{who} had a day unlike any other: {numbers}",
    severity="medium",
    practices=("monitoring",),
    why="The combination of what was done, from where, when and how much does not fit this identity's own history "
    "or that of its peers. That is how a stolen credential looks, and also a new task.",
    next="Ask whether this was planned work. If nobody can say, treat the credential as stolen. "
    "`trailwatch show {principal}`",
)


def group_of(anomaly: Anomaly, events: Mapping[str, Row]) -> Group:
    """Return an anomaly as a group of the events it names; one without any stands at the start of its day."""
    rows = [events[event_id] for event_id in anomaly.event_ids if event_id in events]
    start = anomaly.first_time or datetime.combine(anomaly.day, time(), tzinfo=UTC)
    account = anomaly.principal.partition("/")[0]
    nothing = {"event_id": "", "event_time": start, "dt": anomaly.day, "account": account,
               "principal": anomaly.principal, "person": anomaly.person}  # fmt: skip
    rows = sorted(rows, key=lambda row: (row["event_time"], row["event_id"])) or [nothing]
    key = (("account", str(rows[0].get("account") or account)), ("principal", anomaly.principal),
           ("person", anomaly.person))  # fmt: skip
    return Group(UNUSUAL_DAY, key, tuple(rows), evidence_of(anomaly))


def evidence_of(anomaly: Anomaly) -> dict[str, Any]:
    """Return the model's reasons: its score, what it is made of, and the features that stand out."""
    return {
        "model_score": round(anomaly.score, 2),
        "model_parts": {name: round(value, 2) for name, value in anomaly.parts.items()},
        "features": [
            {"name": reason.name, "label": plain(reason.label), "words": plain(reason.words),
             "value": reason.value, "usual": reason.usual, "spread": reason.spread, "peers_usual": reason.peers_usual,
             "share": round(reason.share, 3), "what": [plain(one, longest=80) for one in reason.what]}
            for reason in anomaly.reasons
        ],
        "explained": anomaly.explained,
        "normal": "; ".join(dict.fromkeys(reason.normal for reason in anomaly.reasons if reason.normal)),
    }  # fmt: skip


def numbers(features: Sequence[Mapping[str, Any]], *, most: int = 2) -> str:
    """Return the strongest features in words: '42 distinct actions, usual 6 ± 2; …'."""
    return "; ".join(str(feature["words"]) for feature in features[:most]) or "no single feature explains it"


def absorb(anomalies: Iterable[Finding], findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Attach each anomaly whose events a finding of the same identity covers; return all findings, and the rest.

    One act is one finding: where the rules have said what happened, the model only adds its numbers. A suppressed
    finding covers nothing, or an intruder could hide behind it.
    """
    result = list(findings)
    left: list[Finding] = []
    for anomaly in anomalies:
        places = [place for place, finding in enumerate(result) if _same_identity(finding, anomaly)]
        covered = {event for place in places for event in result[place].event_ids}
        own = set(anomaly.event_ids)
        if anomaly.suppressed_by or not own or 2 * len(own & covered) < len(own):
            left.append(anomaly)
            continue
        place = max(places, key=lambda at: (len(own & set(result[at].event_ids)), rank(result[at].severity), -at))
        finding = result[place]
        result[place] = replace(
            finding,
            severity=max(finding.severity, anomaly.severity, key=rank),
            score=max(finding.score, anomaly.score),
            evidence={**finding.evidence, **{key: value for key, value in anomaly.evidence.items() if key in _MODEL}},
            practices=tuple(dict.fromkeys((*finding.practices, *anomaly.practices))),
        )
    return result, left


def _same_identity(finding: Finding, anomaly: Finding) -> bool:
    # A finding about a person may span several of their roles, and then names no single one.
    same = finding.person == anomaly.person and finding.principal in (
        {anomaly.principal, ""} if anomaly.person else {anomaly.principal}
    )
    near = finding.first_time - timedelta(
        days=1
    ) <= anomaly.last_time and anomaly.first_time <= finding.last_time + timedelta(days=1)
    return same and near and not finding.suppressed_by and finding.kind == "activity"


_MODEL = ("model_score", "model_parts", "features", "explained", "normal")
