"""Runs detections over days that have passed, with the same views, scan and triage as the digest of each day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import context
from trailwatch.detect.choice import Chosen
from trailwatch.detect.detection import Detection
from trailwatch.detect.scan import Scanned, scan
from trailwatch.digest import view
from trailwatch.digest.backtested import Act, Backtest, Tried, compared, solved
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, StoreError
from trailwatch.findings import triage
from trailwatch.findings.reading import Reading
from trailwatch.progress import Progress, Silent
from trailwatch.store.tables import Store

DAYS, MOST_DAYS = 30, 92
MOST_HITS = 50_000  # a day; beyond that there is nothing to read one by one
_FLOOR = 2  # the least that a count can ask for


@dataclass
class _Kept:
    """What is gathered while the days go by."""

    days: list[Tried] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    others: list[Act] = field(default_factory=list)
    unable: dict[str, Counter[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    learning: Counter[str] = field(default_factory=Counter)
    peaks: dict[str, list[int]] = field(default_factory=dict)
    apart: set[date] = field(default_factory=set)  # days that are not compared


def run(
    store: Store,
    chosen: Chosen,
    *,
    config: Config,
    first: date | None = None,
    last: date | None = None,
    against: Sequence[Detection] = (),
    budget: float | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Run detections over the days of a store, by default its last thirty, and say what each day would have told.

    Every event counts on its own day, also one that came late. `against` is another version of the detections, run
    beside them. With a budget of findings a day, the threshold of a count that keeps it is worked out.
    """
    wanted = _days(store, first, last)
    progress = progress or Silent()
    kept = _Kept(peaks={rule.id: [] for rule in chosen.detections if rule.count} if budget is not None else {})
    progress.start("backtest", len(wanted), unit="days")
    for day in wanted:
        _day(store, day, chosen.detections, against, config, kept)
        progress.advance(findings=len(kept.acts))
    progress.finish()
    counts = {rule.id: rule.count.at_least for rule in chosen.detections if rule.count}
    return Backtest(
        detections=tuple(rule.id for rule in chosen.detections),
        days=tuple(kept.days),
        acts=tuple(kept.acts),
        unable=kept.unable,
        failed=kept.failed,
        broken={one.path: one.error for one in chosen.broken},
        learning=dict(kept.learning),
        budget=budget,
        thresholds=solved(kept.peaks, counts, days=len(wanted), budget=budget) if budget is not None else (),
        difference=compared(
            [act for act in kept.acts if act.day not in kept.apart], kept.others, against=_versions(against)
        )
        if against
        else None,
    )


def _days(store: Store, first: date | None, last: date | None) -> list[date]:
    stored = sorted({key[0] for key in store.partitions("events")})
    settled = {key[0] for key in store.partitions("activity")}
    if not settled:
        raise StoreError("nothing is settled yet", where=store.uri, hint="trailwatch ingest SOURCE, then settle")
    last = last or stored[-1]
    first = first or last - timedelta(days=DAYS - 1)
    if (last - first).days >= MOST_DAYS:
        raise ConfigError(f"a backtest runs over at most {MOST_DAYS} days", where="--from",
                          hint=(last - timedelta(days=MOST_DAYS - 1)).isoformat())  # fmt: skip
    wanted = [day for day in stored if first <= day <= last]
    if not wanted:
        raise StoreError(f"there are no events from {first} to {last}", where=store.uri,
                         hint=f"--from {stored[0]} --to {stored[-1]}")  # fmt: skip
    return wanted


