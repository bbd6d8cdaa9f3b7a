"""What a digest rests on: how much was read, what was missing, and what could not be evaluated. From the tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from trailwatch.config import Config
from trailwatch.detect.exports import Export
from trailwatch.detect.posture import Unchecked
from trailwatch.detect.scan import NotRun
from trailwatch.digest import integrity
from trailwatch.digest.integrity import Integrity
from trailwatch.engine import Engine
from trailwatch.findings.reading import Reading
from trailwatch.store.tables import Store

# CloudTrail delivers within minutes as a rule; two hours is when a day is called complete.
DELIVERY = timedelta(hours=2)
SILENCE_DAYS = 14
HISTORY_DAYS = 90


@dataclass(frozen=True)
class AccountSeen:
    """One account: its events of the day, and when it was last heard of."""

    account: str
    name: str
    events: int
    regions: int
    last_time: datetime


@dataclass(frozen=True)
class Failure:
    """Source objects that could not be read or used, by reason, with some of their keys."""

    reason: str
    objects: int
    first_day: date
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Silence:
    """An account and region without any event, where such days usually have some."""

    account: str
    name: str
    region: str
    active_days: int
    of_days: int


@dataclass(frozen=True)
class Unable:
    """A detection, or the model, that could not be evaluated, and why."""

    detection: str
    reason: str
    failed: bool = False  # it broke, as against: it had nothing to go on


@dataclass(frozen=True)
class Expired:
    """A suppression that has run out, or soon will, and then silences nothing any more."""

    detection: str
    principal: str
    owner: str
    until: date


@dataclass(frozen=True)
class Exported:
    """One kind of export of IAM of one account: how old the newest good one is, and how a later attempt failed."""

    account: str
    name: str
    kind: str
    taken_at: datetime | None
    age_days: int | None
    failed_at: datetime | None
    reason: str
    stale: bool


@dataclass(frozen=True)
class Coverage:
    """What one digest, or one scan, is based on."""

    events: int = 0
    complete_until: datetime | None = None
    day_complete: bool = False
    behind: bool = False  # the day is over and delivered, and still its logs are not all here
    last_ingest: datetime | None = None
    accounts: tuple[AccountSeen, ...] = ()
    identities: int = 0
    young_identities: int = 0
    history_days: int = 0
    objects: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("listed", "read", "failed", "changed"), 0))
    kinds: dict[str, int] = field(default_factory=dict)
    records: int = 0
    doubles: int = 0
    not_understood: int = 0
    others: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    changed: tuple[Failure, ...] = ()
    silent: tuple[Silence, ...] = ()
    late_events: int = 0
    undigested: tuple[date, ...] = ()
    detections: int = 0
    unable: tuple[Unable, ...] = ()
    broken: tuple[Unable, ...] = ()
    off: tuple[str, ...] = ()
    learning: int = 0
    suppressed: int = 0
    expired: tuple[Expired, ...] = ()
    ending: tuple[Expired, ...] = ()  # those that run out within two weeks
    repeated: int = 0
    lost_hits: dict[str, int] = field(default_factory=dict)
    reads: Reading | None = None
    model_week: date | None = None  # the model was fitted on the days before this Monday
    model_hash: str = ""
    model_changed: int = 0  # verdicts of the month before that the last fit turned round, of so many above the cut
    model_verdicts: int = 0
    judged_next: date | None = None  # when the first of the young identities can be judged
    exports: tuple[Exported, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    integrity: Integrity | None = None

    @property
    def gap(self) -> bool:
        """Whether something is missing that ought to be there, so that silence may mean blindness."""
        return bool(
            self.failures or self.changed or self.silent or self.broken or self.not_understood or self.behind
            or self.undigested or self.lost_hits or any(unable.failed for unable in self.unable)
            or any(export.failed_at or export.stale for export in self.exports)
            or (self.integrity and self.integrity.damage)
        )  # fmt: skip


def measure(store: Store, *, day: date, now: datetime, config: Config | None = None) -> Coverage:
    """Return what the store holds for a day; counts of findings and detections are filled in by the digest."""
    config = config or Config()
    names = config.organization.accounts
    with Engine() as engine:
        store.show(engine, "objects", days=(date.min, day + timedelta(days=1)))
        store.show(engine, "others", days=(day, day))
        store.show(engine, "settled")
        store.show(engine, "activity", days=(day - timedelta(days=HISTORY_DAYS), day))
        ledger = engine.relation("coverage_objects", day=day).to_pylist()
        accounts = engine.relation("coverage_accounts", day=day).to_pylist()
        silent = engine.relation("silent_cells", day=day).to_pylist()
        identities, young, events = engine.relation("coverage_identities", day=day).to_pylist()[0].values()
        others = engine.rows("select record_class, count(*) from others where dt = $day group by 1 order by 1", day=day)
        (last_ingest,) = engine.rows("select max(ingested_at) from objects")[0]
        (doubles,) = engine.rows(
            "select coalesce(sum(doubles), 0) from (select arg_max(doubles, settled_at) as doubles from settled "
            "where dt = $day group by shard, stage)", day=day)[0]  # fmt: skip
    today = [row for row in ledger if row["today"]]
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    complete_until = None if last_ingest is None else min(end, last_ingest - DELIVERY)
    first_days = [key[0] for key in store.partitions("activity")]
    objects = {
        status: sum(row["objects"] for row in today if row["status"] == status)
        for status in ("read", "failed", "changed")
    }
    return Coverage(
        events=int(events),
        complete_until=complete_until,
        day_complete=complete_until == end,
        behind=complete_until != end and now >= end + DELIVERY,
        last_ingest=last_ingest,
        accounts=tuple(AccountSeen(row["account"], names.get(row["account"], ""), row["events"], row["regions"], row["last_time"])
                       for row in accounts),
        identities=identities,
        young_identities=young,
        history_days=max(0, (day - min(first_days)).days) if first_days else 0,
        objects={"listed": sum(objects.values()), **objects},
        kinds=_by_kind(today),
        records=sum(row["records"] for row in today),
        doubles=int(doubles),
        not_understood=sum(row["not_understood"] for row in today),
        others=dict(others),
        failures=tuple(_failure(row) for row in ledger if row["status"] == "failed"),
        changed=tuple(_failure(row) for row in ledger if row["status"] == "changed"),
        silent=tuple(Silence(row["account"], names.get(row["account"], ""), row["region"], row["active_days"], row["of_days"])
                     for row in silent if complete_until == end),  # an unfinished day is not silent yet
        integrity=integrity.measure(store, day=day, config=config),
    )  # fmt: skip


def exported(exports: Sequence[Export], *, day: date, config: Config) -> tuple[Exported, ...]:
    """Return the exports of IAM with their age at the end of a day; an old one is used, and says how old it is."""
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    ages = [None if one.taken_at is None else (end - one.taken_at).days for one in exports]
    return tuple(
        Exported(one.account, config.organization.accounts.get(one.account, ""), one.kind, one.taken_at, age,
                 one.failed_at, one.reason, age is not None and age > config.snapshot.max_age_days)
        for one, age in zip(exports, ages, strict=True)
    )  # fmt: skip


def unables(not_evaluated: Sequence[NotRun], not_run: Sequence[NotRun]) -> tuple[Unable, ...]:
    """Return detections that had nothing to go on, and those that broke, as one list."""
    return (*(Unable(one.id, one.reason, failed=True) for one in not_run),
            *(Unable(one.id, one.reason) for one in not_evaluated))  # fmt: skip


def _by_kind(rows: list[dict[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[str(row["kind"])] = found.get(str(row["kind"]), 0) + int(str(row["objects"]))
    return found


def _failure(row: dict[str, object]) -> Failure:
    first_day, examples = row["first_day"], row["examples"]
    if not isinstance(first_day, date) or not isinstance(examples, list):
        raise TypeError("coverage_objects has changed")
    return Failure(str(row["reason"]) or "no reason recorded", int(str(row["objects"])), first_day, tuple(examples))
