"""DuckDB behind one class: named relations from trailwatch/sql, files in, Arrow out, and the lock for people's SQL."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa

from trailwatch.errors import EngineError

if TYPE_CHECKING:
    import pandas as pd

_RELATIONS = resources.files("trailwatch") / "sql"
_EXPLAIN = re.compile(r"(?is)\s*explain(?:\s+analyze)?\s+(.*)")
MOST_BYTES = 2 * 2**30  # of the answer to one question
_BATCH = 10_000
# What does not fit into memory goes to a folder of our own; DuckDB would put it into the working folder, for all to read.
_ROOM = "trailwatch-"


def relation_text(name: str) -> str:
    """Return the SELECT of a named relation."""
    return (_RELATIONS / f"{name}.sql").read_text(encoding="utf-8")


def _connect(limits: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    # No extension may be fetched: offline an s3:// path would otherwise wait for the network.
    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    return duckdb.connect(":memory:", config={**offline, **limits})


@cache
def _instance(_process: int) -> duckdb.DuckDBPyConnection:
    # To start DuckDB takes longer than most of what a session is asked. A forked process needs one of its own.
    room = tempfile.mkdtemp(prefix=_ROOM)
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    return _connect({"temp_directory": room})


_numbers = itertools.count()


class Engine:
    """One in-memory DuckDB session; one that stands `alone`, or has limits, shares nothing and can be locked."""

    _tidy: weakref.finalize[..., Any] | None = None

    def __init__(
        self, *, threads: int | None = None, memory: str | None = None, temporary: Path | None = None,
        alone: bool = False, spill: bool = True,
    ) -> None:  # fmt: skip
        settings = {
            "threads": threads, "memory_limit": memory, "temp_directory": temporary,
            "max_temp_directory_size": None if spill else "0B",
        }  # fmt: skip
        limits = {name: str(value) for name, value in settings.items() if value}
        self._shared = "" if limits or alone else f"session_{next(_numbers)}"
        if not (self._shared or temporary) and spill:
            limits["temp_directory"] = tempfile.mkdtemp(prefix=_ROOM)
            self._tidy = weakref.finalize(self, shutil.rmtree, limits["temp_directory"], ignore_errors=True)
        self._patience: float | None = None
        with self._failing():
            self._con = self._session() if self._shared else _connect(limits)
            self._con.execute("set TimeZone = 'UTC'")
            # DuckDB would draw its bar among the results. In a notebook it may refuse to be told, and draws none.
            with contextlib.suppress(duckdb.InvalidInputException):
                self._con.execute("set enable_progress_bar = false")
            # Function-like macros that detections and relations share.
            self._con.execute("create macro field(j, path) as json_extract_string(j, path)")

    def _session(self) -> duckdb.DuckDBPyConnection:
        connection = _instance(os.getpid()).cursor()
        connection.execute(f"attach ':memory:' as {self._shared}")
        connection.execute(f"use {self._shared}")
        return connection

    def close(self) -> None:
        """Release the session and what it holds."""
        self._con.close()
        if self._shared:
            _instance(os.getpid()).cursor().execute(f"detach database if exists {self._shared}")
        if self._tidy:
            self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def files(self, name: str, files: Sequence[str], schema: pa.Schema, *, partitions: Sequence[str] = ()) -> None:
        """Show Parquet files as a view of the given columns; no files give an empty view of the same columns."""
        if not files:
            self.table(name, pa.RecordBatchReader.from_batches(schema, []))
            return
        types = {key: _sql_type(schema.field(key).type) for key in partitions}
        columns = f", hive_partitioning = true, hive_types = {_struct(types)}" if types else ""
        # The relation API binds the paths, so that a path is never part of SQL text.
        with self._failing():
            relation = self._con.sql(f"select * from read_parquet($files{columns})", params={"files": list(files)})
            self.clear(name)
            relation.create_view(name)

    def table(self, name: str, data: pa.Table | pa.RecordBatchReader | pd.DataFrame) -> None:
        """Keep rows in the session as a table."""
        self.clear(name)
        with self._failing():
            self._con.register("arriving", data)
            try:
                self._con.execute(f"create table {_name(name)} as select * from arriving")
            finally:
                self._con.unregister("arriving")

    def texts(self, name: str, **columns: Sequence[str]) -> None:
        """Keep columns of texts, all of one length, in the session as a table."""
        self.clear(name)
        chosen = ", ".join(f"unnest(${_name(column)}::varchar[]) as {_name(column)}" for column in columns)
        self.execute(f"create table {_name(name)} as select {chosen}", **{key: list(of) for key, of in columns.items()})

    def lend(self, name: str, data: pa.Table) -> None:
        """Show rows as they lie in memory, without a copy, until others are lent under the same name."""
        self._con.register(_name(name), data)

    def clear(self, name: str) -> None:
        """Remove a relation, be it a table or a view; one that does not exist is no error."""
        try:
            self._con.execute(f"drop table if exists {_name(name)}")
        except duckdb.CatalogException:
            self._con.execute(f"drop view {_name(name)}")

    def view(self, name: str, *, relation: str | None = None) -> None:
        """Define a view from trailwatch/sql/<relation>.sql."""
        self._replace("view", name, relation or name, None)

    def build(self, name: str, *, relation: str | None = None, **parameters: Any) -> None:
        """Make a table from trailwatch/sql/<relation>.sql with bound $parameters."""
        self._replace("table", name, relation or name, parameters)

    def relation(self, relation: str, **parameters: Any) -> pa.Table:
        """Run trailwatch/sql/<relation>.sql and return its rows."""
        return self.query(relation_text(relation), **parameters)

    def query(self, sql: str, **parameters: Any) -> pa.Table:
        """Run one SELECT with bound $parameters and return its rows."""
        with self._failing(), self._stopping(self._patience):
            relation = self._con.sql(sql, params=parameters or None)
            return relation.to_arrow_table()

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one SELECT and return its rows as tuples."""
        with self._failing(), self._stopping(self._patience):
            return self._con.execute(sql, parameters or None).fetchall()

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Return the names of a relation's columns, each with its SQL type."""
        return [(row[0], row[1]) for row in self._run(f"describe {_name(relation)}", None).fetchall()]

    def execute(self, sql: str, **parameters: Any) -> None:
        """Run one statement for its effect."""
        self._run(sql, parameters)

    def lock(self, files: Sequence[str]) -> None:
        """Shut the session for people's SQL: the given files can be read, nothing else outside, for good.

        This is a seat belt for SQL that a person writes, not a sandbox for code that an enemy writes.
        """
        if self._shared:
            raise EngineError("a session that shares an instance cannot be locked")
        # A list cannot be bound in SET, hence the variable.
        self._con.execute("set variable readable = $files", {"files": list(files)})
        self._con.execute("set allowed_paths = getvariable('readable')") if files else None
        self._con.execute("set enable_external_access = false")
        self._con.execute("set lock_configuration = true")

    def ask(self, sql: str, *, seconds: float = 60.0, most: int = MOST_BYTES) -> pa.Table:
        """Run one SELECT of a person; anything else fails, and so does one that takes too long or returns too much."""
        _only_select(sql)
        batches: list[pa.RecordBatch] = []
        size = 0
        try:
            with self._stopping(seconds):
                reader = self._con.sql(sql).to_arrow_reader(_BATCH)
                # What DuckDB hands out is no longer within its limit of memory.
                for batch in reader:
                    size += batch.nbytes
                    if size > most:
                        what = f"the answer is larger than {most / 2**20:,.0f} MiB"
                        raise EngineError(what, where="sql", hint="limit, or fewer columns")
                    batches.append(batch)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            if "Interrupt" in f"{type(error).__name__} {error}":
                raise EngineError(f"stopped after {seconds:.0f} s", where="sql", hint="a shorter window") from error
            raise EngineError(str(error).strip(), where="sql") from error
        return pa.Table.from_batches(batches, reader.schema)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Stop every statement that takes longer, as an EngineError."""
        self._patience = seconds
        try:
            yield
        finally:
            self._patience = None

    @contextmanager
    def _stopping(self, seconds: float | None) -> Iterator[None]:
        if seconds is None:
            yield
            return
        clock = threading.Timer(seconds, self._con.interrupt)
        clock.start()
        try:
            yield
        finally:
            clock.cancel()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except duckdb.InterruptException as error:
            if self._patience is None:
                raise
            raise EngineError(f"stopped after {self._patience:.0f} s", hint="a clause that asks for less") from error
        except duckdb.Error as error:
            raise _told(error) from error

    def _replace(self, kind: str, name: str, relation: str, parameters: Mapping[str, Any] | None) -> None:
        text = f"create or replace {kind} {_name(name)} as {relation_text(relation)}"
        try:
            self._con.execute(text, parameters or None)
        except duckdb.CatalogException:
            # What stands there is of the other kind, or there is something wrong with the text: then it says so again.
            self.clear(name)
            self._run(text, parameters)

    def _run(self, sql: str, parameters: Mapping[str, Any] | None) -> duckdb.DuckDBPyConnection:
        with self._failing(), self._stopping(self._patience):
            return self._con.execute(sql, parameters or None)


def _only_select(sql: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
        kinds = [one.type for one in statements]
        # EXPLAIN ANALYZE runs what it explains.
        if kinds == [duckdb.StatementType.EXPLAIN] and (found := _EXPLAIN.match(statements[0].query)):
            kinds = [one.type for one in duckdb.extract_statements(found[1])]
    except duckdb.Error as error:
        raise EngineError(str(error).strip(), where="sql") from error
    if kinds != [duckdb.StatementType.SELECT]:
        raise EngineError("only one SELECT at a time can be run", where="sql", hint="select … from events limit 10")


def _name(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise EngineError(f"{name!r} is not a relation name")
    return name


def _struct(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{key}': {value}" for key, value in types.items()) + "}"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_date(kind):
        return "DATE"
    return "INTEGER" if pa.types.is_integer(kind) else "VARCHAR"


def _told(error: duckdb.Error) -> EngineError:
    text = _first_line(error)
    hint = "check the names of columns and functions"
    if isinstance(error, duckdb.OutOfMemoryException):
        hint = "a shorter --from/--to, or a machine with more memory"
    elif isinstance(error, duckdb.IOException) or "parquet" in text.lower():
        # A file that is missing or that no longer is what was written.
        hint = "free some space" if "No space left" in text else "trailwatch doctor"
    return EngineError(text, hint=hint)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