def _day(
    store: Store, day: date, rules: Sequence[Detection], against: Sequence[Detection], config: Config, kept: _Kept
) -> None:
    with Engine() as engine:
        nothing = pa.table({"event_id": pa.array([], pa.string())})
        reported = view.show(store, engine, Reading(day, datetime.now(UTC)), nothing, config)
        context.build(engine, config, day=day)
        scanned = scan(engine, rules, config=config, day=day, reported=reported, built=True)
        _account(scanned, rules, kept)
        told = _told(store, day)
        digested = any(key[0] == day for key in store.partitions("digests"))
        seen = set(engine.rows(
            "select distinct principal, value from known where dimension = 'address' and first_time < "
            "cast($day as timestamptz)", day=day))  # fmt: skip
        if kept.peaks:
            floors = [_floor(rule) for rule in rules if rule.count]
            _measure(scan(engine, floors, config=config, day=day, reported=reported, built=True), kept)
        if scanned.hits.num_rows > MOST_HITS:
            groups = len({(d, tuple(g or ())) for d, g in _pairs(scanned.hits, "group_key")})
            kept.days.append(
                Tried(day, len(reported), scanned.hits.num_rows, groups, groups, 0, digested, flooded=True)
            )
            return
        found = triage.findings(engine, scanned.hits, rules, day=day, config=config, seen=seen).findings
        acts = [Act(day, one, _told_by(one.event_ids, told)) for one in found]
        kept.acts += acts
        loud = [act for act in acts if not act.finding.suppressed_by]
        kept.days.append(Tried(
            day, len(reported), scanned.hits.num_rows, len(loud), sum(not act.told_by for act in loud),
            len(acts) - len(loud), digested))  # fmt: skip
        if against:
            other = scan(engine, against, config=config, day=day, reported=reported, built=True)
            if other.hits.num_rows > MOST_HITS:
                # Without what the other version says of a day, that day says nothing of the difference.
                kept.apart.add(day)
                kept.unable.setdefault("the version compared with", Counter())["too many hits to look at"] += 1
            else:
                found = triage.findings(engine, other.hits, against, day=day, config=config, seen=seen).findings
                kept.others += [Act(day, one) for one in found]
            for one in other.not_run:
                kept.failed[f"{one.id} (the version compared with)"] = one.reason


def _account(scanned: Scanned, rules: Iterable[Detection], kept: _Kept) -> None:
    for one in scanned.not_run:
        kept.failed[one.id] = one.reason
    for one in scanned.not_evaluated:
        kept.unable.setdefault(one.id, Counter())[one.reason] += 1
    for rule in rules:
        if rule.shape == "snapshot":
            kept.unable.setdefault(rule.id, Counter())["it asks an export of IAM, and no events"] += 1
    kept.learning.update(scanned.learning)


def _told(store: Store, day: date) -> Mapping[str, set[str]]:
    """Return event → the detections whose findings of that day's digest hold it."""
    found: dict[str, set[str]] = {}
    with Engine() as engine:
        store.show(engine, "findings", days=(day, day))
        for detection, event in engine.rows("select detection, unnest(event_ids) from findings"):
            found.setdefault(event, set()).add(detection)
    return found


def _told_by(events: Iterable[str], told: Mapping[str, set[str]]) -> tuple[str, ...]:
    return tuple(sorted({detection for event in events for detection in told.get(event, ())}))


def _floor(rule: Detection) -> Detection:
    # At the least that can be asked every act shows how far it went, and one scan answers for all thresholds.
    count = msgspec.structs.replace(rule.count, at_least=_FLOOR) if rule.count else None
    return msgspec.structs.replace(rule, count=count, supersedes=())


def _measure(scanned: Scanned, kept: _Kept) -> None:
    keys, evidence = scanned.hits["group_key"].to_pylist(), scanned.hits["evidence"].to_pylist()
    reached: dict[tuple[str, tuple[str, ...]], int] = {}
    for detection, key, text in set(
        zip(scanned.hits["detection"].to_pylist(), map(tuple, keys), evidence, strict=True)
    ):
        peak = int(json.loads(text)["count"])
        reached[detection, key] = max(peak, reached.get((detection, key), 0))
    for (detection, _), peak in reached.items():
        kept.peaks[detection].append(peak)


def _pairs(hits: pa.Table, column: str) -> Iterable[tuple[str, Sequence[str] | None]]:
    return zip(hits["detection"].to_pylist(), hits[column].to_pylist(), strict=True)


def _versions(against: Sequence[Detection]) -> str:
    return ", ".join(f"{rule.id} {rule.version}" for rule in against[:3]) + (" …" if len(against) > 3 else "")
