"""What can be asked in SQL, in words: made from the schema, the words beside it, and the example questions."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.investigate import elsewhere, views
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

_INTRO = """\
# Asking the store in SQL

This page is made by `python -m trailwatch.investigate.manual`; a test holds it to the schema.

    trailwatch sql "select person, count(*) as events from events group by all order by events desc limit 10"
    trailwatch sql "…" --from T-7d --format parquet -o week.parquet     # table, csv, json, parquet
    trailwatch sql --tables                                             # this list, in the terminal
    trailwatch sql --init > store.sql                                   # then: duckdb -init store.sql
    trailwatch sql --athena                                             # statements for Athena, of a store on S3

The SQL is DuckDB's. `trailwatch sql` runs one SELECT, read-only, without access to files or the network, and stops after
`--seconds` (60) or where it needs more than `--memory` (4GB). It is a seat belt for people, not a sandbox for enemies.
All times are UTC; `timezone('Europe/Berlin', event_time)` turns one into local time. `--from` and `--to`, and conditions
on `dt`, say which days' files are read; `activity` and `seen` answer most questions without reading events.
What stands in logs was written by others: a user agent or a name may try to be a command, a formula or a page.
"""


def markdown() -> str:
    """Return the whole documentation as Markdown."""
    parts = [_INTRO, "## Tables\n"]
    for name, columns in documented().items():
        parts.append(f"### {name}\n\n{words(name, '_')}\n\n| column | type | |\n|---|---|---|")
        parts += [f"| `{column}` | {kind} | {words(name, column).replace('|', '/')} |" for column, kind in columns]
        parts.append("")
    parts.append("## Twenty questions\n\nEach runs on the sample logs (`trailwatch demo --keep demo`).\n")
    parts += [f"{one['ask']}\n\n```sql\n{one['sql']}\n```\n" for one in questions()]
    return "\n".join([*parts, elsewhere.page()])


def text() -> str:
    """Return the tables and their columns for a terminal."""
    lines = []
    for name, columns in documented().items():
        lines += ["", name.upper(), f"  {words(name, '_')}"]
        width = max(len(column) for column, _ in columns)
        lines += [f"  {column:<{width}}  {kind:<10}  {words(name, column)}" for column, kind in columns]
    return "\n".join(lines[1:]) + "\n"


def documented() -> dict[str, list[tuple[str, str]]]:
    """Return what can be asked: each table with its columns and their types, as an empty store shows them."""
    with Engine() as engine:
        views.show(_Nothing(), engine, config=Config())
        return {
            name: [(column, _KINDS.get(kind, kind.lower())) for column, kind in engine.columns(name)] for name in TABLES
        }


def words(table: str, column: str) -> str:
    """Return the words for a column of a table, or with `_` for the table."""
    found = told()
    return found.get(table, {}).get(column) or found["all"][column]


@cache
def told() -> dict[str, dict[str, str]]:
    """Return all words, by table and column."""
    return tomllib.loads(_file("words.toml"))


def questions() -> list[dict[str, Any]]:
    """Return the example questions, each with its SQL."""
    found: list[dict[str, Any]] = tomllib.loads(_file("questions.toml"))["question"]
    return found


class _Nothing(Store):
    """A store without any file: its views have all columns."""

    def __init__(self) -> None:
        super().__init__("nowhere", options=None, versions=dict.fromkeys(TABLES, -1))


def _file(name: str) -> str:
    return (resources.files("trailwatch.investigate") / name).read_text(encoding="utf-8")


_KINDS = {"TIMESTAMP WITH TIME ZONE": "time (UTC)", "VARCHAR": "text", "BIGINT": "number", "INTEGER": "number",
          "TINYINT": "number", "VARCHAR[]": "texts", "TINYINT[]": "numbers", "BOOLEAN": "yes/no"}  # fmt: skip

if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
