"""One day's digest from the store: what to read, scan, score, triage, remember, join, and write down."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import catalogue, context
from trailwatch.detect.scan import Scanned, scan
from trailwatch.digest import apart, configured, coverage, view
from trailwatch.digest.blindness import blindness
from trailwatch.digest.configured import Configured
from trailwatch.digest.coverage import Coverage, Unable
from trailwatch.digest.page import Digest, assemble
from trailwatch.digest.week import week_before
from trailwatch.engine import Engine
from trailwatch.finding import Incident
from trailwatch.findings import incidents, marks, memory, triage
from trailwatch.findings.reading import LATE_DAYS, Reading, reading
from trailwatch.findings.records import finding_rows, incident_rows, read_incident
from trailwatch.findings.ways import ways
from trailwatch.model.score import ModelSettings, Scores, score
from trailwatch.model.shelf import Shelf
from trailwatch.profile import baseline
from trailwatch.store.address import Address
from trailwatch.store.schema import DIGESTS
from trailwatch.store.tables import Store
from trailwatch.workers import Workers

if TYPE_CHECKING:
    from trailwatch.aws import Access

CROWD_DAYS = 30
READ = ("events", "sessions", "activity", "identity_days", "seen", "snapshots", "reviews", "marks")


@dataclass(frozen=True)
class Made:
    """What the store keeps of a digest besides its findings: what it read, and when it was made."""

    day: date
    made_at: datetime
    complete: bool
    reads: Reading
    versions: Mapping[str, int]


def build(
    store: Store,
    *,
    day: date,
    config: Config,
    now: datetime,
    workers: Workers | None = None,
    access: Access | None = None,
) -> Digest:
    """Make the digest of one UTC day, write it down, and mark later ones stale.

    A day that a later digest stands on is made again from the versions of the tables that it read before.
    """
    # What came for days further back is late no longer, so that older digests have nothing to say about it.
    made = {one.day: one for one in history(store, since=day - timedelta(days=LATE_DAYS))}
    reads = reading((one.reads for one in made.values()), day=day, now=now)
    old = made.get(day)
    frozen = old is not None and reads.until == old.reads.until
    source = (
        store.at({name: version for name, version in old.versions.items() if name in READ}) if frozen and old else store
    )
    read_at = {one.reads.until: one.versions.get("events", -1) for one in made.values()}
    reads, unread = view.narrowed(source, reads, read_at)
    versions = {name: version for name, version in source.versions().items() if name in READ}
    rules = catalogue.load(config)
    words = marks.marks(source)
    with Engine(memory=view.memory(source, day)) as engine:
        reported = view.show(source, engine, reads, unread, config)
        counts = _counts(engine)
        context.build(engine, config, day=day, late=[span.day for span in reads.late], counts=counts)
        by = None
        if workers and workers.apart and sum(counts.values()) >= apart.LARGE:
            where = Address(store.uri, access, versions)
            by = partial(apart.shared, workers, apart.Job(where, reads, unread, config, day, counts))
        scanned = scan(engine, rules, config=config, day=day, reported=reported, built=True, by=by)
        scores = _score(engine, day=day, config=config, excluded=marks.excluded(words), shelf=Shelf(store))
        acting = [*scanned.hits["principal"].to_pylist(), *(one.principal for one in scores.anomalies)]
        triaged = triage.findings(
            engine, scanned.hits, rules, day=day, config=config, anomalies=scores.anomalies, seen=_seen(engine, day),
            ways=ways(engine, (one for one in acting if one), day=day), marks=words, unusual={(one.principal, one.person): one.score for one in scores.ranking if one.judged},
        )  # fmt: skip
        crowded = _crowded(engine)
        posture = configured.look(source, engine, rules, day=day, config=config, own=counts)
    held = memory.recall(store, before=day)
    basis = coverage.measure(store, day=day, now=now, config=config)
    unable = {one.id for one in (*scanned.not_run, *scanned.not_evaluated)}
    seen_today = (*triaged.findings, *posture.findings, *blindness(basis, day=day))
    remembered = memory.remember(
        seen_today, held, day=day, evaluated=basis.events > 0, not_run=unable, snapshot=posture.evaluated.checked,
        asked=posture.asked,
    )  # fmt: skip
    told, stories = incidents.join(
        remembered.findings, day=day, recent=remembered.quiet, known=_incidents(store, before=day), crowded=crowded
    )
    basis = _completed(
        _with_exports(basis, posture, day=day, config=config),
        scanned,
        scores,
        rules,
        triaged.lost,
        remembered.repeated,
        reads,
        len(unread),
        digested(store),
        day,
    )
    page = assemble(
        day=day, made_at=now, coverage=basis, findings=told, incidents=stories, quiet=remembered.quiet,
        detections=rules, versions=versions, config=config, before=week_before(store, day=day),
        posture=posture.answers,
    )  # fmt: skip
    write(store, page, reads)
    return page


def history(store: Store, *, since: date = date.min) -> list[Made]:
    """Return the newest digest of each day from `since` on, in order of days."""
    with Engine() as engine:
        store.show(engine, "digests", days=(since, date.max))
        rows = engine.rows(
            "select dt, made_at, complete, versions, json_extract(body, '$.coverage.reads') from digests "
            "where dt >= $since "
            "qualify row_number() over (partition by dt order by made_at desc, run desc) = 1 order by dt",
            since=since,
        )
    return [
        Made(day, made_at, complete, msgspec.json.decode(reads, type=Reading), json.loads(versions))
        for day, made_at, complete, versions, reads in rows
    ]


def digested(store: Store) -> set[date]:
    """Return the days that have a digest."""
    return {day for (day,) in store.partitions("digests")}


def write(store: Store, page: Digest, reads: Reading) -> None:
    """Keep a digest: its findings and incidents take the place of the day's, and the digest itself comes last."""
    run = secrets.token_hex(8)
    where = f"dt = '{page.date.isoformat()}'"
    later = _later(store, page)
    store.replace("findings", finding_rows(page.findings, day=page.date, run=run), where=where)
    store.replace("incidents", incident_rows(page.incidents, day=page.date, run=run), where=where)
    row = {
        "dt": page.date, "run": run, "made_at": page.made_at, "complete": page.coverage.day_complete, "stale": False,
        "complete_until": page.coverage.complete_until, "scanned_until": reads.until,
        "versions": json.dumps(dict(page.versions), sort_keys=True),
        "body": msgspec.json.encode(page, order="deterministic").decode(),
    }  # fmt: skip
    store.replace("digests", pa.Table.from_pylist([row, *later], schema=DIGESTS.columns),
                  where=f"dt >= '{page.date.isoformat()}'")  # fmt: skip


