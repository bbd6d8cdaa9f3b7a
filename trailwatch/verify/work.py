"""The work of one verification: list, walk the chains, hash what they name, and write the verdicts down."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import cast

from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest.fetch import fetch_all
from trailwatch.ingest.items import Item, Source
from trailwatch.ingest.limits import MIB
from trailwatch.progress import Progress
from trailwatch.store.tables import Store
from trailwatch.verify import discover, logs
from trailwatch.verify.book import Book, Known, still_good
from trailwatch.verify.keyfile import Signature
from trailwatch.verify.keys import Keyring
from trailwatch.verify.listing import Unit, listings
from trailwatch.verify.logs import Asked, Hasher
from trailwatch.verify.region import Region
from trailwatch.verify.report import Verified
from trailwatch.verify.spans import outer, spans
from trailwatch.verify.vault import Cell, Vault
from trailwatch.verify.verdict import Judged
from trailwatch.window import Window

LARGEST = 64 * MIB  # an object as it is stored
_IN_FLIGHT = 64 * MIB
_AHEAD = 4  # accounts and regions, or spans of days, whose digests are fetched ahead


@dataclass
class Work:
    """One verification of a vault; `saved` are signatures that a copy has lost, `kept` those of the file to save to."""

    vault: Vault
    store: Store
    engine: Engine
    keyring: Keyring
    saved: dict[tuple[str, str], Signature]
    kept: AbstractSet[tuple[str, str]]
    window: Window
    listers: Executor
    fetchers: Executor
    threads: int
    progress: Progress
    now: datetime
    signatures: dict[tuple[str, str], Signature] = field(default_factory=dict)  # of digests that no later one repeats
    repeated: set[tuple[str, str]] = field(default_factory=set)  # of `kept`, those that a later digest repeats by now
    _waiting: deque[tuple[Asked, Known | None]] = field(default_factory=deque)
    _region: Region | None = None

    def __post_init__(self) -> None:
        """Begin an account."""
        self.found = Verified(self.vault.name, self.vault.root)

    def all(self, cells: list[Cell]) -> Verified:
        """Verify account by account and region by region."""
        begun = time.monotonic()
        firsts = dict(zip(cells, self.listers.map(self._first, cells), strict=True))
        days = [day for day in firsts.values() if day]
        if not days:
            self.found.seconds = time.monotonic() - begun
            return self.found
        first, last = outer(self.window, first=min(days), now=self.now)
        book = Book(self.engine, self.store, (first - timedelta(days=1), last), now=self.now)
        self.progress.start("verify", unit="log files")
        try:
            reader = cast(Source, Hasher(self.vault))  # fetching is all that is asked of it
            items = self._items(self._units(firsts), book)
            for _, outcome in fetch_all(reader, items, threads=self.threads, in_flight=_IN_FLIGHT, largest=LARGEST):
                asked, known = self._waiting.popleft()
                judged = logs.judged(asked, outcome)
                self.found.add(judged)
                self.found.bytes += asked.item.size
                book.add(judged, known)
                self.progress.advance(1)
        finally:
            book.commit()
            self.progress.finish()
        self.found.seconds = time.monotonic() - begun
        self._complain()
        return self.found

    def _first(self, cell: Cell) -> date | None:
        return self.window.start.date() if self.window.start else discover.first_day(self.vault, cell)

    def _units(self, firsts: dict[Cell, date | None]) -> Iterator[Unit]:
        for cell, first in firsts.items():
            if first:
                yield from (Unit(cell, days) for days in spans(*outer(self.window, first=first, now=self.now)))

    def _items(self, units: Iterator[Unit], book: Book) -> Iterator[Item]:
        """Walk through the chains unit by unit, and yield the logs to hash as fast as they are taken."""
        for listed in listings(
            self.vault, units, self.window, listers=self.listers, fetchers=self.fetchers, ahead=_AHEAD
        ):
            cell, days = listed.unit.cell, listed.unit.days
            self.found.unlisted += listed.failures
            book.turn(cell.account, cell.region, (days[0] - timedelta(days=1), days[1]))
            region = self._in(cell)
            for judged in region.digests(listed):
                self.found.add(judged)
                book.add(judged, book.known(judged.kind, judged.item))
            self.signatures |= region.heads()
            self.repeated |= region.repeated(self.kept)
            for asked in region.named(listed):
                known = book.known("log", asked.item)
                if asked.listed and still_good(known, asked.item, asked.hash):
                    self._keep(logs.good(asked))
                else:
                    self._waiting.append((asked, known))
                    yield asked.item
            for judged in region.unnamed(listed):
                known = book.known("log", judged.item)
                if still_good(known, judged.item):
                    # A digest that lies before this window, or is gone by now, has named it.
                    self._keep(replace(judged, verdict="valid", reason=""))
                else:
                    self.found.add(judged)
                    book.add(judged, known)

    def _keep(self, judged: Judged) -> None:
        self.found.add(judged)
        self.found.known += 1
        self.progress.advance(1)

    def _in(self, cell: Cell) -> Region:
        if self._region is None or self._region.cell != cell:
            self._region = Region(self.vault, cell, self.keyring, self.saved, self.window, self.now)
        return self._region

    def _complain(self) -> None:
        """Refuse to call it a verification where no region gave keys."""
        failures = {region: self.keyring.failure(region) for region in sorted(self.found.regions)}
        if any(failures.values()) and not self.found.count("valid"):
            first = next(filter(None, failures.values()))
            raise SourceError(f"no public keys: {first}", where="CloudTrail",
                              hint="allow cloudtrail:ListPublicKeys, or --keys FILE")  # fmt: skip
