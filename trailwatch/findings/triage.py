"""From hits and anomalies to findings: one act is one finding, with its severity, its evidence and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from math import log1p
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.finding import Finding, rank
from trailwatch.findings import anomalies as model
from trailwatch.findings.automation import judge
from trailwatch.findings.context import context, novelty
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.groups import KEPT_EVENTS, Group, group, read_events, unknown_events
from trailwatch.findings.links import links
from trailwatch.findings.marks import Mark, expected
from trailwatch.findings.names import called, short
from trailwatch.findings.severity import weigh
from trailwatch.findings.storm import calm, folded
from trailwatch.findings.suppress import suppressed_by
from trailwatch.findings.tactics import tactic_of
from trailwatch.findings.titles import fill, placeholders
from trailwatch.findings.ways import Ways
from trailwatch.model.score import Anomaly


@dataclass(frozen=True)
class Known:
    """What is declared and remembered, against which each finding is weighed."""

    config: Config
    day: date
    seen: AbstractSet[tuple[str, str]]
    ways: Mapping[str, Ways]
    marks: Sequence[Mark] = ()
    unusual: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Triaged:
    """The findings of a day, most urgent first, and the hits whose event could not be found, by detection."""

    findings: tuple[Finding, ...]
    lost: Mapping[str, int]


def findings(
    engine: Engine,
    hits: pa.Table,
    detections: Iterable[Detection],
    *,
    day: date,
    config: Config | None = None,
    anomalies: Sequence[Anomaly] = (),
    seen: AbstractSet[tuple[str, str]] = frozenset(),
    ways: Mapping[str, Ways] | None = None,
    marks: Sequence[Mark] = (),
    unusual: Mapping[tuple[str, str], float] | None = None,
) -> Triaged:
    """Turn hits and anomalies into findings; reads the relation `scope` for the events behind them.

    `seen` holds the (principal, address) pairs of earlier days, where they are known, and `ways` how each principal
    worked before; `marks` are people's verdicts on earlier findings, and `unusual` is how strange the model finds the
    day of a principal and person.
    """
    known = Known(config or Config(), day, seen, ways or {}, marks, unusual or {})
    rules = {rule.id: rule for rule in detections}
    asked = {
        name for rule in rules.values() for name in (*placeholders(rule.title), *placeholders(rule.next), *rule.by)
    }
    asked |= {name for rule in rules.values() if rule.count for name in rule.count.by}
    ids = [*hits["event_id"].to_pylist(), *(event for anomaly in anomalies for event in anomaly.event_ids)]
    events = read_events(engine, pa.table({"event_id": pa.array(sorted(set(ids)), pa.string())}), more=asked)
    found = [_finding(g, known) for g in group(_superseded(hits, rules), rules, events)]
    found = folded(one_act(calm(found)))
    strange = [_finding(model.group_of(anomaly, events), known) for anomaly in anomalies]
    found, left = model.absorb(strange, found)
    return Triaged(tuple(sorted((*found, *left), key=urgency)), unknown_events(hits, events))


NAMED = 4.0  # what the word of a rule that never spoke weighs, in nats of the model: chosen on validation fields


def named(told: int) -> float:
    """Return what the word of a rule weighs that spoke of so many identity-days of the last thirty."""
    return max(0.0, NAMED - log1p(told))


def strength(finding: Finding) -> float:
    """Return how unusual the day of the identity was, and more where a rule that seldom speaks says what was done."""
    unusual = float(finding.evidence.get("model_score", 0.0))
    speaks = finding.kind != "anomaly" and rank(finding.severity) >= rank("medium")
    return unusual + (named(int(finding.evidence.get("told_before", 0))) if speaks else 0.0)


def urgency(finding: Finding) -> tuple[Any, ...]:
    """Return the sort key of the digest's order: what nobody silenced, open before closed, severe, strong, early."""
    closed = finding.status in {"ended", "resolved"}
    return (bool(finding.suppressed_by), closed, -rank(finding.severity), -strength(finding), -finding.score,
            finding.first_time, finding.id)  # fmt: skip


def one_act(findings: Sequence[Finding]) -> list[Finding]:
    """Merge findings of one identity about exactly the same events: the most severe speaks, the others are named in it."""
    same: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in findings:
        key = (
            finding.account,
            finding.principal,
            finding.person,
            finding.suppressed_by,
            finding.event_ids,
            finding.count,
        )
        same.setdefault(key if finding.event_ids else (finding.id,), []).append(finding)
    return [_merged(sorted(several, key=urgency)) for several in same.values()]


def _merged(several: list[Finding]) -> Finding:
    first, *others = several
    if not others:
        return first
    also = [
        {"id": other.id, "detection": other.detection, "title": other.title, "severity": other.severity}
        for other in others
    ]
    added = {key: value for other in others for key, value in other.evidence.items() if key not in first.evidence}
    return replace(
        first,
        evidence={**added, **first.evidence, "also": also},
        practices=tuple(dict.fromkeys(code for one in several for code in one.practices)),
        attack=tuple(dict.fromkeys(technique for one in several for technique in one.attack)),
    )


