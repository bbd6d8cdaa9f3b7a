"""One ingest: list, ask the ledger, fetch, decode, commit, and account for all of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

import pyarrow as pa

from trailwatch.aws import Access
from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest import keys, reasons
from trailwatch.ingest.account import UNLISTED, Account
from trailwatch.ingest.days import wanted_days
from trailwatch.ingest.items import Item, Source, Unreadable, Wanted
from trailwatch.ingest.ledger import CHANGED, Entry, Ledger
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.reader import Reader, Reading
from trailwatch.ingest.sinks import Memory, Tables
from trailwatch.ingest.sources import open_source
from trailwatch.ingest.team import Team
from trailwatch.progress import Progress, Silent
from trailwatch.store.shards import hold
from trailwatch.store.tables import Store
from trailwatch.window import Window
from trailwatch.workers import Workers

FORGOTTEN = "forgotten before"  # the mark of the day before which nothing is fetched unless it is asked for
LISTED = "listed "  # a source's mark of its last complete listing begins with this
_CHUNK = 100_000  # listed objects that are held at a time


def ingest(
    store: Store,
    source: str | Source,
    *,
    access: Access | None = None,
    window: Window | None = None,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
    reconcile: bool = False,
    progress: Progress | None = None,
    threads: int = 8,
    limits: Limits | None = None,
    now: datetime | None = None,
    workers: Workers | None = None,
    shards: int = 0,
) -> Account:
    """Fetch what the store has not read yet from a folder, a file or s3://bucket/prefix, and account for all of it.

    Safe to kill and to repeat: events are committed before the ledger says that their object is read, so an object
    may be read twice, and settle removes what came twice. `shards` divides the accounts of days to come; 0 keeps the
    number that the store has.
    """
    now = now or datetime.now(UTC)
    origin = open_source(source, access=access, threads=threads) if isinstance(source, str) else source
    narrowed = Wanted(frozenset(accounts), frozenset(regions))
    last = None if origin.all_at_once else store.marked(mark(origin))
    days = wanted_days(window, reconcile=reconcile, last_complete=last, now=now)
    if origin.all_at_once and window is None:
        days = None
    if window is None and (horizon := store.marked(FORGOTTEN)):
        days = max(horizon.date(), days[0] if days else date.min), days[1] if days else date.max
    wanted = Wanted(narrowed.accounts, narrowed.regions, days)
    account, shown, divided = Account(source=origin.name), progress or Silent(), hold(store, shards, today=now.date())
    reader: Reading = (
        Team(origin, store, account, workers=workers, access=access, progress=shown, threads=threads,
             limits=limits or Limits(), shards=divided)
        if workers and workers.apart
        else Reader(origin, Tables(store), account, progress=shown, threads=threads, limits=limits or Limits(),
                    shards=divided)
    )  # fmt: skip
    with Engine() as engine:
        run = _Run(origin, reader, account, ledger=Ledger(engine, store, origin.bucket), progress=shown)
        run.collect(wanted)
    up_to_now = window is None or window.end is None
    if narrowed == Wanted() and up_to_now and run.complete and not origin.all_at_once:
        store.mark(mark(origin), now)
    return account


def read(
    source: str | Source,
    *,
    access: Access | None = None,
    window: Window | None = None,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
    progress: Progress | None = None,
    threads: int = 8,
    limits: Limits | None = None,
    workers: Workers | None = None,
) -> tuple[pa.Table, Account]:
    """Return the events of a source without a store, and the account of reading them."""
    origin = open_source(source, access=access, threads=threads) if isinstance(source, str) else source
    days = wanted_days(window, reconcile=False, last_complete=None, now=datetime.now(UTC))
    sink, account, shown = Memory(), Account(source=origin.name), progress or Silent()
    reader: Reading = (
        Team(origin, sink, account, workers=workers, progress=shown, threads=threads, limits=limits or Limits())
        if workers and workers.apart
        else Reader(origin, sink, account, progress=shown, threads=threads, limits=limits or Limits())
    )
    run = _Run(origin, reader, account, ledger=None, progress=shown)
    run.collect(Wanted(frozenset(accounts), frozenset(regions), days))
    return sink.events(), account


class _Run:
    def __init__(
        self, source: Source, reader: Reading, account: Account, *, ledger: Ledger | None, progress: Progress
    ) -> None:
        self._source, self._reader, self._account = source, reader, account
        self._ledger, self._progress = ledger, progress
        self._again: list[int] = []
        self.complete = True

    def collect(self, wanted: Wanted) -> None:
        """Read everything that is wanted and not read yet."""
        begun = time.monotonic()
        account = self._account
        for chunk in _chunks(self._listed(wanted)):
            self._reader.take(self._unread(chunk, wanted))
        # A listing that failed is counted among the objects; the days it covers must be listed again.
        self.complete = not any(entry["reason"].startswith(UNLISTED) for entry in account.failed)
        if self._ledger and not self._source.all_at_once:
            self._reader.take(self._unfinished(wanted))
        self._reader.finish()
        account.seconds = round(time.monotonic() - begun, 3)
        account.why = reasons.why(account, wanted)

    def _listed(self, wanted: Wanted) -> Iterator[Item]:
        self._progress.start("list", unit="objects")
        for item in self._source.list(wanted, self._account):
            self._account.listed += 1
            self._progress.advance(1)
            yield item
        self._progress.finish()

    def _unread(self, items: Sequence[Item], wanted: Wanted) -> list[Item]:
        """Return what is to be read; all else is counted."""
        account = self._account
        candidates = []
        for item in items:
            if item.place.kind != keys.PLAIN and item.place.kind not in keys.READ:
                account.skip(item.place.kind)
            elif not wanted.holds(item.place):
                account.outside += 1
            else:
                candidates.append(item)
        if self._ledger is None:
            return candidates
        unread = []
        for item, verdict in zip(candidates, self._ledger.sort(candidates), strict=True):
            if verdict == "known":
                account.known += 1
            elif verdict == "changed":
                self._look_at_changed(self._ledger, item)
            else:
                if verdict == "again":
                    self._again.append(item.object_id)
                unread.append(item)
        return unread

    def _look_at_changed(self, ledger: Ledger, item: Item) -> None:
        """Tell of an object that is not what it was; a file that was only touched holds the same bytes."""
        last = ledger.last(item)
        if self._source.hashed:
            try:
                fetched = self._source.fetch(item)
            except Unreadable as failure:
                self._reader.fail(Entry(item), str(failure))
                return
            if fetched.etag.rpartition("-")[2] == last["etag"].rpartition("-")[2]:
                self._account.known += 1
                self._reader.note(Entry(
                    item, last["status"], last["reason"], fetched.etag, last["records"], last["others"],
                    last["not_understood"],
                ))  # fmt: skip
                return
            item_tag = fetched.etag
        else:
            item_tag = item.etag
        self._account.change(item.key, last["etag"], item_tag)
        reason = f"not what was read on {last['ingested_at']:%Y-%m-%d %H:%M} UTC: ETag was {last['etag']}"
        self._reader.note(Entry(item, CHANGED, reason, item_tag))

    def _unfinished(self, wanted: Wanted) -> list[Item]:
        if self._ledger is None:
            raise SourceError("an ingest without a ledger has nothing unfinished")
        prefix = self._source.name.removeprefix(f"s3://{self._source.bucket}/").rstrip("/")
        found = self._ledger.unfinished(prefix=prefix, listed_again=self._again)
        left = [item for item in found if Wanted(wanted.accounts, wanted.regions).holds(item.place)]
        self._account.listed += len(left)
        return left


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def mark(source: Source) -> str:
    """Return the name under which a store keeps when a source was last listed as a whole."""
    return f"{LISTED}{source.name}"
