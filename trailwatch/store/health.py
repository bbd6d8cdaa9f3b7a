"""What is damaged in a store: logs that cannot be read, files that are missing or are not what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
from obstore.exceptions import BaseError

from trailwatch.errors import StoreError
from trailwatch.store.cache import reach, whole
from trailwatch.store.commits import FAILURES
from trailwatch.store.opening import as_it_is, check
from trailwatch.store.retention import listed
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store
from trailwatch.store.trouble import reason, store_error

SMALL = 1_000_000  # bytes: a reader opens a file of this size as slowly as one of ten times as much
LOG = "_delta_log"


@dataclass(frozen=True)
class Damage:
    """One file that is not as it should be; its table's log, or a Parquet file of some partition."""

    table: str
    path: str  # below the table's folder
    says: str
    log: bool = False

    def text(self) -> str:
        """Return the damage as a line."""
        return f"{self.table}/{self.path}: {self.says}"


@dataclass(frozen=True)
class Health:
    """One table: what it holds, and what is damaged."""

    table: str
    version: int = -1
    rows: int = 0
    files: int = 0
    small: int = 0
    bytes: int = 0
    loose: int = 0  # files of no version that is open here: of earlier versions, or of runs that were killed
    damages: tuple[Damage, ...] = ()


def examine(store: Store, *, deep: bool = False) -> list[Health]:
    """Look at every table: its log, and that its files are there and whole; `deep` reads all that they hold."""
    found: list[Health] = []
    remote = reach(store.uri, store.options)
    for table in TABLES:
        try:
            found += _table(store, remote, table, deep=deep)
        except BaseError as error:
            raise store_error(f"table {table} cannot be looked at", error, where=store.uri) from error
    return found


def _table(store: Store, remote: Any, table: str, *, deep: bool) -> Iterator[Health]:
    entries = log_entries(remote, table)
    if not entries:
        return
    damages = list(_log(remote, table, entries))
    try:
        handle = as_it_is(store.uri, table, store.options)
    except FAILURES as error:
        damages = damages or [Damage(table, LOG, f"cannot be read: {reason(error)}", log=True)]
        yield Health(table, damages=tuple(damages))
        return
    check(handle, table, store.uri)
    actions = pa.table(handle.get_add_actions(flatten=True)).select(["path", "size_bytes", "num_records"]).to_pylist()
    there = listed(remote, table)
    for action in actions:
        path = action["path"]
        if said := _file(store, table, path, action, there.get(path), deep=deep):
            damages.append(Damage(table, path, said))
    sizes = [action["size_bytes"] for action in actions]
    yield Health(
        table, handle.version(), sum(action["num_records"] or 0 for action in actions), len(sizes),
        sum(size < SMALL for size in sizes), sum(sizes), len(set(there) - {action["path"] for action in actions}),
        tuple(damages),
    )  # fmt: skip


def log_entries(remote: Any, table: str) -> dict[str, int]:
    """Return the files of a table's log with their sizes."""
    return {
        meta["path"].rpartition("/")[2]: meta["size"]
        for page in obstore.list(remote, f"{table}/{LOG}")
        for meta in page
    }  # fmt: skip


def commits(entries: dict[str, int]) -> list[int]:
    """Return the numbers of the commits in a log, in order."""
    names = (name.removesuffix(".json") for name in entries if name.endswith(".json"))
    return sorted(int(name) for name in names if name.isdigit())


def _log(remote: Any, table: str, entries: dict[str, int]) -> Iterator[Damage]:
    numbers = commits(entries)
    points = [int(name.partition(".")[0]) for name in entries if ".checkpoint." in name]
    for before, number in pairwise(numbers):
        if number != before + 1 and number - 1 not in points:
            yield Damage(table, f"{LOG}/{before + 1:020}.json", "is missing", log=True)
    for number in numbers:
        name = f"{number:020}.json"
        said = "is empty" if not entries[name] else _commit(bytes(obstore.get(remote, f"{table}/{LOG}/{name}").bytes()))
        if said:
            yield Damage(table, f"{LOG}/{name}", said, log=True)
    for name in entries:
        if ".checkpoint." in name and not _parquet(remote, f"{table}/{LOG}/{name}"):
            yield Damage(table, f"{LOG}/{name}", "is no whole Parquet file", log=True)
        if name == "_last_checkpoint" and not _points_somewhere(remote, table, entries):
            yield Damage(table, f"{LOG}/{name}", "names no checkpoint that is here", log=True)


def _commit(data: bytes) -> str:
    try:
        actions = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
    except ValueError:
        return "is no JSON"
    return "" if any(isinstance(action, dict) and "commitInfo" in action for action in actions) else "is cut off"


def _parquet(remote: Any, path: str) -> bool:
    data = bytes(obstore.get(remote, path).bytes())
    try:
        pq.read_metadata(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        return False
    return True


def _points_somewhere(remote: Any, table: str, entries: dict[str, int]) -> bool:
    try:
        number = int(json.loads(bytes(obstore.get(remote, f"{table}/{LOG}/_last_checkpoint").bytes()))["version"])
    except (ValueError, KeyError, TypeError):
        return False
    return any(name.startswith(f"{number:020}.checkpoint") for name in entries)


def _file(store: Store, table: str, path: str, action: dict[str, Any], size: int | None, *, deep: bool) -> str:
    """Return what is wrong with a file of a table, '' where nothing is."""
    if size is None:
        return "is missing"
    if size != action["size_bytes"]:
        return f"has {size:,} bytes, {action['size_bytes']:,} were written"
    if not deep and not store.local:
        return ""
    try:
        place = Path(store.local_path(f"{store.uri}/{table}/{path}"))
        if not whole(place):
            return "is no whole Parquet file"
        file = pq.ParquetFile(place)
        if action["num_records"] is not None and file.metadata.num_rows != action["num_records"]:
            return f"has {file.metadata.num_rows:,} rows, {action['num_records']:,} were written"
        for batch in file.iter_batches() if deep else ():
            batch.validate(full=True)
    except (pa.ArrowException, OSError, StoreError) as error:
        return f"cannot be read: {reason(error)}"
    return ""
