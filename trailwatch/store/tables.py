"""A store: a folder or an s3:// prefix of Delta tables. All reads and writes of tables go through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import ColumnProperties, CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.store.cache import Cache
from trailwatch.store.commits import StoreConflict, commit
from trailwatch.store.opening import MARK, as_it_is, gone, opened
from trailwatch.store.schema import EVENTS, OBJECTS, OTHERS, TABLES

if TYPE_CHECKING:
    from trailwatch.store.parquet import Action, Put

Days = tuple[date, date]
Options = Mapping[str, str] | Callable[[], Mapping[str, str]]

_MARKED = "objects"
_ATTEMPTS = 5
_INGESTED = (EVENTS.name, OTHERS.name, OBJECTS.name)
# The bounds of a column go whole into the log of its table, which every reader reads: of pages and records that is as
# much as the data itself. And to find them costs a third of writing a day, while days are found by their partition.
_BOUNDED = ColumnProperties(statistics_enabled="CHUNK")
_WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=256_000,
    default_column_properties=ColumnProperties(statistics_enabled="NONE"),
    column_properties=dict.fromkeys(("event_time", "first_time", "last_time"), _BOUNDED),
)
_COMMIT = CommitProperties(max_commit_retries=20)


class Store:
    """The tables of one store, read at the newest version or at pinned versions.

    Opening costs nothing; a table is made when it is first written. `replace` refuses to overwrite days that
    somebody changed after the given version, so that an ingest during a settle loses nothing.
    """

    def __init__(
        self, uri: str, *, options: Options | None, versions: Mapping[str, int] | None, still: bool = False
    ) -> None:  # fmt: skip
        self.uri = uri.rstrip("/")
        self.local = "://" not in uri
        self._asked = options
        self._versions = dict(versions or {})
        self._cache = None if self.local else Cache(self.uri, lambda: self.options)
        self._still: dict[str, DeltaTable | None] | None = {} if still else None

    @staticmethod
    def open(
        uri: str,
        *,
        create: bool = False,
        options: Options | None = None,
        versions: Mapping[str, int] | None = None,
    ) -> Store:
        """Open a store; with `create` a missing folder is made (0700)."""
        if "://" in uri and not uri.startswith("s3://"):
            raise StoreError(f"{uri!r} is not a store address", hint="a folder, or s3://bucket/prefix")
        store = Store(uri if "://" in uri else str(Path(uri).absolute()), options=options, versions=versions)
        if store.local:
            folder = Path(store.uri)
            if create:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            elif not folder.is_dir():
                raise StoreError("there is no store here", where=uri, hint="trailwatch ingest SOURCE --store PATH")
        return store

    def at(self, versions: Mapping[str, int]) -> Store:
        """Return the same store, read at the given version of each table."""
        return Store(self.uri, options=self._asked, versions=versions)

    def still(self) -> Store:
        """Return the same store for reading, each table opened once: at the version that it had when first asked for."""
        return Store(self.uri, options=self._asked, versions=self._versions, still=True)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows in one atomic commit; safe while others write."""
        if not rows.num_rows:
            return
        if table in _INGESTED:
            self.commit(table, self.put(table, rows))
        else:
            self._append(lambda: self._write(table, rows, mode="append"))

    def put(self, table: str, rows: pa.Table) -> list[Action]:
        """Write the files of rows that an ingest appends; nobody sees them before they are committed."""
        from trailwatch.store import parquet

        found: list[Action] = []
        if rows.num_rows:
            commit(
                lambda: found.extend(parquet.write(rows, TABLES[table], self._put_for(table))),
                table=table,
                where=self.uri,
            )
        return found

    def commit(self, table: str, files: Sequence[Action]) -> None:
        """Add files that were put there, also by other machines, in one atomic commit; safe while others write."""
        if files:
            self._append(lambda: self._commit(table, files))

    def _append(self, write: Callable[[], None]) -> None:
        for left in reversed(range(_ATTEMPTS)):
            try:
                write()
            except StoreConflict:
                # Only when another run makes the table at the same moment; nothing was written, so it can be repeated.
                if not left:
                    raise
            else:
                return

    def replace(self, table: str, rows: pa.Table, *, where: str, version: int | None = None) -> None:
        """Put rows in place of all rows for which the partition predicate holds, in one atomic commit.

        With `version` (the one that was read), a change of these partitions since then raises StoreConflict.
        """
        self._write(table, rows, mode="overwrite", where=where, version=version)

    def files(self, table: str, *, days: Days | None = None, version: int | None = None) -> list[str]:
        """Return local paths of a table's Parquet files, those of the inclusive range of `dt` or `month` only."""
        handle = self._handle(table, version)
        if handle is None:
            return []
        key = TABLES[table].partitions[0] if TABLES[table].partitions else ""
        uris = [uri for uri in handle.file_uris() if not days or not key or _within(uri, key, days)]
        if self._cache:
            return self._cache.fetch(uris)
        pinned = self._versions.get(table) if version is None else version
        if pinned is not None and not all(Path(uri).exists() for uri in uris):
            raise gone(self.uri, table, pinned)
        return uris

    def local_path(self, uri: str) -> str:
        """Return a local path of one file of the store."""
        return self._cache.fetch([uri])[0] if self._cache else uri

    def uris(self, table: str) -> list[str]:
        """Return where the Parquet files of a table's version are: paths, or addresses of a remote store."""
        handle = self._handle(table, None)
        return [] if handle is None else sorted(handle.file_uris())

    def partitions(self, table: str, *, version: int | None = None) -> dict[tuple[Any, ...], list[tuple[str, int]]]:
        """Return, per partition, the file names and row counts of a table at one version."""
        handle = self._handle(table, version)
        found: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
        if handle is None:
            return found
        # Not `pa.table`: that asks pandas whether this is a frame of its own, and so imports it.
        actions = pa.RecordBatchReader.from_stream(handle.get_add_actions(flatten=True)).read_all()
        keys = [actions[f"partition.{key}"].to_pylist() for key in TABLES[table].partitions]
        for place, (path, count) in enumerate(
            zip(actions["path"].to_pylist(), actions["num_records"].to_pylist(), strict=True)
        ):
            found.setdefault(tuple(key[place] for key in keys), []).append((path, count))
        return found

    def version(self, table: str) -> int:
        """Return the version of a table that this store reads, -1 where it has not been written yet."""
        handle = self._handle(table, None)
        return -1 if handle is None else handle.version()

    def versions(self) -> dict[str, int]:
        """Return the version of every table that exists."""
        found = {name: self.version(name) for name in TABLES}
        return {name: version for name, version in found.items() if version >= 0}

    def show(
        self,
        engine: Engine,
        table: str,
        *,
        days: Days | None = None,
        name: str | None = None,
        version: int | None = None,
    ) -> None:
        """Make a table, or a range of its days, visible in an engine as a view."""
        layout = TABLES[table]
        files = self.files(table, days=days, version=version)
        engine.files(name or table, files, layout.columns, partitions=layout.partitions)

    def marked(self, name: str) -> datetime | None:
        """Return the moment that was marked under a name, None where there is none."""
        handle = self._handle(_MARKED, None)
        seconds = handle.transaction_version(name) if handle else None
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def mark(self, name: str, moment: datetime) -> None:
        """Keep a moment under a name, in the log of the ledger and not among its rows."""
        properties = CommitProperties(app_transactions=[Transaction(name, int(moment.timestamp()))])

        def work() -> None:
            handle = self._handle(_MARKED, None) or self._make(_MARKED)
            handle.create_write_transaction(
                [], mode="append", schema=TABLES[_MARKED].columns, commit_properties=properties
            )

        commit(work, table=_MARKED, where=self.uri)

    @property
    def options(self) -> dict[str, str]:
        """The options with which the tables are reached, with credentials that are valid now."""
        return dict(self._asked() if callable(self._asked) else self._asked or {})

    def _handle(self, table: str, version: int | None) -> DeltaTable | None:
        if self._still is None or version is not None:
            return self._opened(table, version)
        if table not in self._still:
            self._still[table] = self._opened(table, None)
        return self._still[table]

    def _opened(self, table: str, version: int | None) -> DeltaTable | None:
        version = self._versions.get(table) if version is None else version
        if version == -1:
            return None
        return opened(self.uri, table, version=version, options=lambda: self.options)

    def _write(
        self, table: str, rows: pa.Table, *, mode: Any, where: str | None = None, version: int | None = None
    ) -> None:
        layout = TABLES[table]

        def work() -> None:
            write_deltalake(
                self._handle(table, version) or self._make(table),
                rows.select(layout.columns.names).cast(layout.columns),
                mode=mode,
                predicate=where,
                writer_properties=_WRITER,
                commit_properties=_COMMIT,
            )

        commit(work, table=table, where=self.uri)

    def _commit(self, table: str, files: Sequence[Action]) -> None:
        layout = TABLES[table]

        def work() -> None:
            (self._handle(table, None) or self._make(table)).create_write_transaction(
                list(files), "append", layout.columns, list(layout.partitions), commit_properties=_COMMIT
            )

        commit(work, table=table, where=self.uri)

    def _put_for(self, table: str) -> Put:
        """Return what puts one file of a table in its place."""

        def put(path: str, data: pa.Buffer) -> None:
            if self._cache:
                self._cache.put(f"{table}/{path}", data)
                return
            target = Path(self._where(table), path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

        return put

    def _make(self, table: str) -> DeltaTable:
        layout = TABLES[table]
        try:
            return DeltaTable.create(
                self._where(table),
                schema=layout.columns,
                mode="ignore",
                partition_by=list(layout.partitions),
                description=MARK,
                storage_options=self.options or None,
            )
        except CommitFailedError:
            # Another run made the table in the same moment, and its table is as good.
            return as_it_is(self.uri, table, self.options)

    def _where(self, table: str) -> str:
        return f"{self.uri}/{table}"


def _within(uri: str, key: str, days: Days) -> bool:
    value = uri.rpartition(f"{key}=")[2][:10]
    return days[0].isoformat() <= value <= days[1].isoformat()