def _superseded(hits: pa.Table, rules: Mapping[str, Detection]) -> pa.Table:
    """Leave out a hit where a detection that supersedes its own has the same event."""
    by_event: dict[str, set[str]] = {}
    for event, detection in zip(hits["event_id"].to_pylist(), hits["detection"].to_pylist(), strict=True):
        by_event.setdefault(event, set()).add(detection)
    beaten = {(event, weaker) for event, ids in by_event.items() for one in ids for weaker in rules[one].supersedes}
    pairs = zip(hits["event_id"].to_pylist(), hits["detection"].to_pylist(), strict=True)
    return hits.filter(pa.array([pair not in beaten for pair in pairs], pa.bool_()))


def _finding(group: Group, known: Known) -> Finding:
    rule, day, config = group.rule, known.day, known.config
    # An unusual day is unlike what was learned by its own nature; only what is declared can make it worse.
    automation = judge(group.rows, config=config, ways={} if rule.id == model.UNUSUAL_DAY.id else known.ways)
    around = context(group, automation=automation, ways=known.ways, seen=known.seen)
    severity, parts = weigh(rule.severity, novelty=novelty(group), context=around)
    ids = [row["event_id"] for row in group.rows if row["event_id"]]
    account = group.only("account") or dict(group.key).get("account", "")
    named = dict(group.key)
    return Finding(
        id=fingerprint(rule.id, *_identity(group, account)),
        detection=rule.id,
        detection_version=rule.version,
        kind="anomaly" if rule.id == model.UNUSUAL_DAY.id else "activity",
        title=_title(group),
        severity=severity,
        severity_parts=parts,
        score=_score(group, parts),
        account=account,
        principal=named.get("principal") or group.only("principal"),
        person=named.get("person") or group.only("person"),
        first_time=group.first,
        last_time=group.last,
        count=len(ids),
        event_ids=tuple(ids[:KEPT_EVENTS]),
        truncated=len(ids) > KEPT_EVENTS,
        suppressed_by=suppressed_by(group, config=config, day=day) or expected(group, known.marks, day=day),
        late=group.last < datetime.combine(day, time(), tzinfo=UTC),
        account_name=group.only("account_name") or config.organization.accounts.get(account, ""),
        principal_id=group.only("principal_id"),
        credential=group.only("credential"),
        origin=group.only("origin"),
        outcome=group.only("outcome"),
        actions=group.top("action"),
        addresses=group.top("source_ip"),
        clients=group.top("client"),
        regions=group.top("aws_region"),
        targets=group.top("target"),
        attack=tuple(rule.attack),
        tactic=tactic_of(rule.attack),
        practices=tuple(rule.practices),
        why=rule.why,
        evidence=_evidence(group, known, automation.reasons),
        next=fill(rule.next, _values(group, placeholders(rule.next)), longest=600),
    )


def _identity(group: Group, account: str) -> tuple[Any, ...]:
    # Principal and person are part of the name even where a detection groups by something narrower.
    pairs = dict(group.key) | {name: dict(group.key).get(name) or group.only(name) for name in ("principal", "person")}
    if not {"principal", "person"} & {name for name, _ in group.key}:
        pairs = dict(group.key)
    return account if "account" in dict(group.key) else "", *(
        (name, value) for name, value in pairs.items() if name != "account"
    )


def _title(group: Group) -> str:
    named = placeholders(group.rule.title)
    values = _values(group, named)
    # A title names people and roles as people do; the full principal stands in the finding.
    values["principal"] = values["who"] = [
        called(str(row.get("person") or ""), str(row.get("principal") or "")) for row in group.rows
    ]
    values["role"] = [short(str(role)) for role in values.get("role", ())]
    values["account"] = [row.get("account_name") or row.get("account") for row in group.rows]
    if "features" in group.evidence:
        values["numbers"] = [model.numbers(group.evidence["features"])]
    return fill(group.rule.title, values)


def _values(group: Group, names: Iterable[str]) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {name: list(group.values(name)) for name in names}
    said = {name: [group.evidence[name]] for name in values if group.evidence.get(name) not in (None, "")}
    return {name: found or said.get(name, []) for name, found in values.items()}


def _score(group: Group, parts: Mapping[str, float]) -> float:
    # Within one severity the model's own score decides; it moves a finding by less than one point of the product.
    model_score = float(group.evidence.get("model_score", 0.0)) if "features" in group.evidence else 0.0
    return round(parts["product"] + max(model_score, 0.0) / (1.0 + max(model_score, 0.0)), 4)


def _evidence(group: Group, known: Known, reasons: Sequence[str]) -> dict[str, Any]:
    found = {key: value for key, value in group.evidence.items() if key != "novelty"}
    day, who = known.day, (group.only("principal"), group.only("person"))
    if "model_score" not in found and known.unusual.get(who, 0.0) > 0:
        found["model_score"] = round(known.unusual[who], 2)
    if reasons:
        found["automation"] = "; ".join(reasons[:3]) + (f" and {len(reasons) - 3} more" if len(reasons) > 3 else "")
    found["links"] = links(group)
    late = sum(row["event_time"].date() < day for row in group.rows)
    if late and group.last.date() >= day:
        found["events_before_the_day"] = late
    if group.rows and group.rule.new is not None and not any(row.get("history") for row in group.rows):
        found["history"] = "none: new means new within these logs"
    return found
