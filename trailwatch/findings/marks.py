"""A person's word on a finding: expected until some day, or confirmed and then no longer learnt from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.finding import Finding
from trailwatch.findings.groups import Group
from trailwatch.store.schema import MARKS
from trailwatch.store.tables import Store

Verdict = Literal["benign", "confirmed"]
DAYS = 90  # for which what was benign is expected again


@dataclass(frozen=True)
class Mark:
    """One verdict, with what the finding was about: that much and no more is expected, or is no training."""

    finding: str
    verdict: Verdict
    note: str
    by: str
    marked_at: datetime
    detection: str
    principal: str
    person: str
    first_day: date
    last_day: date
    actions: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()  # of an anomaly
    until: date | None = None

    def covers(self, group: Group, *, day: date) -> bool:
        """Return whether a group is no more than what was marked as benign, for the same identity."""
        named = dict(group.key)
        return (
            self.verdict == "benign"
            and self.first_day <= day <= (self.until or date.min)
            and group.rule.id == self.detection
            and (named.get("principal") or group.only("principal")) == self.principal
            and (named.get("person") or group.only("person")) == self.person
            and (bool(self.facts) or set(group.values("action")) <= self.actions)
            and facts_of(group.evidence) <= self.facts
            and {network(ip) for ip in group.values("source_ip")} <= self.networks
        )

    def __str__(self) -> str:
        return f"marked benign: {self.note} ({self.by}, until {self.until})"


def facts_of(evidence: Mapping[str, Any]) -> frozenset[str]:
    """Return what made a day unusual: the features, and of what was new each value."""
    found = set()
    for feature in evidence.get("features", ()):
        new = [f"{feature['name']}={what}" for what in feature.get("what", ())]
        found |= set(new) if new and feature["name"].startswith(("new_", "peer_", "address_")) else {feature["name"]}
    return frozenset(found)


def network(address: str) -> str:
    """Return the network of an address: /24, /48, or the address itself where it is a name."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def mark(
    store: Store, finding: Finding, verdict: Verdict, *, note: str, by: str, now: datetime, until: date | None = None
) -> Mark:
    """Keep a verdict on a finding; a later one takes its place."""
    last = (until or now.date() + timedelta(days=DAYS)) if verdict == "benign" else None
    made = Mark(
        finding.id, verdict, note, by, now, finding.detection, finding.principal, finding.person,
        finding.first_time.astimezone(UTC).date(), finding.last_time.astimezone(UTC).date(),
        frozenset(top.value for top in finding.actions), frozenset(network(top.value) for top in finding.addresses),
        facts_of(finding.evidence) if finding.kind == "anomaly" else frozenset(), last,
    )  # fmt: skip
    row = {
        "dt": now.date(), "finding": made.finding, "verdict": made.verdict, "note": note, "marked_by": by,
        "marked_at": now, "detection": made.detection, "principal": made.principal, "person": made.person,
        "first_day": made.first_day, "last_day": made.last_day, "actions": sorted(made.actions),
        "networks": sorted(made.networks), "facts": sorted(made.facts), "until": last,
    }  # fmt: skip
    store.append("marks", pa.Table.from_pylist([row], schema=MARKS.columns))
    return made


def marks(store: Store) -> tuple[Mark, ...]:
    """Return the newest verdict on each finding that has one."""
    with Engine() as engine:
        store.show(engine, "marks")
        rows = engine.query(
            "select * exclude (dt) from marks qualify row_number() over (partition by finding order by marked_at desc) = 1 "
            "order by finding"
        ).to_pylist()
    return tuple(_read(row) for row in rows)


def _read(row: dict[str, Any]) -> Mark:
    row["by"] = row.pop("marked_by")
    row |= {name: frozenset(row[name]) for name in ("actions", "networks", "facts")}
    return Mark(**row)


def excluded(found: Iterable[Mark]) -> list[tuple[str, str, date]]:
    """Return identity and day of everything confirmed: nobody shall learn from it what is usual."""
    return [
        (one.principal, one.person, one.first_day + timedelta(days=n))
        for one in found
        if one.verdict == "confirmed"
        for n in range((one.last_day - one.first_day).days + 1)
    ]


def expected(group: Group, found: Sequence[Mark], *, day: date) -> str:
    """Return who said that this is expected, '' if nobody did."""
    return next((str(one) for one in found if one.covers(group, day=day)), "")
