"""Which files of a store can go: those of no version that a reader, or one of the last digests, may still want."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import obstore
import pyarrow as pa
from obstore.exceptions import BaseError

from trailwatch.errors import StoreError
from trailwatch.store.cache import reach
from trailwatch.store.commits import FAILURES
from trailwatch.store.opening import VersionGone, as_it_is, opened
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store
from trailwatch.store.trouble import store_error

if TYPE_CHECKING:
    from deltalake import DeltaTable

HOURS = 7 * 24  # a reader that opened a version less than this ago goes on reading it
_AT_ONCE = 500

Held = Callable[[str, str], bool]
"""Whether a file (its table, its path) of a kept version is held at all."""


@dataclass(frozen=True)
class Vacuumed:
    """What was, or would be, taken away."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Vacuumed) -> Vacuumed:
        """Return both together."""
        return Vacuumed(self.files + other.files, self.bytes + other.bytes)


def vacuum(
    store: Store, *, pinned: Iterable[Mapping[str, int]], held: Held = lambda _table, _path: True, dry_run: bool = False
) -> Vacuumed:
    """Take away files that no version of the last seven days holds, nor one of the pinned versions."""
    versions = list(pinned)
    total = Vacuumed()
    for table in TABLES:
        if store.version(table) < 0:
            continue
        kept = {one[table] for one in versions if one.get(table, -1) >= 0}
        try:
            total += _table(store, table, sorted(kept), held, dry_run=dry_run)
        except (*FAILURES, BaseError) as error:
            raise store_error(f"table {table} cannot be cleaned up", error, where=store.uri) from error
    return total


def _table(store: Store, table: str, kept: list[int], held: Held, *, dry_run: bool) -> Vacuumed:
    handle = as_it_is(store.uri, table, store.options)
    # delta-rs says what its own rules would take; the versions of digests are ours to hold.
    loose = set(handle.vacuum(retention_hours=HOURS, dry_run=True, full=True))
    if not loose:
        return Vacuumed()
    for version in kept:
        # One that fails to open ends the vacuum, for it may hold anything; one that is gone holds nothing.
        with suppress(VersionGone):
            old = opened(store.uri, table, version=version, options=lambda: store.options)
            loose -= {path for path in _paths(old) if held(table, path)} if old else set()
    remote = reach(store.uri, store.options)
    sizes = {path: size for path, size in listed(remote, table).items() if path in loose}
    gone = sorted(sizes)
    for start in range(0, 0 if dry_run else len(gone), _AT_ONCE):
        obstore.delete(remote, [f"{table}/{path}" for path in gone[start : start + _AT_ONCE]])
    return Vacuumed(len(gone), sum(sizes.values()))


def listed(remote: Any, table: str) -> dict[str, int]:
    """Return each file below a table's folder with its size, the log apart."""
    found: dict[str, int] = {}
    for page in obstore.list(remote, table):
        for meta in page:
            path = meta["path"].removeprefix(f"{table}/")
            if not path.startswith("_"):
                found[path] = meta["size"]
    return found


def forgotten(store: Store, table: str, where: str) -> None:
    """Take the rows of whole partitions out of a table; the files stay for whoever still reads them."""
    if store.version(table) < 0:
        return
    try:
        as_it_is(store.uri, table, store.options).delete(where)
    except FAILURES as error:
        raise store_error(f"table {table} cannot be written", error, where=store.uri) from error
    except ValueError as error:
        raise StoreError(f"{where!r} is no predicate over partitions", where=table) from error


def _paths(handle: DeltaTable) -> set[str]:
    return set(pa.table(handle.get_add_actions(flatten=True))["path"].to_pylist())
