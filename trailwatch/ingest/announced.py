"""The objects that messages of a queue named, as a source like any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trailwatch.ingest import keys
from trailwatch.ingest.account import Account
from trailwatch.ingest.bucket import Bucket
from trailwatch.ingest.items import Item, Unreadable, Wanted
from trailwatch.ingest.notices import Named


class Announced(Bucket):
    """The objects of one bucket that messages named."""

    all_at_once = True  # no day was listed as a whole

    def __init__(self, queue: str, bucket: str, store: Any, named: Iterable[Named], *, threads: int) -> None:
        super().__init__(bucket, "", store, threads=threads)
        self.name = queue
        self.items: list[Item] = []
        with ThreadPoolExecutor(threads) as pool:
            self.items = list(pool.map(self._looked_up, dict.fromkeys(named)))

    def __getstate__(self) -> dict[str, Any]:
        # Workers fetch what they are sent; they need no list of all.
        return self.__dict__ | {"items": []}

    def list(self, _wanted: Wanted, _account: Account) -> Iterator[Item]:
        """Yield the objects that were named."""
        yield from self.items

    def _looked_up(self, named: Named) -> Item:
        place = keys.read(named.key)
        if place.kind == keys.PLAIN:
            # As beside a trail: nobody asked to have other files read.
            place = keys.Place(keys.UNRECOGNISED)
        moment = named.when.astimezone(UTC) if named.when else datetime.now(UTC)
        item = Item(
            self.bucket, named.key, named.etag, max(named.size, 0), moment, place,
            keys.identify(self.bucket, named.key),
        )  # fmt: skip
        if place.kind not in keys.READ or (named.size >= 0 and named.etag):
            return item
        try:
            return replace(self.head(named.key), place=place)
        except Unreadable:
            return item  # to fetch it will say why, and the ledger keeps it
