"""A script that makes a store readable in any DuckDB: tables as views of their files, and events with their meaning."""

from __future__ import annotations

from trailwatch.config import Config
from trailwatch.engine import relation_text
from trailwatch.profile.sessions import known_aliases
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

_KINDS = {"dt": "DATE", "month": "DATE", "shard": "INTEGER"}
_HEAD = """\
-- trailwatch: the store {uri}
-- as it is now; print it again after the next ingest. Use: duckdb -init FILE
-- All times are UTC. Ask trailwatch.events, trailwatch.activity, trailwatch.sessions, trailwatch.findings …
set TimeZone = 'UTC';
{remote}create schema if not exists trailwatch_base;
create schema if not exists trailwatch;
set search_path = 'trailwatch_base';
"""
_REMOTE = """\
install httpfs;
load httpfs;
create or replace secret trailwatch_store (type s3, provider credential_chain, scope {scope});
"""


def script(store: Store, *, config: Config) -> str:
    """Return SQL that attaches the newest version of a store; it names the files, and holds no credentials."""
    parts = [
        _HEAD.format(
            uri=" ".join(store.uri.split()), remote="" if store.local else _REMOTE.format(scope=_text(store.uri))
        )
    ]
    for name, layout in TABLES.items():
        files = store.uris(name)
        if files:
            kinds = ", ".join(f"'{key}': {_KINDS[key]}" for key in layout.partitions)
            hive = f", hive_partitioning = true, hive_types = {{{kinds}}}" if kinds else ""
            listed = ",\n    ".join(_text(file) for file in files)
            select = f"select * from read_parquet([\n    {listed}]{hive})"
        else:
            columns = ", ".join(f"null::{_kind(field.type)} as {field.name}" for field in layout.columns)
            select = f"select {columns} where false"
        parts.append(f"create or replace view {_RAW.get(name, name)} as {select};\n")
    aliases = known_aliases(config.aliases())
    rows = " union all ".join(
        f"select {_text(alias)} as alias, {_text(person)} as person" for alias, person in aliases.items()
    )
    parts.append(f"create or replace view aliases as {rows or _NOBODY};\n")
    parts.append("create or replace view sessions_window as select * from sessions;\n")
    parts += [f"create or replace view {name} as {relation_text(name)};\n" for name in _MEANING]
    shown = {name: f"select * from trailwatch_base.{name}" for name in TABLES}
    shown["events"] = "select * from trailwatch_base.attributed"
    shown["findings"] = relation_text("people_findings").replace("main.", "trailwatch_base.")
    parts += [f"create or replace view trailwatch.{name} as {select};\n" for name, select in shown.items()]
    return "\n".join([*parts, "set search_path = 'trailwatch,trailwatch_base';\n"])


_MEANING = ("parts", "events", "links", "attributed")
_RAW = {"events": "raw_events"}
_NOBODY = "select null::varchar as alias, null::varchar as person where false"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _kind(kind: object) -> str:
    words = {"string": "VARCHAR", "int64": "BIGINT", "int32": "INTEGER", "int8": "TINYINT", "bool": "BOOLEAN",
             "double": "DOUBLE", "binary": "BLOB", "date32[day]": "DATE", "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
             "list<item: string>": "VARCHAR[]", "list<item: int8>": "TINYINT[]",
             "list<element: string>": "VARCHAR[]"}  # fmt: skip
    return words[str(kind)]
