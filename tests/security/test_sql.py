"""SQL of people tries to break out: of the store's files, to the network, of time, of memory, of one SELECT."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.investigate import guard, views
from trailwatch.investigate.rows import Rows
from trailwatch.store.tables import Store

CANARY = "canary-4f1d"


class _Ear(http.server.BaseHTTPRequestHandler):
    heard: list[str] = []  # noqa: RUF012 — the server makes a handler a request

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_error(404)

    do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815 — the names that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def ear() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("room")
    (folder / "canary.csv").write_text(f"name\n{CANARY}\n")
    (folder / "canary.json").write_text(f'{{"name": "{CANARY}"}}\n')
    tw.open(str(folder / "store"), config=tw.Config(), create=True)
    return folder


@pytest.fixture(scope="module")
def locked(room: Path) -> Iterator[Engine]:
    """The session that `sql` asks, as it is locked."""
    with Engine(memory="1GB", spill=False, threads=1) as engine:
        engine.lock(views.show(Store.open(str(room / "store")), engine, config=tw.Config()))
        yield engine


READ = (
    "select * from read_csv('{f}.csv')", "select * from read_text('{f}.csv')", "select * from read_blob('{f}.csv')",
    "select * from read_json('{f}.json')", "select * from read_json_objects_auto('{f}.json')", "from '{f}.csv'", 'from "{f}.csv"',
    "select * from glob('{d}/*')", "select * from sniff_csv('{f}.csv')", "select * from read_parquet('{f}.parquet')",
    "select * from parquet_scan(['{f}.parquet'])", "select * from parquet_schema('{f}.parquet')", "select * from read_duckdb('{f}.db')",
    "select * from query('from read_text(''{f}.csv'')')", "select * from query_table('{f}.csv')",
    "select * from json_execute_serialized_sql(json_serialize_sql('from read_text(''{f}.csv'')'))",
    "with x as (from read_csv('{f}.csv')) select * from x", "select (select content from read_text('{f}.csv'))",
    "select * from events where exists (from read_csv('{f}.csv'))", "explain analyze select * from read_csv('{f}.csv')",
    "select * from read_text('{d}/store/../canary.csv')", "select * from read_text('file://{f}.csv')", "select * from read_csv('/dev/stdin')",
    "select * from read_text('/proc/self/environ')", "select getenv('HOME')", "/**/ select * from read_csv(/* x */ '{f}.csv') -- '",
    "select * from which_secret('s3://x/y', 's3')", "select * from duckdb_secrets()",
)  # fmt: skip
WRITE = (
    "copy (select 1) to '{d}/out.csv'", "explain copy (select 1) to '{d}/out.csv'", "explain analyze copy (select 1) to '{d}/out.csv'",
    "export database '{d}/out'", "attach '{d}/out.db'", "attach '{d}/out.db' as o (type duckdb)", "import database '{d}'", "vacuum",
    "create table people.x as select 1", "explain analyze create table x as select 1", "explain analyze insert into sessions select * from sessions",
    "explain /* */ analyze drop view people.findings", "delete from sessions", "update sessions set dt = null", "truncate sessions",
    "drop view people.findings", "create macro field(a, b) as 1", "create secret (type s3)", "alter view people.findings rename to x",
    "begin; select 1", "checkpoint", "detach store", "use main", "prepare x as select 1", "execute x", "call pragma_version()",
    "select * from enable_logging(storage = 'file', storage_path = '{d}/out')", "from enable_profiling()",
    "select 1; copy (select 1) to '{d}/out.csv'", "select 1;\nselect 2", "select 1 /* ; */; --\nselect 2", "", ";", "--",
)  # fmt: skip
SETTINGS = (
    "set enable_external_access = true", "set allowed_directories = ['/']", "reset lock_configuration", "set memory_limit = '1TB'",
    "pragma enable_external_access", "pragma database_list; select 1", "set variable readable = ['/etc/passwd']", "install httpfs",
    "load httpfs", "load '{d}/x.duckdb_extension'", "force install httpfs from 'http://{e}'", "set custom_extension_repository = 'http://{e}'",
    "select * from duckdb_extensions()", "from add_grammar_extension('x')",
)  # fmt: skip
NET = (
    "select * from read_csv('http://{e}/x.csv')", "select * from read_parquet('https://{e}/x')", "from 'http://{e}/x.json'",
    "select * from read_text('s3://{e}/x')", "copy (select 1) to 'http://{e}/x'", "attach 'http://{e}/x.db'",
    "select * from read_csv('hf://datasets/x/y.csv')", "attach 'postgres://{e}/x' as p (type postgres)",
)  # fmt: skip


@pytest.mark.parametrize("query", [*READ, *WRITE, *SETTINGS, *NET])
def test_nothing_outside_is_reached(room: Path, locked: Engine, ear: str, query: str) -> None:
    before = sorted(room.rglob("*"))
    with pytest.raises(EngineError) as refused:
        locked.ask(query.format(f=room / "canary", d=room, e=ear), seconds=20)
    assert CANARY not in str(refused.value)
    assert sorted(room.rglob("*")) == before
    assert _Ear.heard == []


def test_the_way_in_is_open_and_the_ways_of_asking_are_locked(room: Path) -> None:
    trail = tw.open(str(room / "store"), config=tw.Config())
    assert len(trail.sql("select count(*) as n from sessions")) == 1
    for ask in (trail.sql, Rows(pa.table({"a": [1]})).sql):
        with pytest.raises(EngineError, match="disabled by configuration"):
            ask(f"select * from read_csv('{room}/canary.csv')")
    assert "canary" in Engine(alone=True).query(f"select content from read_text('{room}/canary.csv')")[0][0].as_py()


@pytest.mark.parametrize(
    "query",
    [
        "with recursive t as (select 1 as i union all select i + 1 from t) select count(*) from t",
        "with recursive t as (select 1 as i union all select i + 1 from t) select * from t",
        "select count(*) from range(1000000000) a, range(1000000000) b", "select sleep_ms(60000)",
        "select max(length(repeat('x', a.i % 1000))) from range(1000000000000) a(i)",
        "select count(*) from range(10000000) a(i) join range(10000000) b(i) on a.i % 7 = b.i % 7",
    ],
)  # fmt: skip
def test_what_has_no_end_is_stopped(query: str) -> None:
    start = time.monotonic()
    with pytest.raises(EngineError, match="stopped after"):
        Rows(pa.table({"a": [1]})).sql(query, seconds=0.3)
    assert time.monotonic() - start < 20


def test_an_answer_is_bounded() -> None:
    with Engine(threads=1, memory="300MB", spill=False) as engine:
        engine.lock([])
        with pytest.raises(EngineError, match="larger than 8 MiB"):
            engine.ask("select i, repeat('x', 100) from range(1000000) t(i)", most=8 * 2**20)


@pytest.mark.parametrize(
    "query",
    [
        "select range(2000000000)", "select repeat('[', 500000)::json", "select string_agg(repeat('x', 100000), '') from range(20000)",
        "select regexp_matches('a', '((((a{0,100}){0,100}){0,100}){0,100})')", f"select {'(' * 5000}1{')' * 5000}",
        # What the limit of the engine does not count: one long list of lists, one long text, texts of texts.
        "select list_aggregate(list_transform(range(1000), lambda x: range(1000000)), 'count')",
        "select length(repeat('x', 4000000000 - i)) from range(9) t(i)",
        "with a as (select repeat('x', 100000000) as s), b as (select s || s || s || s as s from a) select s || s || s || s as s from b",
    ],
)  # fmt: skip
def test_what_takes_all_memory_is_an_error(room: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(guard, "SLACK", 200 * 2**20)
    with pytest.raises(EngineError):
        tw.open(str(room / "store"), config=tw.Config()).sql(query, memory="300MB", seconds=20)


def test_a_pattern_cannot_backtrack() -> None:
    found = Rows(pa.table({"a": [1]})).sql("select regexp_matches(repeat('a', 50000), '(a*)*b') as found", seconds=20)
    assert list(found) == [{"found": False}]


@pytest.mark.parametrize(
    "query",
    ["select date '9999-12-31' + 400000 as d", "select 'infinity'::timestamp as t", "select * from test_all_types()"],
)
def test_values_that_python_has_not_are_an_error_of_ours(query: str) -> None:
    rows = Rows(pa.table({"a": [1]})).sql(query)
    for show in (rows.text, rows.csv, rows.json, rows._repr_html_):
        with pytest.raises(EngineError, match="cannot be shown"):
            show()
    with pytest.raises(EngineError, match="cannot be shown"):
        Rows(pa.table({"a": [1]})).sql("select interval '1 day' as i").parquet()
    with pytest.raises(EngineError, match="cannot be shown"):
        Rows(pa.table({"a": [1]})).sql("select 'infinity'::date as d").df()


def test_columns_of_one_name_are_both_shown() -> None:
    rows = Rows(pa.table({"a": [1]})).sql("select 1 as a, 2 as a_1, 3 as a, 4 as A")
    assert rows.csv() == "a,a_1,a_2,A\n1,2,3,4\n"


def test_a_command_that_does_not_stop_is_ended() -> None:
    program = (
        "import time; from trailwatch.cli import guard; guard.GRACE = 0.1\n"
        "with guard.ending_after(0.2): time.sleep(60)"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, "was ended" in done.stderr) == (1, True)
