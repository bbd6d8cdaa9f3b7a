"""A suppression proposed from a finding, and what it would have hidden of all that digests told before."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trailwatch.config import Config, Suppression
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.finding import Finding, rank
from trailwatch.findings import scoped
from trailwatch.findings.groups import Group, Row
from trailwatch.findings.memory import CLOSED
from trailwatch.findings.records import read_finding
from trailwatch.findings.suppress import covers
from trailwatch.store.tables import Store

HISTORY = timedelta(days=90)
MOST_EVENTS = 20_000
_SETS = (
    ("principal", "network", "target"), ("principal", "network"), ("principal", "target"), ("person", "network"),
    ("person", "target"), ("principal",), ("person",), ("account", "network"), ("account", "target"),
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A finding as one digest told it, with the events it rests on as far as the store still has them."""

    day: date
    finding: Finding
    group: Group
    whole: bool  # whether all its events could be looked at


@dataclass(frozen=True)
class Choice:
    """A possible suppression: its fields, and what it would have hidden."""

    fields: Mapping[str, str]
    hides: tuple[Told, ...]
    same: int  # of these, tellings of the finding itself
    others: int  # tellings of other findings

    @property
    def grave(self) -> int:
        """How many of the hidden ones were high or critical."""
        return sum(rank(told.finding.severity) >= rank("high") for told in self.hides)


@dataclass(frozen=True)
class Proposal:
    """A finding, the tellings of its detection, and the suppressions that would cover it, the best one first."""

    finding: Finding
    history: tuple[Told, ...]
    choices: tuple[Choice, ...]

    @property
    def unseen(self) -> int:
        """How many tellings could not be judged, because not all of their events could be looked at."""
        return sum(not told.whole for told in self.history)


def propose(store: Store, finding: Finding, *, config: Config, fields: Sequence[str] = ()) -> Proposal:
    """Propose suppressions of a finding; with `fields` the one of these fields alone, where the finding allows it."""
    history = _history(store, finding, config)
    own = [told for told in history if told.finding.id == finding.id]
    newest = max(own, key=lambda told: told.day, default=None)
    shared = _shared(newest.group if newest else None, finding, config)
    wanted = [tuple(fields)] if fields else _SETS
    found = [
        _choice(finding, {name: shared[name] for name in names}, history, config)
        for names in wanted if all(shared.get(name) for name in names)
    ]  # fmt: skip
    # Of those that cover the finding as often, the one that hides the least besides it.
    found = [one for one in found if newest is None or newest in one.hides]
    found.sort(key=lambda one: (-one.same, one.others, -len(one.fields)))
    return Proposal(finding, tuple(history), tuple(found))


def hidden(entry: Suppression, history: Iterable[Told], config: Config) -> tuple[Told, ...]:
    """Return the tellings that a suppression would have hidden, by the same judgement as a digest's."""
    return tuple(told for told in history if told.whole and covers(entry, told.group, config))


def _choice(finding: Finding, fields: Mapping[str, str], history: Sequence[Told], config: Config) -> Choice:
    entry = Suppression(detection=finding.detection, reason="-", owner="-", until=date.max, **fields)
    hides = hidden(entry, history, config)
    same = sum(told.finding.id == finding.id for told in hides)
    return Choice(fields, hides, same, len(hides) - same)


def _shared(group: Group | None, finding: Finding, config: Config) -> dict[str, str]:
    """Return the fields that everything the finding rests on has in common, as patterns that fit nothing else."""
    if group is None or not group.rows:
        return {"principal": _literal(finding.principal), "person": _literal(finding.person), "account": finding.account,
                "target": _literal(finding.targets[0].value) if len(finding.targets) == 1 else ""}  # fmt: skip
    network = group.only("network") or group.only("vpc_endpoint_id") or group.only("address")
    known = network in config.networks or "/" in network or network.startswith("vpce-")
    return {
        "principal": _literal(group.only("principal")), "person": _literal(group.only("person")),
        "account": group.only("account"), "network": network if known else "", "target": _literal(group.only("target")),
    }  # fmt: skip


def _literal(value: str) -> str:
    # A name may hold the signs of a pattern, and a pattern of one name must not fit others.
    return glob.escape(value)


def _history(store: Store, finding: Finding, config: Config) -> list[Told]:
    with Engine() as engine:
        store.show(engine, "findings")
        rows = engine.rows(
            "select dt, body from findings where detection = $detection and dt > $after order by dt desc, id",
            detection=finding.detection, after=_after(finding),
        )  # fmt: skip
    told = [(day, read_finding(body)) for day, body in rows]
    told = [(day, one) for day, one in told if one.status not in CLOSED]
    events = _events(store, [one for _, one in told], config)
    rule = Detection(id=finding.detection, title="", severity="info")
    found = []
    for day, one in told:
        mine = [events[event] for event in one.event_ids if event in events]
        whole = len(mine) == len(one.event_ids) and not one.truncated
        target = one.targets[0].value if len(one.targets) == 1 else ""
        key = (("account", one.account), ("principal", one.principal), ("person", one.person), ("target", target))
        found.append(Told(day, one, Group(rule, key, tuple(mine), one.evidence), whole))
    return found


def _after(finding: Finding) -> date:
    return finding.last_time.date() - HISTORY


def _events(store: Store, findings: Sequence[Finding], config: Config) -> Mapping[str, Row]:
    wanted: dict[str, None] = {}
    days: list[date] = []
    for one in findings:
        if len(wanted) + len(one.event_ids) > MOST_EVENTS:
            break  # the newest stand first; those that are left out are told as not looked at
        wanted |= dict.fromkeys(one.event_ids)
        days += [one.first_time.date(), one.last_time.date()]
    return scoped.read(store, wanted, days=(min(days), max(days)), config=config) if days else {}
