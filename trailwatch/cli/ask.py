"""SQL for people: one SELECT, the tables that there are, and a script for any DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from trailwatch.cli import options, output

_LONGEST = 86_400.0


class Grid(StrEnum):
    """Forms of a table."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    query: Annotated[str | None, typer.Argument(help="One SELECT over events, activity, sessions, findings …")] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    form: Annotated[Grid, typer.Option("--format", help="How to print the rows.")] = Grid.table,
    out: options.Output = None,
    seconds: Annotated[float, typer.Option(help="Stop after this long.")] = 60.0,
    memory: Annotated[str, typer.Option(help="Stop when it needs more.")] = "4GB",
    tables: Annotated[bool, typer.Option("--tables", help="Print what can be asked, column by column.")] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Print a script that attaches this store to any DuckDB.")
    ] = False,
    athena: Annotated[
        bool, typer.Option("--athena", help="Print the statements with which Athena knows this store.")
    ] = False,
) -> None:
    """Ask the store in SQL; read-only, without access to files or the network."""
    from trailwatch.errors import ConfigError

    if (query is not None) + tables + init + athena != 1:
        raise ConfigError(
            "one of QUERY, --tables, --init and --athena is needed", where="--tables", hint="trailwatch sql --tables"
        )
    if tables:
        from trailwatch.investigate import manual

        output.write(manual.text(), out)
        return
    from trailwatch.cli.guard import ending_after
    from trailwatch.investigate.guard import memory_within
    from trailwatch.investigate.questions import opened
    from trailwatch.investigate.rows import Rows
    from trailwatch.investigate.views import amount

    trail = opened(store, config)
    if init:
        output.write(trail.attach(), out)
        return
    if athena:
        from trailwatch.investigate import elsewhere

        output.write(elsewhere.athena(trail.store), out)
        return
    if not 0 < seconds <= _LONGEST:
        raise ConfigError(f"{seconds} is no length of time for a question", where="--seconds", hint="60")
    forms: dict[Grid, Callable[[Rows], str | bytes]] = {
        Grid.table: Rows.text, Grid.csv: Rows.csv, Grid.json: Rows.json, Grid.parquet: Rows.parquet,
    }  # fmt: skip
    # A pipe may be read as slowly as its reader likes; what is made for it may not.
    with ending_after(seconds), memory_within(amount(memory)):
        made: str | bytes = forms[form](trail.sql(query or "", start=start, end=end, seconds=seconds, memory=memory))
    if isinstance(made, bytes):
        output.write_bytes(made, out)
    else:
        output.write(made, out)
