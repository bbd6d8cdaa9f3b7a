"""Mends one table of a store, without deleting anything: what is damaged is set aside under `_damaged/`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction
from obstore.exceptions import BaseError

from trailwatch.store.cache import reach
from trailwatch.store.health import LOG, Damage, commits, log_entries
from trailwatch.store.opening import MARK, as_it_is, opens
from trailwatch.store.parquet import statistics
from trailwatch.store.retention import listed
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

ASIDE = "_damaged"


class Mender:
    """Works on the tables of one store while nobody else does."""

    def __init__(self, store: Store, *, stamp: str) -> None:
        self._store = store
        self._aside = f"{ASIDE}/{stamp}"
        self._remote = reach(store.uri, store.options)
        self._gone: dict[str, set[str]] = {}

    def log(self, table: str, damages: Iterable[Damage]) -> bool:
        """Take the damaged end of a log, or damaged checkpoints, away; False where no version can be opened then."""
        entries = log_entries(self._remote, table)
        bad = {one.path.rpartition("/")[2] for one in damages if one.log}
        wrong = [int(name[:20]) for name in bad if name.endswith(".json") and name[:20].isdigit()]
        away = {name for name in bad if name in entries and not name.endswith(".json")}
        if any(".checkpoint." in name for name in away):
            away |= {name for name in entries if name == "_last_checkpoint"}
        if wrong:
            # What follows a commit that cannot be read may take back what it did.
            away |= {f"{number:020}.json" for number in commits(entries) if number >= min(wrong)}
            away |= {name for name in entries if ".checkpoint." in name and int(name[:20]) >= min(wrong)}
            away |= {name for name in entries if name == "_last_checkpoint"}
        for name in sorted(away):
            self._set_aside(f"{table}/{LOG}/{name}")
        return opens(self._store.uri, table, lambda: self._store.options)

    def marks(self, table: str) -> dict[str, int]:
        """Return the numbers that the log of a table keeps under names, as far as it can be read."""
        found: dict[str, int] = {}
        names = sorted(log_entries(self._remote, table), key=lambda name: (".checkpoint." not in name, name))
        for name in names:
            path = f"{table}/{LOG}/{name}"
            if ".checkpoint." in name:
                rows = self._read(path)
                told = rows["txn"].to_pylist() if rows is not None and "txn" in rows.column_names else []
            else:
                told = [one.get("txn") for one in _actions(bytes(obstore.get(self._remote, path).bytes()))]
            found |= {one["appId"]: int(one["version"]) for one in told if one and one.get("appId")}
        return found

    def renew(self, table: str) -> None:
        """Set the whole log of a table aside and begin a new one: the table is empty, and its files are still there."""
        for name in log_entries(self._remote, table):
            self._set_aside(f"{table}/{LOG}/{name}")
        layout = TABLES[table]
        DeltaTable.create(
            f"{self._store.uri}/{table}", schema=layout.columns, partition_by=list(layout.partitions), description=MARK,
            storage_options=self._store.options or None,
        )  # fmt: skip

    def drop(self, table: str, paths: Iterable[str]) -> None:
        """Take files out of a table, and set aside those that are still there."""
        wanted = set(paths)
        handle = as_it_is(self._store.uri, table, self._store.options)
        actions = pa.table(handle.get_add_actions(flatten=True)).to_pylist()
        now = int(time.time() * 1000)
        layout = TABLES[table]
        gone = [RemoveAction(one["path"], True, now, one["size_bytes"], _values(one, layout.partitions))
                for one in actions if one["path"] in wanted]  # fmt: skip
        self._commit(handle, table, gone)
        for path in sorted(wanted):
            with suppress(FileNotFoundError):
                self._set_aside(f"{table}/{path}")

    def salvage(self, table: str) -> int:
        """Put whole files that no version names back into a table, but for those that were taken out of it."""
        handle = as_it_is(self._store.uri, table, self._store.options)
        active = set(pa.table(handle.get_add_actions(flatten=True))["path"].to_pylist())
        layout = TABLES[table]
        adds = []
        for path, size in sorted(listed(self._remote, table).items()):
            if path in active or path in self._removed(table):
                continue
            rows = self._read(f"{table}/{path}")
            if rows is None or not set(rows.column_names) <= set(layout.columns.names):
                continue
            parts = (part.partition("=") for part in path.split("/")[:-1])
            values: dict[str, str | None] = {key: value for key, _, value in parts}
            adds.append(AddAction(path, size, values, int(time.time() * 1000), True, statistics(rows)))
        if adds:
            self._commit(handle, table, adds)
        return len(adds)

    def _commit(self, handle: DeltaTable, table: str, actions: list[Any]) -> None:
        layout = TABLES[table]
        if actions:
            handle.create_write_transaction(
                actions, mode="append", schema=layout.columns, partition_by=list(layout.partitions)
            )

    def _removed(self, table: str) -> set[str]:
        """Return what commits say was taken out, also those that were set aside, as far as they can be read."""
        if table not in self._gone:
            found: set[str] = set()
            for folder in (f"{table}/{LOG}", f"{self._aside}/{table}/{LOG}"):
                for page in obstore.list(self._remote, folder):
                    for meta in page:
                        if meta["path"].endswith(".json"):
                            found |= _removes(bytes(obstore.get(self._remote, meta["path"]).bytes()))
            self._gone[table] = found
        return self._gone[table]

    def _read(self, path: str) -> pa.Table | None:
        try:
            data = bytes(obstore.get(self._remote, path).bytes())
            return pq.read_table(pa.BufferReader(data))
        except (pa.ArrowException, OSError, BaseError):
            return None

    def _set_aside(self, path: str) -> None:
        obstore.rename(self._remote, path, f"{self._aside}/{path}")


def _values(action: dict[str, Any], keys: Iterable[str]) -> dict[str, str | None]:
    return {key: None if action[f"partition.{key}"] is None else str(action[f"partition.{key}"]) for key in keys}


def _removes(data: bytes) -> set[str]:
    removed = (action.get("remove") for action in _actions(data))
    return {str(one.get("path")) for one in removed if isinstance(one, dict)}


def _actions(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield what can be read of a commit."""
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            action = json.loads(line)
        except ValueError:
            continue
        if isinstance(action, dict):
            yield action
