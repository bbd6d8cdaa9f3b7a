"""The tables open as they are: Polars and Spark's API read what DuckDB reads, and Athena is told where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from servers import S3Server

import trailwatch as tw
from trailwatch import cli
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError
from trailwatch.investigate import elsewhere
from trailwatch.simulate import write
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

# It warns of pandas 3, which nothing here asks it to use.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support:FutureWarning")

DAY = "2026-06-02"
PAGE = (Path(__file__).parents[2] / ".github" / "SQL.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COUNTED = ("events", "sessions", "activity", "identity_days", "seen", "objects")
PROFILE = (
    "select principal, event_source, event_name, outcome, sum(events)::bigint as events from activity "
    "where dt = $day group by all"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("engines")
    write(folder / "logs", days=3, start=date(2026, 6, 1), story=False)
    trail = tw.open(str(folder / "store"), config=tw.Config(), create=True)
    trail.ingest(str(folder / "logs"))
    trail.settle()
    return trail.store


@pytest.fixture(scope="module")
def expected(store: Store) -> dict[str, Any]:
    """What DuckDB reads: the rows of each table, and one day's profile."""
    with Engine() as engine:
        for table in COUNTED:
            store.show(engine, table)
        counts = {table: engine.rows(f"select count(*) from {table}")[0][0] for table in COUNTED}
        profile = engine.query(PROFILE, day=date.fromisoformat(DAY))
    assert all(counts.values())
    assert profile.num_rows > 50
    return {"counts": counts, "profile": rows(profile)}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of Spark Connect that reads Delta by itself."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    with pytest.MonkeyPatch.context() as patch:
        # The client looks for a whole Spark, which it needs nothing of, unless it is told where one is.
        patch.setenv("SPARK_HOME", str(tmp_path_factory.mktemp("spark")))
        yield f"sc://localhost:{server.listening_address[1]}"
    server.stop()


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows in one order, whatever the engine calls its sum."""
    return sorted(tuple(row.values()) for row in table.to_pylist())


def shown(library: str, store: Store, **changes: str) -> str:
    """The example of the documentation, for this store and this day."""
    (block,) = [one for one in BLOCKS if f"import {library}" in one or f"from {library}" in one]
    changes = {"STORE": store.uri, "2026-07-28": DAY} | changes
    for old, new in changes.items():
        assert old in block
        block = block.replace(old, new)
    return block


def test_polars_reads_what_duckdb_reads(store, expected) -> None:
    import polars as pl

    names: dict[str, Any] = {}
    exec(shown("polars", store), names)  # noqa: S102 — the documentation is run
    assert rows(names["profile"].to_arrow()) == expected["profile"]
    counts = {name: pl.scan_delta(f"{store.uri}/{name}").select(pl.len()).collect().item() for name in COUNTED}
    assert counts == expected["counts"]


def test_spark_reads_what_duckdb_reads(store, expected, spark) -> None:
    names: dict[str, Any] = {}
    exec(shown("pyspark", store, **{"sc://localhost:50051": spark}), names)  # noqa: S102 — the documentation is run
    session = names["spark"]
    try:
        assert rows(names["profile"]) == expected["profile"]
        counts = {name: session.read.format("delta").load(f"{store.uri}/{name}").count() for name in COUNTED}
        assert counts == expected["counts"]
    finally:
        session.stop()


def test_no_table_asks_more_of_a_reader_than_version_one(store) -> None:
    for name in store.versions():
        protocol = DeltaTable(f"{store.uri}/{name}").protocol()
        assert (protocol.min_reader_version, protocol.reader_features) == (1, None), name


def test_every_table_has_a_statement_for_athena() -> None:
    text = elsewhere.statements("s3://bucket/it's")
    for name, layout in TABLES.items():
        assert (
            f"trailwatch.{name}\n  location 's3://bucket/it''s/{name}/'\n  tblproperties ('table_type' = 'DELTA');"
            in text
        )
        assert f"-- {layout.columns.names[0]} " in text
    assert "hour tinyint" in text
    assert "addresses array<string>" in text
    assert elsewhere.statements(elsewhere.EXAMPLE) in PAGE


def test_the_command_prints_the_place_of_the_store(aws: S3Server, monkeypatch, capsys) -> None:
    place = f"s3://{aws.bucket()}/team"
    tw.open(place, config=tw.Config(), create=True).store.append("reviews", pa.table({
        "dt": [date(2026, 6, 1)], "account": ["1"], "principal": ["p"], "signed_at": [None], "signed_by": ["me"],
    }).cast(TABLES["reviews"].columns))  # fmt: skip
    monkeypatch.setattr("sys.argv", ["trailwatch", "sql", "--athena", "--store", place])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert not left.value.code
    out = capsys.readouterr().out
    assert f"location '{place}/reviews/'" in out
    assert "trailwatch.events" not in out


def test_a_folder_is_no_place_for_athena(store) -> None:
    with pytest.raises(ConfigError, match="Athena reads stores on S3"):
        elsewhere.athena(store)
