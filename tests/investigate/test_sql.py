"""SQL for people: documented, answered, locked, and attached to any DuckDB."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, EngineError
from trailwatch.investigate import manual, views

ROOT = Path(__file__).parents[2]


def test_every_table_and_column_has_words() -> None:
    told = manual.told()
    documented = manual.documented()
    missing = [
        f"{table}.{column}"
        for table, columns in documented.items()
        for column, _ in [("_", ""), *columns]
        if not (told.get(table, {}).get(column) or told["all"].get(column))
    ]
    assert missing == []
    known = {table: {"_", *(column for column, _ in columns)} for table, columns in documented.items()}
    known["all"] = {column for columns in known.values() for column in columns}
    spare = [f"{table}.{column}" for table, words in told.items() for column in words if column not in known[table]]
    assert spare == []


def test_the_page_is_made_from_the_schema() -> None:
    page = (ROOT / ".github" / "SQL.md").read_text(encoding="utf-8")
    assert page == manual.markdown(), "python -m trailwatch.investigate.manual > .github/SQL.md"


def test_the_types_are_those_of_a_real_store(trail) -> None:
    with Engine() as engine:
        views.show(trail.store, engine, config=trail.config)
        real = {name: {column for column, _ in engine.columns(name)} for name in manual.documented()}
    assert real == {name: {column for column, _ in columns} for name, columns in manual.documented().items()}


def test_twenty_questions_are_answered(trail) -> None:
    asked = manual.questions()
    assert len(asked) == 20
    with Engine(alone=True) as engine:
        engine.lock(views.show(trail.store, engine, config=trail.config))
        empty = [one["ask"] for one in asked if not engine.ask(one["sql"]).num_rows]
    assert empty == []


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "select * from read_parquet('https://example.com/x.parquet')",
        "select * from read_parquet('s3://bucket/x.parquet')",
        "copy (select 1) to '/tmp/out.csv'",
        "attach '/tmp/other.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "create table x as select 1",
        "drop view people.events",
        "delete from sessions",
        "select 1; select 2",
        "pragma database_list; select 1",
    ],
)
def test_nothing_but_one_select_over_the_store_runs(tmp_path, query) -> None:
    tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
    trail = tw.open(str(tmp_path / "store"), config=tw.Config())
    with pytest.raises(EngineError):
        trail.sql(query)


def test_memory_is_bounded(tmp_path) -> None:
    trail = tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
    with pytest.raises(EngineError, match=r"(?i)memory"):
        trail.sql("select list(i::varchar || 'x') from range(30000000) t(i)", memory="100MB")
    with pytest.raises(ConfigError, match="memory"):
        trail.sql("select 1", memory="much")


def test_a_window_still_knows_who_signed_in_the_day_before(trail) -> None:
    query = "select count(*) filter (where person <> '') as n from events where dt = '2026-07-28'"
    (whole,), (window,) = trail.sql(query), trail.sql(query, start="2026-07-28", end="2026-07-28")
    assert whole == window


def test_parquet_comes_out_as_it_is(trail) -> None:
    rows = trail.sql("select dt, sum(events)::bigint as events from activity group by all order by dt")
    assert pq.read_table(io.BytesIO(rows.parquet())).to_pylist() == list(rows)


def test_any_duckdb_can_attach_the_store(trail) -> None:
    query = "select person, principal, count(*) as n from events where dt = '2026-07-28' group by all order by all"
    with duckdb.connect() as plain:
        for statement in duckdb.extract_statements(trail.attach()):
            plain.execute(statement)
        found = plain.execute(query).fetchall()
        assert plain.execute("select count(*) from trailwatch.findings").fetchone() != (0,)
    assert found == [tuple(row.values()) for row in trail.sql(query)]


def test_a_path_cannot_break_out_of_the_script(tmp_path) -> None:
    place = tmp_path / "it's; drop table x; --\nselect 1"
    trail = tw.open(str(place), config=tw.Config(), create=True)
    with duckdb.connect() as plain:
        for statement in duckdb.extract_statements(trail.attach()):
            plain.execute(statement)
        assert plain.execute("select count(*) from trailwatch.events").fetchone() == (0,)
