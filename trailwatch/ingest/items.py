"""What a source lists, what is wanted of it, and what reading one object gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from trailwatch.ingest.account import Account
from trailwatch.ingest.keys import Place


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a source, as listed."""

    bucket: str
    key: str
    etag: str
    size: int
    last_modified: datetime
    place: Place
    object_id: int


@dataclass(frozen=True)
class Wanted:
    """The accounts, regions and key days that are asked for; empty or None is all."""

    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    days: tuple[date, date] | None = None

    def holds(self, place: Place) -> bool:
        """Tell whether an object is asked for; a key that does not say is."""
        return (
            (not self.accounts or not place.account or place.account in self.accounts)
            and (not self.regions or not place.region or place.region in self.regions)
            and (not self.days or not place.day or self.days[0] <= place.day <= self.days[1])
        )


@dataclass(frozen=True)
class Fetched:
    """The stored bytes of an object, and the tag that the ledger keeps of them."""

    data: bytes
    etag: str


class Unreadable(Exception):
    """One object that cannot be read; the others can."""


class Gone(Unreadable):
    """An object that is no longer there."""


def together(items: Iterable[Item], *, most: int, size: int) -> Iterator[list[Item]]:
    """Divide objects, in their order, into lists of at most so many and so many bytes; a larger object stands alone."""
    group: list[Item] = []
    held = 0
    for item in items:
        if group and (len(group) >= most or held + item.size > size):
            yield group
            group, held = [], 0
        group.append(item)
        held += item.size
    if group:
        yield group


class Source(Protocol):
    """Where logs are: it lists objects and fetches them, from several threads at once."""

    name: str
    bucket: str
    all_at_once: bool  # the whole source is listed in every run
    hashed: bool  # a tag changes when a file is only touched; the hash at its end does not

    def list(self, wanted: Wanted, account: Account, /) -> Iterator[Item]:
        """Yield the objects, also those that are no logs; the account takes what is not opened."""

    def fetch(self, item: Item) -> Fetched:
        """Return an object's stored bytes, or raise Unreadable."""
