"""A chain of digest files, walked from the newest to the oldest: each is told where, and with which hash, by the one after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from trailwatch.ingest.items import Item, Unreadable
from trailwatch.verify import names
from trailwatch.verify.document import Document, Link
from trailwatch.verify.judge import Found, Judge, Told, believed, opened
from trailwatch.verify.names import Chain
from trailwatch.verify.vault import Stored
from trailwatch.verify.verdict import Judged, Kind

_NEVER = datetime.min.replace(tzinfo=UTC)
Fetch = Callable[[Item], Stored | Unreadable]


@dataclass(frozen=True)
class Step:
    """What is said of one digest, and what the digest itself says where it is to be believed."""

    judged: Judged
    found: Found | None = None
    document: Document | None = None
    head: bool = False  # no good digest names it


@dataclass
class _Next:
    """The digest that the one after it names."""

    link: Link
    beside: Item
    sure: bool


@dataclass
class Walk:
    """One chain, walked span of days by span of days, the latest first."""

    chain: Chain
    judge: Judge
    start: datetime | None  # digests before it are not asked for
    _next: _Next | None = None
    _before: datetime | None = None  # the end of the digest that was looked at last
    _began: datetime | None = None  # when the last good digest begins
    _ended: Item | None = None  # the last digest, where it says that it is the first of its chain
    _seen: set[str] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        """What the digests of this chain are called."""
        return "backfill digest" if self.chain.backfill else "digest"

    def through(self, listed: Sequence[Found], first: date, fetch: Fetch) -> Iterator[Step]:
        """Judge the digests of a span of days, which begins with `first`; they are listed with the oldest first."""
        waiting = list(listed)
        by_name = {(one.item.bucket, one.item.key): one for one in listed}
        while self.start is None or self._began is None or self.start <= self._began:
            if self._next is None:
                found = self._newest(waiting)
                if found is None:
                    break
                if self._ended:
                    yield Step(self._gap(self._ended, found))
            else:
                named = names.digest(self._next.link.key)
                if named and named[1].date() < first:
                    break
                found = self._named(self._next, by_name, fetch)
            yield self._step(found)
        # What the chain passes by is no part of it, and is judged by its own signature.
        for found in listed:
            if found.item.key not in self._seen:
                self._seen.add(found.item.key)
                told = self.judge.judge(self.chain, found, None, sure=False)
                yield self._said(found, told, "no later digest names it", head=True)

    def _step(self, found: Found) -> Step:
        after, self._next, self._ended = self._next, None, None
        told = self.judge.judge(self.chain, found, after.link if after else None, sure=bool(after and after.sure))
        self._seen.add(found.item.key)
        self._before = found.end
        document = found.content
        if (believed(told) or told[0] == "unproven") and isinstance(document, Document):
            self._began = document.start
            if document.previous:
                self._next = _Next(document.previous, found.item, believed(told))
            else:
                self._ended = found.item
        return self._said(found, told, "", head=after is None or not after.sure)

    def _said(self, found: Found, told: Told, note: str, *, head: bool) -> Step:
        document = found.content if isinstance(found.content, Document) else None
        judged = Judged(
            self.kind, told[0], found.item, self.chain.account, self.chain.region, told[1] or note,
            document.hash if document else "", document.start if document else None,
            document.end if document else found.end,
        )  # fmt: skip
        return Step(judged, found, document if believed(told) else None, head)

    def _newest(self, waiting: list[Found]) -> Found | None:
        while waiting:
            found = waiting.pop()
            if self._before is None or found.end < self._before:
                return found
        return None

    def _named(self, after: _Next, by_name: dict[tuple[str, str], Found], fetch: Fetch) -> Found:
        link = after.link
        moment = names.digest(link.key)
        end = moment[1] if moment else self._before or _NEVER
        item = self.judge.vault.item(link.bucket, link.key, beside=after.beside)
        if item.key in self._seen:
            return Found(item, end, Unreadable("the chain comes back to it"))
        if listed := by_name.get((item.bucket, item.key)):
            return listed
        return opened(item, end, fetch(item), copied=self.judge.vault.copied)

    def _gap(self, after: Item, before: Found) -> Judged:
        return Judged(
            "gap", "gap", after, self.chain.account, self.chain.region, "no digests", "", before.end, self._began
        )
