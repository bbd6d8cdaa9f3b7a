"""The Python door: open a store, and ask it or run its stations."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from trailwatch import aws, cluster
from trailwatch.cluster import Employer
from trailwatch.config import Config, layered
from trailwatch.detect.choice import choose, in_use
from trailwatch.detect.detection import Detection
from trailwatch.detect.template import TOLD, template
from trailwatch.digest import backtest, build, quick
from trailwatch.digest.backtested import Backtest
from trailwatch.digest.due import due
from trailwatch.digest.page import Digest
from trailwatch.digest.practice_page import PracticeReport, practice_report
from trailwatch.digest.week import kept
from trailwatch.errors import ConfigError, SourceError, StoreError
from trailwatch.finding import Finding
from trailwatch.findings import marks, scoped, statistics
from trailwatch.ingest import collect, messages, queue
from trailwatch.ingest.account import Account
from trailwatch.investigate import views
from trailwatch.investigate.questions import Questions, located
from trailwatch.outlets import Outlets
from trailwatch.policy.door import Permissions
from trailwatch.profile import settle
from trailwatch.profile.settle import Settled
from trailwatch.progress import Progress, Silent
from trailwatch.snapshot import accounts as organization
from trailwatch.snapshot import files
from trailwatch.snapshot.take import Taken, take
from trailwatch.store.opening import VersionGone
from trailwatch.upkeep.door import Upkeep
from trailwatch.upkeep.tidy import tidy
from trailwatch.verify.door import Integrity
from trailwatch.window import Window, parse_day, parse_moment, parse_window
from trailwatch.workers import Workers


@dataclass(frozen=True)
class Run:
    """What one daily run did: the account of the ingest, the snapshot where one is wanted, and the digests."""

    account: Account
    settled: Settled
    digests: tuple[Digest, ...]
    snapshot: Taken | None = None
    untidy: str = ""  # why files that nobody wants any more could not be taken away


class Trail(Questions, Permissions, Integrity, Upkeep, Outlets, Employer):
    """One store with everything that can be asked of it, and the stations that fill it.

    Days are UTC. Whatever is tabular comes as Rows: `.df()` for pandas, `.arrow()` for pyarrow, and it shows itself
    in a notebook.
    """

    def __repr__(self) -> str:
        return f"Trail({self.store.uri!r})"

    def ingest(
        self,
        source: str | None = None,
        *,
        start: str | None = None,
        end: str | None = None,
        accounts: Iterable[str] = (),
        regions: Iterable[str] = (),
        reconcile: bool = False,
        progress: Progress | None = None,
    ) -> Account:
        """Fetch what is new at the source (a folder, a file, s3://bucket/prefix, or a queue) and account for all of it."""
        where = source or self.config.source.path
        if not where:
            raise ConfigError("no source is given", where="source", hint="trailwatch ingest s3://bucket/prefix")
        now = datetime.now(UTC)
        access, shown = aws.access(self.config.source), progress or Silent()
        with self.workers() as workers:
            if not queue.is_queue(where):
                return collect.ingest(
                    self.store, where, access=access, window=_window(start, end, now), accounts=tuple(accounts),
                    regions=tuple(regions), reconcile=reconcile, progress=shown, workers=workers,
                    shards=self.config.store.shards,
                )  # fmt: skip
            if start or end or any(accounts) or any(regions):
                raise ConfigError("a queue is read as a whole", where="--from", hint="the same with s3://bucket/prefix")
            return messages.drain(
                self.store, where, access=access, listing=self.config.source.bucket, reconcile=reconcile,
                progress=shown, workers=workers, now=now, shards=self.config.store.shards,
            )  # fmt: skip

    def snapshot(
        self,
        source: str | None = None,
        *,
        accounts: Iterable[str] = (),
        taken: datetime | str | None = None,
        progress: Progress | None = None,
    ) -> Taken:
        """Keep an export of IAM, and tell what changed: from a folder of exported files, or live from AWS.

        Live it is the own account, or with `[snapshot] role_name` every account of the organization. Of files, `taken`
        says when they were exported; the default is what they say themselves, else when they last changed.
        """
        now = datetime.now(UTC)
        settings = self.config.snapshot
        where = source or ("" if settings.role_name or settings.live else settings.folder)
        only = tuple(accounts) or tuple(settings.accounts)
        for account in only:
            if not re.fullmatch(r"\d{12}", account):
                raise ConfigError(f"{account!r} is not an account", where="--account", hint="its 12 digits")
        when = parse_moment(taken, now=now, where="--taken") if isinstance(taken, str) else taken
        if when and (not where or when > now):
            hint = "a moment that is past" if where else "--from FOLDER"
            raise ConfigError("only files that exist have been exported before", where="--taken", hint=hint)
        found = (
            files.exports(where, accounts=only, taken_at=when, now=now)
            if where
            else organization.collect(
                aws.access(self.config.source), accounts=only, role_name=settings.role_name,
                entities=settings.last_accessed,
            )
        )  # fmt: skip
        return take(self.store, found, progress=progress)

    def settle(self, *, progress: Progress | None = None) -> Settled:
        """Take doubles out and bring sessions, activity and history up to date; without news nothing is made."""
        with self.workers() as workers:
            return settle.settle(
                self.store, aliases=self.config.aliases(), progress=progress or Silent(), workers=workers,
                access=aws.access(self.config.source),
            )  # fmt: skip

    def digest(self, day: date | str | None = None, *, progress: Progress | None = None) -> Digest:
        """Make the digest of one UTC day [default: yesterday] and remember it; made again, it replaces itself."""
        now = datetime.now(UTC)
        when = parse_day(day, now=now) if isinstance(day, str) else day or now.date() - timedelta(days=1)
        if when > now.date():
            raise ConfigError(f"{when} has not begun yet", where="--date", hint="a day that is over, or today")
        with self.workers() as workers:
            self.settle(progress=progress)
            try:
                return self._digest(when, now, workers)
            except VersionGone:
                # What it read is no longer kept; nothing has come since, so that it would say the same.
                return kept(self.store, when)

    def run(self, source: str | None = None, *, progress: Progress | None = None) -> Run:
        """Do the day's work: ingest, a snapshot where `[snapshot]` wants one, settle, and the digests that are due."""
        with self.workers() as workers:
            account = self.ingest(source, progress=progress)
            taken = self._daily_snapshot(progress) if self.config.snapshot.wanted else None
            settled = self.settle(progress=progress)
            now = datetime.now(UTC)
            made = [self._digest(day, now, workers) for day in self.due(now=now)]
        untidy = ""
        try:
            tidy(self.store, now=now)
        except StoreError as error:
            # What was made of the day is not lost for what is left of earlier ones.
            untidy = str(error)
        return Run(account, settled, tuple(made), taken, untidy)

    def due(self, *, now: datetime) -> list[date]:
        """Return the days that `run` makes a digest of, the oldest first."""
        return due(self.store, now=now)

    def backtest(
        self,
        rule: str,
        *,
        start: str | None = None,
        end: str | None = None,
        against: str | None = None,
        budget: float | None = None,
        progress: Progress | None = None,
    ) -> Backtest:
        """Run a detection (its id, a file, or a folder of them) over days that have passed [default: the last thirty].

        `against` names another version to compare with; by default that is the one of the same id that is in use.
        """
        chosen = choose(rule, self.config)
        others = choose(against, self.config).detections if against else in_use(chosen, self.config)
        days = parse_window(start, end, now=datetime.now(UTC)).days() or (date.min, date.max)
        return backtest.run(
            self.store, chosen, config=self.config, first=None if days[0] == date.min else days[0],
            last=None if days[1] == date.max else days[1], against=others, budget=budget, progress=progress,
        )  # fmt: skip

    def template(self, name: str, like: str) -> str:
        """Return the text of a new detection of what a finding, or an event, of this id is about."""
        found = views.finding(self.store, like)
        ids = found.event_ids[:100] if found else (like,)
        days = (found.first_time.date(), found.last_time.date()) if found else (date.min, date.max)
        events = scoped.read(self.store, ids, days=days, config=self.config, more=TOLD)
        if not events:
            raise StoreError(f"there is neither a finding nor an event {like!r}", where=self.store.uri)
        rows = sorted(events.values(), key=lambda row: (row["event_time"], row["event_id"]))
        if found is None:
            return template(name, rows, about=f"event {like}")
        return template(
            name, rows, severity=found.severity, practices=found.practices, attack=found.attack,
            about=f"finding {found.id} ({found.detection})",
        )  # fmt: skip

    def finding(self, id: str) -> Finding:
        """Return a finding by its id, as the newest digest that holds it tells it."""
        found = views.finding(self.store, id)
        if found is None:
            hint = 'trailwatch sql "select id, title from findings"'
            raise StoreError(f"no digest holds a finding {id!r}", where=self.store.uri, hint=hint)
        return found

    def mark(
        self, finding: str, verdict: marks.Verdict, *, note: str, by: str, until: date | str | None = None
    ) -> marks.Mark:
        """Say of a finding that it was benign, and so expected until a day, or a confirmed incident."""
        now = datetime.now(UTC)
        last = parse_moment(until, now=now, where="--until").date() if isinstance(until, str) else until
        if last and last < now.date():
            raise ConfigError(f"{last} is over", where="--until", hint="a day to come")
        return marks.mark(self.store, self.finding(finding), verdict, note=note, by=by, now=now, until=last)

    def stats(self, *, days: int = statistics.DAYS) -> statistics.Statistics:
        """Return how often each detection and scorer was right, of the digests of the last days."""
        told = [key[0] for key in self.store.partitions("findings")]
        last = max(told, default=datetime.now(UTC).date())
        return statistics.statistics(self.store, last=last, days=days)

    def practices(self, day: date | str | None = None, *, account: str = "") -> PracticeReport:
        """Return what the newest digest, or that of a day, says of the eighteen practices and the CIS controls."""
        when = parse_day(day, now=datetime.now(UTC)) if isinstance(day, str) else day
        return practice_report(kept(self.store, when), account=account)

    def _digest(self, day: date, now: datetime, workers: Workers) -> Digest:
        return build.build(
            self.store, day=day, config=self.config, now=now, workers=workers, access=aws.access(self.config.source)
        )

    def _daily_snapshot(self, progress: Progress | None) -> Taken:
        try:
            return self.snapshot(progress=progress)
        except (SourceError, ConfigError) as error:
            # The digest of the logs does not depend on it, and tells of what could not be evaluated.
            return Taken(problem=str(error))


def open(
    store: str | None = None,
    *,
    config: Config | str | None = None,
    create: bool = False,
    flags: Mapping[str, Any] | None = None,
) -> Trail:
    """Open a store (a folder or s3://bucket/prefix) with the configuration of trailwatch.toml or of a given file."""
    return Trail(*located(store, config, create=create, flags=flags))


def scan(
    source: str,
    *,
    config: Config | str | None = None,
    detections: Iterable[Detection] | None = None,
    progress: Progress | None = None,
) -> Digest:
    """Run the detections over logs without keeping a store; without history `new` means new within these files."""
    found = config if isinstance(config, Config) else layered(config, environment=os.environ)[0]
    with cluster.workers(count=found.cluster.workers, scheduler=found.cluster.scheduler) as workers:
        return quick.scan(
            source, config=found, access=aws.access(found.source), detections=detections,
            progress=progress or Silent(), workers=workers,
        )  # fmt: skip


def sample_logs() -> Path:
    """Return the folder of the sample logs, in the package or in the checkout."""
    packaged = Path(str(resources.files("trailwatch") / "_sample_logs"))
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "sample_logs"


def _window(start: str | None, end: str | None, now: datetime) -> Window | None:
    return parse_window(start, end, now=now) if start or end else None