def _later(store: Store, page: Digest) -> list[dict[str, object]]:
    """Return the digests of later days; they are stale when this day now says something else than before."""
    with Engine() as engine:
        store.show(engine, "digests", days=(page.date, date.max))
        rows = engine.query("select * from digests where dt >= $day order by dt", day=page.date).to_pylist()
    # The digest itself is compared, not its findings: a killed run may have replaced these already.
    said = [_said(msgspec.json.decode(row["body"])["findings"]) for row in rows if row["dt"] == page.date]
    changed = _said(msgspec.to_builtins(page.findings)) not in said
    return [{**row, "stale": row["stale"] or changed} for row in rows if row["dt"] > page.date]


def _said(findings: Sequence[Mapping[str, object]]) -> set[tuple[object, ...]]:
    return {tuple(one[name] for name in ("id", "status", "severity", "count")) for one in findings}


def _score(
    engine: Engine, *, day: date, config: Config, excluded: Sequence[tuple[str, str, date]], shelf: Shelf
) -> Scores:
    model = config.model
    if not model.enabled:
        return Scores(day, 0.0, why_not="the model is switched off ([model] enabled)")
    settings = ModelSettings(budget_per_1000=model.budget, max_per_day=model.max_per_day, seed=model.seed)
    return score(
        engine, day=day, settings=settings, zones=baseline.zones(config), built=True, excluded=excluded,
        shelf=shelf,
    )  # fmt: skip


def _counts(engine: Engine) -> dict[str, int]:
    # The stored column says it; asked of `attributed`, the meaning of every event would be worked out for it.
    return dict(engine.rows("select coalesce(recipient_account_id, ''), count(*) from raw_events group by all"))


def _seen(engine: Engine, day: date) -> set[tuple[str, str]]:
    start = datetime.combine(day, time(), UTC)
    return set(engine.rows(
        "select distinct principal, value from known where dimension = 'address' and first_time < $start", start=start
    ))  # fmt: skip


def _crowded(engine: Engine) -> set[str]:
    """Return the networks that more than three principals used in the last thirty days."""
    rows = engine.rows(
        "select address from activity where origin in ('direct', 'console') and address <> '' and dt >= "
        "(select max(dt) from activity) - $days group by address having count(distinct principal) > 3",
        days=CROWD_DAYS,
    )
    return {address for (address,) in rows}


def _incidents(store: Store, *, before: date) -> dict[str, Incident]:
    first = before - timedelta(days=incidents.DAYS + 1)
    with Engine() as engine:
        store.show(engine, "incidents", days=(first, before - timedelta(days=1)))
        rows = engine.rows("select id, arg_max(body, dt) from incidents group by id")
    return {id: read_incident(body) for id, body in rows}


def _with_exports(basis: Coverage, posture: Configured, *, day: date, config: Config) -> Coverage:
    return replace(
        basis,
        detections=posture.evaluated.ran,
        unable=coverage.unables(posture.evaluated.not_evaluated, posture.evaluated.not_run),
        exports=coverage.exported(posture.exports, day=day, config=config),
        unchecked=posture.evaluated.unchecked,
    )


def _completed(
    basis: Coverage, scanned: Scanned, scores: Scores, rules: catalogue.Catalogue, lost: Mapping[str, int],
    repeated: int, reads: Reading, late: int, made: AbstractSet[date], day: date,
) -> Coverage:  # fmt: skip
    unable = (*coverage.unables(scanned.not_evaluated, scanned.not_run), *basis.unable)
    if scores.why_not:
        unable = (*unable, Unable("unusual-day", scores.why_not))
    first = min(made, default=day)
    gaps = [first + timedelta(days=step) for step in range((day - first).days)]
    return replace(
        basis,
        detections=scanned.ran + basis.detections,
        unable=unable,
        broken=tuple(Unable(one.path, one.error) for one in rules.broken),
        off=tuple(rule.id for rule in rules.off),
        learning=sum(scanned.learning.values()),
        model_week=scores.basis.week,
        model_hash=scores.basis.data_hash,
        model_changed=scores.basis.changed,
        model_verdicts=scores.basis.of,
        judged_next=min((one.since for one in scores.unjudged), default=None),
        repeated=repeated,
        lost_hits=dict(lost),
        late_events=late,
        undigested=tuple(one for one in gaps if one not in made),
        reads=reads,
    )
