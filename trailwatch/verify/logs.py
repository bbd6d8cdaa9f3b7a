"""The logs that good digests name, and those that none does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from trailwatch.ingest.items import Fetched, Gone, Item, Unreadable
from trailwatch.verify import names
from trailwatch.verify.document import Document
from trailwatch.verify.hashing import Broken, sha256
from trailwatch.verify.spans import DELIVERY, LATE, SLACK, Hours, inside, midnight
from trailwatch.verify.vault import Cell, Days, Vault
from trailwatch.verify.verdict import Judged, Verdict
from trailwatch.window import Window

_NOON = timedelta(hours=12)


class Asked(NamedTuple):
    """A log that a good digest names, with the hash that it should have."""

    item: Item
    cell: Cell
    hash: str
    listed: bool


@dataclass
class Naming:
    """What the digests of one account and region have named so far, from the latest span of days on."""

    vault: Vault
    cell: Cell
    hours: Hours = field(default_factory=Hours)
    doubts: Hours = field(default_factory=Hours)  # of digests that are not good
    _hashes: dict[int, str] = field(default_factory=dict)  # object → hash
    _days: dict[int, int] = field(default_factory=dict)  # object → its day, to forget it by

    def take(self, documents: Sequence[tuple[Item, Document]], listed: Sequence[Item]) -> Iterator[Asked]:
        """Yield each log that is named and was not before."""
        by_name = {item.object_id: item for item in listed}
        for digest, document in documents:
            self.hours.add(document.start, document.end)
            for named in document.logs:
                item = self.vault.item(named.s3Bucket, named.s3Object, beside=digest)
                expected = named.hashValue.lower()
                if self._hashes.get(item.object_id) == expected:
                    continue
                self._hashes[item.object_id] = expected
                self._days[item.object_id] = item.place.day.toordinal() if item.place.day else 0
                known = by_name.get(item.object_id)
                yield Asked(known or item, self.cell, expected, known is not None)

    def doubt(self, end: datetime) -> None:
        """Remember that the digest of an hour is not good: what it would have named is not to be blamed."""
        self.doubts.add(end - LATE - 2 * SLACK, end + 2 * SLACK)

    def unnamed(
        self, listed: Sequence[Item], days: Days, window: Window, *, any_digest: bool, now: datetime
    ) -> Iterator[Judged]:
        """Yield the logs of a span of days that no digest names: forged where a digest should, else unproven."""
        spans, until, doubts = self.hours.merged(), self.hours.until(), self.doubts.merged()
        for item in listed:
            if item.object_id in self._hashes or not item.place.day or not days[0] <= item.place.day <= days[1]:
                continue
            moment = names.log(item.key) or midnight(item.place.day) + _NOON
            # What stands at the very beginning of a window may be named by the digest before it.
            if not window.holds(moment) or (window.start and moment < window.start + SLACK):
                continue
            judged = Judged("log", "unproven", item, self.cell.account, self.cell.region, first_time=moment)
            if inside(doubts, moment):
                yield replace(judged, reason="the digest of its hour is not good")
            elif inside(spans, moment):
                yield replace(judged, verdict="unnamed", reason="no digest names it")
            elif until is None:
                reason = "no good digest in this span" if any_digest else "no digests here"
                yield replace(judged, reason=reason)
            elif moment > until - SLACK:
                soon = moment > now - DELIVERY
                yield replace(judged, verdict="pending" if soon else "unproven", reason="newer than the newest digest")
            else:
                yield replace(judged, reason="no good digest tells of its hour")

    def forget(self, last: date) -> None:
        """Keep only what days up to `last` can still have to do with."""
        self._days = {name: day for name, day in self._days.items() if day <= last.toordinal()}
        self._hashes = {name: self._hashes[name] for name in self._days}
        self.hours.keep(midnight(last + timedelta(days=1)))
        self.doubts.keep(midnight(last + timedelta(days=1)))


class Hasher:
    """Fetches logs and gives their hashes in place of their bytes, in the thread that fetches."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def fetch(self, item: Item) -> Fetched:
        """Return the hash of a log's text."""
        stored = self._vault.fetch(item)
        return Fetched(sha256(stored.data, plain=self._vault.copied), stored.etag)


def good(asked: Asked) -> Judged:
    """Return the verdict on a log that is as it was."""
    return _said(asked, "valid", "")


def judged(asked: Asked, outcome: Fetched | Unreadable) -> Judged:
    """Return the verdict on a log that was fetched and hashed."""
    if isinstance(outcome, Gone):
        return _said(asked, "missing", str(outcome))
    if isinstance(outcome, Broken):
        return _said(asked, "invalid", str(outcome))
    if isinstance(outcome, Unreadable):
        return _said(asked, "unread", str(outcome))
    if not asked.listed:
        asked = asked._replace(item=replace(asked.item, etag=outcome.etag))
    if outcome.data.hex() != asked.hash:
        return _said(asked, "invalid", "hash value does not match")
    return good(asked)


def _said(asked: Asked, verdict: Verdict, reason: str) -> Judged:
    cell = asked.cell
    return Judged("log", verdict, asked.item, cell.account, cell.region, reason, asked.hash, names.log(asked.item.key))
