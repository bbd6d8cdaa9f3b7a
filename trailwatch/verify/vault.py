"""Where digests and logs lie, a bucket or a folder in a bucket's layout, as far as a verification has to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from trailwatch.ingest.items import Fetched, Item

Days = tuple[date, date]


@dataclass(frozen=True)
class Stored(Fetched):
    """An object's bytes with what S3 keeps beside them."""

    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """The logs and digests of one account and region below one root."""

    base: str  # …AWSLogs/[organization/]account
    account: str
    region: str

    def prefix(self, kind: str) -> str:
        """Return where objects of a kind lie."""
        return f"{self.base}/{kind}/{self.region}"


class Vault(Protocol):
    """A bucket or a folder."""

    name: str
    root: str  # the folder of a copy, '' of a bucket
    copied: bool  # a copy: without the metadata of objects, and perhaps decompressed

    def children(self, prefix: str) -> list[str]:
        """Return the names of the folders right below a prefix, sorted."""

    def list(self, prefix: str, kind: str, days: Days) -> Iterator[Item]:
        """Yield the objects of some days below the prefix of a cell, in order."""

    def fetch(self, item: Item, /) -> Stored:
        """Return an object's bytes, or raise Unreadable, or Gone."""

    def item(self, bucket: str, key: str, *, beside: Item) -> Item:
        """Return the object of a name that a digest gives; whether there can be one, fetching it tells."""

    def in_place(self, item: Item, bucket: str, key: str) -> bool:
        """Tell whether an object lies where it says that it was put."""
