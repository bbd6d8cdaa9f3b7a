"""The quick look: detections over logs without a store, as one page for all of their days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trailwatch.config import Config
from trailwatch.detect import catalogue, context
from trailwatch.detect.detection import Detection
from trailwatch.detect.scan import NotRun
from trailwatch.detect.scan import scan as run
from trailwatch.digest import coverage
from trailwatch.digest.coverage import AccountSeen, Coverage, Failure, Unable
from trailwatch.digest.page import Digest, assemble
from trailwatch.engine import Engine
from trailwatch.findings import incidents, triage
from trailwatch.ingest import collect
from trailwatch.ingest.account import Account
from trailwatch.ingest.keys import NO_DAY
from trailwatch.profile.sessions import resolve
from trailwatch.progress import Progress
from trailwatch.workers import Workers


def scan(
    source: str,
    *,
    config: Config,
    access: Any,
    progress: Progress,
    detections: Iterable[Detection] | None = None,
    workers: Workers | None = None,
) -> Digest:
    """Run detections over a folder, a file or an s3:// prefix; `new` means new within these logs."""
    events, account = collect.read(source, access=access, progress=progress, workers=workers)
    rules = catalogue.load(config)
    active = tuple(rules if detections is None else detections)
    now = datetime.now(UTC)
    with Engine() as engine:
        # The same record in two objects is one event here too.
        engine.table("read_events", events)
        engine.build("raw_events", relation="distinct_read_events")
        resolve(engine, aliases=config.aliases())
        context.build(engine, config)
        scanned = run(engine, active, config=config, built=True)
        (last,) = engine.rows("select max(event_time) from raw_events")[0]
        day = (last or now).date()
        triaged = triage.findings(engine, scanned.hits, active, day=day, config=config)
        seen = engine.relation("scan_accounts").to_pylist()
        (identities,) = engine.rows("select count(distinct principal) from attributed where origin <> 'service'")[0]
    # Nothing of a scan is late: there is no day that came before.
    found = [replace(finding, late=False) for finding in triaged.findings]
    told, stories = incidents.join(found, day=day)
    basis = replace(
        _basis(account, seen, config),
        identities=identities,
        doubles=account.events - sum(row["events"] for row in seen),
        detections=scanned.ran,
        unable=coverage.unables((*scanned.not_evaluated, *_posture(active)), scanned.not_run),
        broken=tuple(Unable(one.path, one.error) for one in rules.broken),
        off=tuple(rule.id for rule in rules.off),
        lost_hits=dict(triaged.lost),
    )
    page = assemble(
        day=day, made_at=now, coverage=basis, findings=told, incidents=stories, detections=active, config=config
    )
    return replace(page, source=source, practices=())


def _posture(detections: Iterable[Detection]) -> list[NotRun]:
    return [NotRun(rule.id, "a scan reads logs and no exports of IAM") for rule in detections if rule.snapshot]


def _basis(account: Account, seen: list[dict[str, Any]], config: Config) -> Coverage:
    names = config.organization.accounts
    return Coverage(
        events=sum(row["events"] for row in seen),
        day_complete=True,
        accounts=tuple(
            AccountSeen(row["account"], names.get(row["account"], ""), row["events"], row["regions"], row["last_time"])
            for row in seen
        ),
        objects={"listed": account.listed, "read": account.read, "failed": account.failed_objects,
                 "changed": account.changed_objects},
        kinds=dict(account.skipped),
        records=account.records,
        not_understood=sum(account.not_understood.values()),
        others=dict(account.others),
        failures=tuple(_failures(account.failed)),
    )  # fmt: skip


def _failures(failed: list[dict[str, str]]) -> Iterable[Failure]:
    reasons: dict[str, list[str]] = {}
    for entry in failed:
        reasons.setdefault(entry["reason"], []).append(entry["key"])
    for reason, keys in reasons.items():
        yield Failure(reason, len(keys), NO_DAY, tuple(keys[:3]))
