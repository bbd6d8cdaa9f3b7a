"""The lock for people's SQL, and parameters that are bound."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.store.schema import EVENTS, SEEN


@pytest.fixture
def locked(tmp_path: Path) -> Engine:
    path = tmp_path / "rows' or 1=1.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), path)
    engine = Engine(threads=1)
    engine.files("numbers", [str(path)], pa.schema([("a", pa.int64())]))
    engine.lock([str(path)])
    return engine


def test_the_given_files_stay_readable(locked: Engine) -> None:
    assert locked.ask("select sum(a) as s from numbers").to_pylist() == [{"s": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "copy (select 1) to '/tmp/out.csv'",
        "attach '/tmp/other.db'",
        "set enable_external_access = true",
        "install httpfs",
        "load httpfs",
        "create table t as select 1",
        "drop view numbers",
        "select 1; drop view numbers",
        "pragma database_list",
        "insert into numbers values (1)",
        "export database '/tmp/x'",
    ],
)
def test_nothing_else_can_be_reached(locked: Engine, sql: str) -> None:
    with pytest.raises(EngineError):
        locked.ask(sql)


def test_a_question_that_takes_too_long_is_stopped(locked: Engine) -> None:
    with pytest.raises(EngineError, match="stopped after"):
        locked.ask("select count(*) from range(100000000000) a, range(1000) b", seconds=0.2)


def test_values_are_bound_not_spliced() -> None:
    with Engine(threads=1) as engine:
        hostile = "x'; drop table t; --"
        assert engine.rows("select $value", value=hostile) == [(hostile,)]


def test_an_error_is_one_of_ours() -> None:
    with Engine(threads=1) as engine, pytest.raises(EngineError):
        engine.query("select nothing from nowhere")


def test_sessions_see_nothing_of_each_other() -> None:
    with Engine() as one, Engine() as other:
        one.table("numbers", pa.table({"a": [1]}))
        other.table("numbers", pa.table({"a": [2]}))
        one.lend("lent", pa.table({"b": [3]}))
        assert one.rows("select a from numbers") == [(1,)]
        assert other.rows("select a from numbers") == [(2,)]
        with pytest.raises(EngineError):
            other.rows("select * from lent")


def test_a_session_that_shares_an_instance_cannot_be_locked() -> None:
    with Engine() as engine, pytest.raises(EngineError, match="shares"):
        engine.lock([])


def test_a_relation_may_change_its_kind() -> None:
    with Engine() as engine:
        engine.execute("create view numbers as select 1 as a")
        engine.table("numbers", pa.table({"a": [2]}))
        assert engine.rows("select a from numbers") == [(2,)]
        engine.clear("numbers")
        engine.clear("numbers")


def test_a_relation_of_the_package_takes_the_place_of_either_kind() -> None:
    with Engine() as engine:
        engine.table("seen", SEEN.columns.empty_table())
        engine.execute("create view known as select 1 as a")
        engine.build("known", day=None)
        engine.execute("create table parts as select 1 as a")
        engine.table("raw_events", EVENTS.columns.empty_table())
        engine.view("parts")
        assert engine.rows("select count(*) from known") == engine.rows("select count(*) from parts") == [(0,)]
