"""Opens one Delta table: at a version, of a layout that this version of trailwatch reads, or says why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from trailwatch.errors import StoreError
from trailwatch.store.commits import FAILURES
from trailwatch.store.schema import LAYOUT, TABLES
from trailwatch.store.trouble import patiently, store_error

MARK = f"trailwatch layout {LAYOUT}"
_MARK = re.compile(r"^trailwatch layout (\d+)$")
# A log that was read and lacks a version says so; anything else may be a network or a disk that failed.
_LACKS = re.compile(r"log ?segment|no table metadata|contiguous commit", re.IGNORECASE)


class VersionGone(StoreError):
    """A version of a table whose files are no longer kept."""


def opened(
    uri: str, table: str, *, version: int | None, options: Callable[[], Mapping[str, str]]
) -> DeltaTable | None:  # fmt: skip
    """Return a table of a store, None where it has not been written yet."""
    try:
        handle = patiently(
            lambda: as_it_is(uri, table, options(), version=version),
            lost=FAILURES,
        )
    except TableNotFoundError as error:
        # Nothing of its log is there: of the whole table, or of a version that was cleaned up.
        if version is not None and opens(uri, table, options):
            raise gone(uri, table, version) from error
        return None
    except FAILURES as error:
        if version is not None and _LACKS.search(str(error)) and opens(uri, table, options):
            raise gone(uri, table, version) from error
        raise store_error(f"table {table} cannot be opened", error, where=uri) from error
    check(handle, table, uri)
    return handle


def as_it_is(uri: str, table: str, options: Mapping[str, str], *, version: int | None = None) -> DeltaTable:
    """Return a table whatever its layout; what delta-rs raises is the caller's to tell."""
    return DeltaTable(f"{uri}/{table}", version=version, storage_options=dict(options) or None)


def check(handle: DeltaTable, table: str, uri: str) -> None:
    """Refuse a table of another layout, and say whose it is."""
    told = handle.metadata().description or ""
    found = _MARK.match(told)
    if found is None:
        raise StoreError(f"table {table} is not one of trailwatch: it has no mark {MARK!r}", where=uri,
                         hint="another --store")  # fmt: skip
    number = int(found[1])
    names = {field.name for field in handle.schema().fields}
    known = set(TABLES[table].columns.names)
    if number > LAYOUT or (number == LAYOUT and names - known):
        more = ", ".join(sorted(names - known))
        raise StoreError(
            f"table {table} was made by a newer trailwatch ({told}{f', with {more}' if more else ''}); this one reads layout {LAYOUT}",
            where=uri, hint="pip install --upgrade trailwatch-cloudtrail",
        )  # fmt: skip
    if number < LAYOUT or known - names:
        less = ", ".join(sorted(known - names))
        raise StoreError(
            f"table {table} was made by an older trailwatch ({told}{f', without {less}' if less else ''}); this one reads layout {LAYOUT}",
            where=uri, hint="ingest into a new store; the old one stays readable for the version that made it",
        )  # fmt: skip


def gone(uri: str, table: str, version: int) -> VersionGone:
    """Return the error of a version that was cleaned up."""
    hint = "the newest version; only what the last 7 digests read is kept"
    return VersionGone(f"version {version} of table {table} is no longer kept", where=uri, hint=hint)


def opens(uri: str, table: str, options: Callable[[], Mapping[str, str]]) -> bool:
    """Tell whether the newest version of a table can be opened."""
    try:
        as_it_is(uri, table, options())
    except FAILURES:
        return False
    return True
