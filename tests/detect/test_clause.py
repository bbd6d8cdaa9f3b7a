"""What a clause may say: no null-blind negation, nothing outside scope, one condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trailwatch.detect.clause import flaws

if TYPE_CHECKING:
    from trailwatch.engine import Engine


@pytest.mark.parametrize(
    "where",
    [
        "error_code <> 'x'", "error_code != 'x'", "'x' <> lower(error_code)", "error_code not in ('a', 'b')",
        "not (error_code in ('a'))", "user_agent not like 'a%'", "user_agent not ilike 'a%'", "not read_only",
        "not (error_code = 'a' and outcome = 'ok')", "not field(request, 'a') = 'x'", "principal_gap <> 3",
        "event_name not between 'a' and 'b'", "not regexp_matches(user_agent, 'x')", "not (error_code is null or user_name = 'a')",
        "not case when error_code = 'a' then true end", "event_name in ('a', 'b') and aws_region <> 'x'",
        "try_cast(target as int) <> 3", "not (principal in (select value from seen))",
    ],
)  # fmt: skip
def test_null_blind_negation_is_refused(engine: Engine, where: str) -> None:
    (flaw,) = flaws(engine, where=where)
    assert "is distinct from" in flaw.what


@pytest.mark.parametrize(
    "where",
    [
        "error_code is distinct from 'x'", "coalesce(error_code, '') <> 'x'", "coalesce(error_code <> 'x', true)",
        "outcome <> 'ok'", "principal not like '%/root'", "not (outcome in ('ok'))", "not ended", "not coalesce(read_only, false)",
        "not (field(request, 'a') is null)", "error_code is not null", "not exists (select 1 from seen s where s.principal = scope.principal)",
        "not contains(coalesce(request, ''), 'x')", "not own_account(field(request, 'accountId'))",
        "len(foreign_accounts(request)) <> 0", "-- 'quotes' and <> in a comment\noutcome = 'a <> b'",
    ],
)  # fmt: skip
def test_negation_of_what_always_has_a_value_is_fine(engine: Engine, where: str) -> None:
    assert list(flaws(engine, where=where)) == []


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("exists (select 1 from read_csv('/etc/passwd'))", "read_csv"),
        ("exists (select 1 from '/etc/passwd')", "/etc/passwd"),
        ("exists (select 1 from glob('/*'))", "glob"),
        ("exists (select 1 from duckdb_settings())", "duckdb_settings"),
        ("exists (select 1 from information_schema.tables)", "tables"),
        ("exists (select 1 from (describe scope))", "nothing to read"),
        ("exists (select 1 from query('select 1'))", "query"),
        ("getenv('HOME') = 'x'", "getenv"),
        ("current_setting('threads') = 1", "current_setting"),
        ("request ->> '$.a' = 'x'", "field("),
        ("true; drop table scope", "syntax error"),
        ("true) as a, (false", "one condition"),
        ("true) from seen where (true", "syntax error"),
        ("true /*", "unterminated"),
        ("(true", "syntax error"),
    ],
)
def test_nothing_outside_can_be_reached(engine: Engine, where: str, told: str) -> None:
    assert any(told in flaw.what for flaw in flaws(engine, where=where))


def test_places_point_into_the_clause(engine: Engine) -> None:
    where = "outcome = 'ok'\nand error_code <> 'x'"
    (flaw,) = flaws(engine, where=where)
    assert where[flaw.offset :].startswith("error_code")


def test_a_query_reads_relations_and_its_own_parts(engine: Engine) -> None:
    good = "with made as (select event_id from attributed) select event_id from made join scope using (event_id)"
    assert list(flaws(engine, query=good)) == []
    assert [f.what for f in flaws(engine, query="select 1; select 2")] == ["one statement only"]
    assert any("parquet" in f.what for f in flaws(engine, query="select event_id from 'x.parquet'"))
    assert any("select" in f.what.lower() for f in flaws(engine, query="copy scope to 'x'"))
    (flaw,) = flaws(
        engine, query="with a as (select event_id from events where error_code <> 'x') select event_id from a"
    )
    assert "error_code" in flaw.what
