"""One verification: list, walk the chains, hash what they name, and say what is not as it was written."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import cast

from trailwatch.aws import Access, Caller
from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest.fetch import fetch_all
from trailwatch.ingest.items import Item, Source, Wanted
from trailwatch.ingest.limits import MIB
from trailwatch.progress import Progress, Silent
from trailwatch.store.tables import Store
from trailwatch.verify import discover, keyfile, logs
from trailwatch.verify.book import Book, Known, still_good
from trailwatch.verify.bucket import BucketVault
from trailwatch.verify.folder import FolderVault
from trailwatch.verify.keyfile import Keyfile
from trailwatch.verify.keys import Keyring, Live, Saved
from trailwatch.verify.listing import Unit, listings
from trailwatch.verify.logs import Asked, Hasher
from trailwatch.verify.region import Region
from trailwatch.verify.report import Verified
from trailwatch.verify.spans import outer, spans
from trailwatch.verify.vault import Cell, Vault
from trailwatch.window import Window

LARGEST = 64 * MIB  # as it is stored
_IN_FLIGHT = 64 * MIB
_AHEAD = 4  # accounts and regions, or spans of days, whose digests are fetched ahead
_BACK = timedelta(days=3)  # a run without a window goes back so far behind the last complete one


def verify(
    store: Store,
    source: str,
    *,
    access: Access | None = None,
    window: Window | None = None,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
    keys: str | None = None,
    save_keys: str | None = None,
    progress: Progress | None = None,
    threads: int = 8,
    now: datetime | None = None,
) -> Verified:
    """Check a bucket, or a copy of one, against the digest files that CloudTrail signed, and keep the verdicts.

    Safe to kill and to repeat: a log that was found good is not read again while it is untouched.
    """
    now = now or datetime.now(UTC)
    access = access or Access()
    saved = keyfile.load(keys) if keys else Keyfile([])
    keyring: Keyring = Saved(saved.keys()) if keys else Live(Caller(access))
    vault, prefix = _open(source, access)
    whole = window is None and not accounts and not regions
    last = store.marked(_mark(vault)) if whole and not vault.copied else None
    chosen = window or Window(last - _BACK if last else None, None)
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(threads) as fetchers, Engine() as engine:
        run = _Run(vault, store, engine, keyring, saved, chosen, pool, fetchers, threads, progress or Silent(), now)
        found = run.all(discover.cells(vault, prefix, Wanted(frozenset(accounts), frozenset(regions)), pool))
    if save_keys:
        found.keys = keyfile.save(save_keys, keyring.used.values(), run.signatures)
    if whole and not vault.copied and not found.unlisted and not found.count("unread"):
        store.mark(_mark(vault), now)
    return found


class _Run:
    def __init__(
        self, vault: Vault, store: Store, engine: Engine, keyring: Keyring, saved: Keyfile, window: Window,
        pool: Executor, fetchers: Executor, threads: int, progress: Progress, now: datetime,
    ) -> None:  # fmt: skip
        self._vault, self._store, self._engine, self._keyring = vault, store, engine, keyring
        self._window, self._pool, self._fetchers, self._threads = window, pool, fetchers, threads
        self._progress, self._now = progress, now
        self._saved = {(one.bucket, one.key): one for one in saved.signatures}
        self._waiting: deque[tuple[Asked, Known | None]] = deque()
        self._found = Verified(vault.name, vault.root)
        self._region: Region | None = None
        self.signatures: dict[tuple[str, str], keyfile.Signature] = {}

    def all(self, cells: list[Cell]) -> Verified:
        """Verify account by account and region by region."""
        begun = time.monotonic()
        firsts = dict(zip(cells, self._pool.map(self._first, cells), strict=True))
        days = [day for day in firsts.values() if day]
        if not days:
            self._found.seconds = time.monotonic() - begun
            return self._found
        book = Book(self._engine, self._store, outer(self._window, first=min(days), now=self._now), now=self._now)
        self._progress.start("verify", unit="log files")
        try:
            reader = cast(Source, Hasher(self._vault))  # fetching is all that is asked of it
            items = self._items(self._units(firsts), book)
            for _, outcome in fetch_all(reader, items, threads=self._threads, in_flight=_IN_FLIGHT, largest=LARGEST):
                asked, known = self._waiting.popleft()
                judged = logs.judged(asked, outcome)
                self._found.add(judged)
                self._found.bytes += asked.item.size
                book.add(judged, known)
                self._progress.advance(1)
        finally:
            book.commit()
            self._progress.finish()
        self._found.seconds = time.monotonic() - begun
        self._complain()
        return self._found

    def _first(self, cell: Cell) -> date | None:
        return self._window.start.date() if self._window.start else discover.first_day(self._vault, cell)

    def _units(self, firsts: dict[Cell, date | None]) -> Iterator[Unit]:
        for cell, first in firsts.items():
            if first:
                yield from (Unit(cell, days) for days in spans(*outer(self._window, first=first, now=self._now)))

    def _items(self, units: Iterator[Unit], book: Book) -> Iterator[Item]:
        """Walk through the chains unit by unit, and yield the logs to hash as fast as they are taken."""
        for listed in listings(
            self._vault, units, self._window, listers=self._pool, fetchers=self._fetchers, ahead=_AHEAD
        ):
            cell, days = listed.unit.cell, listed.unit.days
            self._found.unlisted += listed.failures
            book.turn(cell.account, cell.region, (days[0] - timedelta(days=1), days[1]))
            region = self._in(cell)
            for judged in region.digests(listed):
                self._found.add(judged)
                book.add(judged, book.known(judged.kind, judged.item))
            self.signatures |= region.heads()
            for asked in region.named(listed):
                known = book.known("log", asked.item)
                if still_good(known, asked):
                    self._keep(asked)
                else:
                    self._waiting.append((asked, known))
                    yield asked.item
            for judged in region.unnamed(listed):
                self._found.add(judged)
                book.add(judged, book.known("log", judged.item))

    def _keep(self, asked: Asked) -> None:
        self._found.add(logs.good(asked))
        self._found.known += 1
        self._progress.advance(1)

    def _in(self, cell: Cell) -> Region:
        if self._region is None or self._region.cell != cell:
            self._region = Region(self._vault, cell, self._keyring, self._saved, self._window)
        return self._region

    def _complain(self) -> None:
        """Refuse to call it a verification where no region gave keys."""
        failures = {region: self._keyring.failure(region) for region in sorted(self._found.regions)}
        if any(failures.values()) and not self._found.count("valid"):
            first = next(filter(None, failures.values()))
            raise SourceError(f"no public keys: {first}", where="CloudTrail",
                              hint="allow cloudtrail:ListPublicKeys, or --keys FILE")  # fmt: skip


def _open(source: str, access: Access) -> tuple[Vault, str]:
    if "://" not in source:
        folder = FolderVault(source, largest=LARGEST)
        return folder, folder.prefix
    scheme, _, rest = source.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise SourceError(f"{source!r} is not a source", hint="a folder, or s3://bucket/prefix")
    return BucketVault(bucket, prefix.strip("/"), access.bucket, largest=LARGEST), prefix.strip("/")


def _mark(vault: Vault) -> str:
    return f"verified {vault.name}"
