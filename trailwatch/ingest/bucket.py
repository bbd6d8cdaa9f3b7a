"""A bucket, or a prefix of one: accounts and regions are discovered, then whole days are listed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import obstore
from obstore.exceptions import BaseError

from trailwatch.errors import SourceError
from trailwatch.ingest import keys
from trailwatch.ingest.account import UNLISTED, Account
from trailwatch.ingest.asking import Asking, Broken
from trailwatch.ingest.branches import Branch, discover
from trailwatch.ingest.items import Fetched, Gone, Item, Unreadable, Wanted
from trailwatch.store.trouble import reason, remedy

_PAGE = 1000  # keys that S3 names in one answer
_SERIAL = 3  # pages of a branch that are listed one after the other; most have fewer


@dataclass(frozen=True)
class _Piece:
    """What one thread lists: a branch from some key on, or a day of one."""

    branch: Branch
    prefix: str
    offset: str | None
    divides: bool = True


@dataclass
class _Listed:
    items: list[Item] = field(default_factory=list)
    failure: str = ""
    rest: list[_Piece] = field(default_factory=list)


class Bucket:
    """Objects of one bucket, listed and fetched with obstore."""

    all_at_once = False
    hashed = False

    def __init__(self, bucket: str, prefix: str, store: Any, *, threads: int = 8) -> None:
        self.bucket = bucket
        self.name = f"s3://{bucket}/{prefix}"
        self._prefix = prefix.strip("/")
        self._store = store
        self._threads = threads
        self._asking = Asking()

    def list(self, wanted: Wanted, account: Account) -> Iterator[Item]:
        """Yield the objects of every account and region, day by day."""
        if single := self._single():
            yield single
            return
        with ThreadPoolExecutor(self._threads) as pool:
            try:
                tree = discover(self._store, self._prefix, wanted, pool, self._asking)
            except (BaseError, Unreadable) as error:
                raise SourceError(f"cannot be listed: {reason(error)}", where=self.name, hint=_hint(error)) from error
            for place, told in tree.failed:
                account.listed += 1
                account.fail(f"s3://{self.bucket}/{place}", f"{UNLISTED}: {told}")
            for kind in tree.passed:
                account.pass_by(kind)
            for stray in tree.strays:
                # Beside a trail other things lie, also JSON, that nobody asked to have read.
                item = self._item(stray)
                yield replace(item, place=keys.Place(keys.UNRECOGNISED)) if item.place.kind == keys.PLAIN else item
            yield from self._walk(pool, tree.branches, wanted, account)

    def fetch(self, item: Item) -> Fetched:
        """Return an object's stored bytes."""

        def question() -> Fetched:
            found = obstore.get(self._store, item.key)
            data, tag = bytes(found.bytes()), _tag(found.meta) or item.etag
            if len(data) != item.size and tag == item.etag:
                raise Broken("it came in part: fewer bytes than are stored")
            return Fetched(data, tag)

        try:
            return self._asking.ask(question)
        except FileNotFoundError as error:
            raise Gone("no longer there") from error
        except (BaseError, OSError) as error:
            raise Unreadable(reason(error)) from error

    def head(self, key: str) -> Item:
        """Return an object as a listing would tell of it."""
        try:
            return self._asking.ask(lambda: self._item(obstore.head(self._store, key)))
        except FileNotFoundError as error:
            raise Gone("no longer there") from error
        except (BaseError, OSError) as error:
            raise Unreadable(reason(error)) from error

    def _walk(
        self, pool: ThreadPoolExecutor, branches: Sequence[Branch], wanted: Wanted, account: Account
    ) -> Iterator[Item]:
        # A few pieces ahead of the reader; each holds the keys of one account, kind and region, or of one day of it.
        waiting = deque(_Piece(branch, branch.prefix, self._from(branch, wanted)) for branch in branches)
        running: deque[tuple[_Piece, Future[_Listed]]] = deque()
        while waiting or running:
            while waiting and len(running) < self._threads * 2:
                piece = waiting.popleft()
                running.append((piece, pool.submit(self._list_piece, piece, wanted)))
            piece, future = running.popleft()
            listed = future.result()
            if listed.failure:
                account.listed += 1
                account.fail(f"s3://{self.bucket}/{piece.prefix}", f"{UNLISTED}: {listed.failure}")
            waiting.extendleft(reversed(listed.rest))
            yield from listed.items

    @staticmethod
    def _from(branch: Branch, wanted: Wanted) -> str | None:
        # Keys of a region sort by day, so one listing from the first day on, stopped after the last, is cheaper
        # than one listing a day. The bound lies before the first day: late files of it are never missed.
        return branch.day_prefix(wanted.days[0]) if wanted.days else None

    def _list_piece(self, piece: _Piece, wanted: Wanted) -> _Listed:
        try:
            return self._asking.ask(lambda: self._listed(piece, wanted))
        except (BaseError, OSError, Unreadable) as error:
            return _Listed(failure=reason(error))

    def _listed(self, piece: _Piece, wanted: Wanted) -> _Listed:
        listed, branch = _Listed(), piece.branch
        last = wanted.days[1] if wanted.days else None
        pages = obstore.list(self._store, piece.prefix, offset=piece.offset, chunk_size=_PAGE)
        for number, page in enumerate(pages, start=1):
            for meta in page:
                item = self._item(meta)
                if branch.ordered and last and item.place.day and item.place.day > last:
                    return listed
                listed.items.append(item)
            if number == _SERIAL and branch.ordered and piece.divides:
                # Pages of one listing come one after the other; of many keys, the days come side by side.
                rest = branch.rest(self._store, listed.items[-1].key, last, self._asking)
                listed.items += map(self._item, rest.objects)
                listed.rest = [_Piece(branch, *folder, divides=False) for folder in rest.folders]
                return listed
        return listed

    def _single(self) -> Item | None:
        if "." not in self._prefix.rpartition("/")[2]:
            return None
        try:
            return self._item(self._asking.ask(lambda: obstore.head(self._store, self._prefix)))
        except FileNotFoundError:
            return None
        except (BaseError, Unreadable) as error:
            raise SourceError(f"cannot be read: {reason(error)}", where=self.name, hint=_hint(error)) from error

    def _item(self, meta: Any) -> Item:
        key = meta["path"]
        return Item(
            self.bucket, key, _tag(meta), meta["size"], meta["last_modified"], keys.read(key),
            keys.identify(self.bucket, key),
        )  # fmt: skip


def _tag(meta: Any) -> str:
    return (meta.get("e_tag") or "").strip('"')


def _hint(error: Exception) -> str:
    return remedy(error, otherwise="aws s3 ls" if isinstance(error, FileNotFoundError) else "--region, --endpoint-url")
