"""A vault in S3: objects with their metadata, also those of another bucket that a digest names."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import obstore
from obstore.exceptions import BaseError

from trailwatch.errors import SourceError, TrailwatchError
from trailwatch.ingest import keys
from trailwatch.ingest.asking import Asking, Broken
from trailwatch.ingest.items import Gone, Item, Unreadable
from trailwatch.store.trouble import reason, remedy
from trailwatch.verify import names
from trailwatch.verify.vault import Days, Stored

_NEVER = datetime.fromtimestamp(0, UTC)


class BucketVault:
    """Objects of one bucket, listed and fetched with obstore."""

    copied, root = False, ""

    def __init__(self, bucket: str, prefix: str, opened: Callable[[str], Any], *, largest: int) -> None:
        self.name = f"s3://{bucket}/{prefix}"
        self._bucket = bucket
        self._opened = opened
        self._stores: dict[str, Any] = {bucket: opened(bucket)}
        self._largest = largest
        self._asking = Asking()

    def children(self, prefix: str) -> list[str]:
        """Return the names of the folders right below a prefix, sorted."""
        store = self._stores[self._bucket]
        try:
            found = self._asking.ask(lambda: obstore.list_with_delimiter(store, prefix or None))
        except (BaseError, OSError, Unreadable) as error:
            hint = remedy(error, otherwise="--region, --endpoint-url")
            raise SourceError(f"cannot be listed: {reason(error)}", where=self.name, hint=hint) from error
        return sorted(child.rpartition("/")[2] for child in found["common_prefixes"])

    def list(self, prefix: str, kind: str, days: Days) -> Iterator[Item]:
        """Yield the objects of some days below the prefix of a cell, in order."""
        # `-` sorts before the digits of a log's name: the folder of the day alone would make some servers pass it over.
        first = f"{prefix}/{days[0]:%Y/%m/%d}/-"

        def question() -> builtins.list[Item]:
            items: builtins.list[Item] = []
            for page in obstore.list(self._stores[self._bucket], prefix, offset=first, chunk_size=1000):
                for meta in page:
                    item = self._item(self._bucket, meta["path"], kind, meta)
                    if item.place.day and item.place.day > days[1]:
                        return items
                    items.append(item)
            return items

        try:
            yield from self._asking.ask(question)
        except (BaseError, OSError) as error:
            raise Unreadable(reason(error)) from error

    def fetch(self, item: Item) -> Stored:
        """Return an object's bytes and metadata."""

        def question() -> Stored:
            found = obstore.get(self._store(item.bucket), item.key)
            size = found.meta["size"]
            if size > self._largest:
                raise Unreadable(f"larger than {self._largest:,} bytes as it is stored")
            data = bytes(found.bytes())
            told = item.size if item.etag and item.etag == _tag(found.meta) else size
            if len(data) != told:
                # Half an object has another hash, and nobody is to be blamed for it.
                raise Broken("it came in part: fewer bytes than are stored")
            return Stored(data, _tag(found.meta), {name.lower(): value for name, value in found.attributes.items()})

        try:
            if not item.bucket or not item.key:
                raise Gone("no object can have this name")
            return self._asking.ask(question)
        except FileNotFoundError as error:
            raise Gone("not found") from error
        except ValueError as error:
            raise Gone("no object can have this name") from error
        except TrailwatchError as error:
            raise Unreadable(str(error)) from error
        except (BaseError, OSError) as error:
            raise Unreadable(reason(error)) from error

    def item(self, bucket: str, key: str, *, beside: Item) -> Item:  # noqa: ARG002 — a name says all here
        """Return the object of a name that a digest gives."""
        return self._item(bucket, key, keys.read(key).kind, {})

    def in_place(self, item: Item, bucket: str, key: str) -> bool:
        """Tell whether an object lies where it says that it was put."""
        return (item.bucket, item.key) == (bucket, key)

    def _store(self, bucket: str) -> Any:
        # Digests and logs may have gone to another bucket before.
        if bucket not in self._stores:
            self._stores[bucket] = self._opened(bucket)
        return self._stores[bucket]

    def _item(self, bucket: str, key: str, kind: str, meta: Mapping[str, Any]) -> Item:
        return Item(
            bucket, key, _tag(meta), meta.get("size", 0), meta.get("last_modified", _NEVER),
            keys.Place(kind, day=names.day(key)), keys.identify(bucket, key),
        )  # fmt: skip


def _tag(meta: Any) -> str:
    return (meta.get("e_tag") or "").strip('"')
