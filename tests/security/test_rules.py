"""Rules of others try to break out or to go on for ever: refused where the text shows it, stopped where it does not."""

from __future__ import annotations

import time

import pytest
import trails
from fuzzing.seeds import rule

from trailwatch.detect import context, scan
from trailwatch.detect.detection import parse
from trailwatch.detect.laws import Bench, problems
from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

REFUSED = [
    "exists (select 1 from read_csv('/etc/passwd'))", "exists (from '/etc/passwd')", "event_name in (from glob('/*'))",
    "getvariable('x') = 'y'", "current_setting('threads') = 1", "exists (from duckdb_settings())", "exists (from query('select 1'))",
    "exists (from information_schema.tables)", "exists (from system.main.duckdb_tables)", "1 = 1) from scope; drop table scope; --",
    "length(repeat('x', 2000000000)) > 1", "'a'.repeat(1000000000) = ''", "system.main.repeat('x', 100) = ''", "lpad('x', 1000000000, 'y') = ''",
    "printf('%2000000000d', 1) = ''", "list_sum(range(1000000000)) > 0", "len(range(epoch_us(event_time))) > 0",
    "len(range(if(event_name = 'x', 1, 1000000000))) > 0", "exists (from range(100000000000))", "exists (from generate_series(1, 100000000000))",
    "(with recursive t as (select 1 as i union all select i + 1 from t) select count(*) from t) > 0", "sleep_ms(100000) is null",
    "list_resize([1], 1000000000) = []", "setseed(0.5) is null", "write_log('x') is null", "'" + "x" * 30_000 + "' = ''",
]  # fmt: skip


@pytest.fixture(scope="module")
def bench():
    with Bench() as one:
        yield one


@pytest.mark.parametrize("clause", REFUSED)
@pytest.mark.parametrize("key", ["where", "query", "snapshot"])
def test_a_clause_that_reaches_out_or_grows_is_refused_before_it_runs(bench, clause, key) -> None:
    text = {
        "where": clause, "query": f"select event_id from scope where {clause}",
        "snapshot": f"select account, '' as principal, '' as target from iam_accounts as scope where {clause}",
    }[key]  # fmt: skip
    start = time.process_time()
    assert [one for one in problems(parse(rule(text, key), name="x", path="x.toml"), bench) if one.law == "clause"]
    assert time.process_time() - start < 5


def test_bounded_ranges_stay_allowed(bench) -> None:
    for clause in ("len(range(if(outcome = 'ok', 0, 10))) > 1", "exists (from range(100))"):
        assert not problems(parse(rule(clause), name="x", path="x.toml"), bench)


def test_a_rule_without_end_is_named_and_the_others_go_on(monkeypatch) -> None:
    monkeypatch.setattr(scan, "PATIENCE", 1.0)
    monkeypatch.setattr(scan, "TIMES", 0)
    endless = "(select count(*) from range(10000) a, range(10000) b, range(10000) c where a.range + b.range + c.range > length(event_id)) > 5"
    rules = [
        parse(rule(endless), name="endless", path="x.toml"),
        parse(rule(f"select event_id from scope where {endless}", "query"), name="endless-query", path="y.toml"),
        parse(rule("event_name = 'GetUser'"), name="fine", path="z.toml"),
    ]
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records([trails.record(1, eventName="GetUser", eventID="one")]))
        sessions.resolve(engine, aliases={})
        context.build(engine)
        start = time.monotonic()
        found = scan.evaluate(engine, rules, history=False)
    assert [row["detection"] for row in found.hits.to_pylist()] == ["fine"]
    assert {one.id for one in found.not_run} == {"endless", "endless-query"}
    assert all("stopped after" in one.reason or "no time left" in one.reason for one in found.not_run)
    assert time.monotonic() - start < 30
