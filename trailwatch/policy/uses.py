"""What principals used: their calls, grouped by all that a policy could say of them, and what speaks against some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from trailwatch.actions import permission
from trailwatch.engine import Engine
from trailwatch.errors import PolicyError
from trailwatch.policy import calls, grouping
from trailwatch.policy.calls import Group, Pair

Fate = Literal["ok", "failed", "denied"]
FEW = 5  # as many objects under one path, and the path stands for them


@dataclass(frozen=True)
class Use:
    """Calls that are alike in all that a policy could say of them."""

    group: Group
    via: str  # the service that called on the principal's behalf, '' where nobody did
    fate: Fate
    finding: str  # of which they are part, '' for none


@dataclass(frozen=True)
class Uses:
    """All that some principals called in a window."""

    uses: tuple[Use, ...]
    pairs: tuple[Pair, ...]


def read(engine: Engine) -> Uses:
    """Return the calls in the relations `policy_calls` and `policy_flagged` of an engine."""
    rows = engine.rows(
        "select coalesce(event_source, ''), coalesce(called, ''), coalesce(event_type, ''), count(*) "
        "from policy_calls group by all order by all"
    )
    pairs = []
    for source, called, kind, count in rows:
        needed = permission(source, called, kind)
        pairs.append(Pair(source, called, kind, count, needed, bool(needed.action), calls.passes(needed.action)))
    engine.table("policy_pairs", pa.table({
        "place": pa.array(range(len(pairs)), pa.int32()), "source": pa.array([pair.source for pair in pairs], pa.string()),
        "name": pa.array([pair.called for pair in pairs], pa.string()),
        "kind": pa.array([pair.kind for pair in pairs], pa.string()),
        "passes": pa.array([pair.passes for pair in pairs], pa.string()),
    }))  # fmt: skip
    return Uses(tuple(_uses(engine, pairs)) if pairs else (), tuple(pairs))


def _uses(engine: Engine, pairs: list[Pair]) -> Iterator[Use]:
    names = calls.told(pairs)
    engine.execute(_looked(names))
    table = engine.query(_GROUPED)
    if table.num_rows > calls.MOST_GROUPS:
        raise PolicyError(
            f"the calls differ in more than {calls.MOST_GROUPS:,} ways",
            where="generate",
            hint="a shorter --from and --to",
        )
    for batch in table.to_batches(max_chunksize=5_000):
        for row in batch.to_pylist():
            pair = pairs[row["place"]]
            yield Use(_group(pair, row, names), row["via"], row["fate"], row["finding"])


def _group(pair: Pair, row: Mapping[str, Any], names: Mapping[str, list[str]]) -> Group:
    asked = zip(names.get(pair.source, []), _texts(row["asked"]), strict=False)
    return Group(
        pair, str(row["account"]), str(row["region"]), _texts(row["arns"]),
        {name: value for name, value in asked if value}, _texts(row["roles"]), {},
        row["calls"], row["last_time"], str(row["event_id"] or ""),
    )  # fmt: skip


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else ()


def _looked(names: Mapping[str, list[str]]) -> str:
    # Every piece is a constant of this package, or a checked name.
    return f"""
        create or replace table policy_looked as
        select
            p.place, coalesce(c.account, '') as account, coalesce(c.aws_region, '') as region,
            {grouping.ARNS} as arns,
            list_filter({grouping.ARNS}, lambda a: {grouping.OBJECT})[1] as object,
            {grouping.parameters_sql(names)} as asked,
            case when p.passes = 'arns' then list_sort(list_distinct({grouping.ROLES}))
                when p.passes = 'profile' and contains(request, '"iamInstanceProfile"') then ['profile']
            end as roles,
            case when origin = 'via-service' and invoked_by like '%.amazonaws.com' then invoked_by else '' end as via,
            case outcome when 'ok' then 'ok' when 'denied' then 'denied' else 'failed' end as fate,
            coalesce(f.finding, '') as finding, c.event_time, c.event_id
        from policy_calls as c
        join policy_pairs as p
            on p.source = coalesce(c.event_source, '') and p.name = coalesce(c.called, '')
            and p.kind = coalesce(c.event_type, '')
        left join (select event_id, min(finding) as finding from policy_flagged group by event_id) as f
            using (event_id)
    """


# Objects are many. Where one path holds several, it stands for them already here; of fewer each is looked at.
_GROUPED = f"""
    with paths as (
        select regexp_extract(object, '^.*/') as path
        from policy_looked
        where object is not null and finding = '' and fate = 'ok'
        group by path
        having approx_count_distinct(object) > {2 * FEW}
    ),
    apart as (
        select
            l.* replace (
                case when p.path is not null and l.finding = '' and l.fate = 'ok' then [p.path || '*'] else l.arns end as arns,
                case when l.object is not null then null else l.asked end as asked
            )
        from policy_looked as l
        left join paths as p on p.path = regexp_extract(l.object, '^.*/')
    )
    select
        place, account, region, arns, asked, roles, via, fate, finding,
        count(*) as calls, max(event_time) as last_time, arg_max(event_id, event_time) as event_id
    from apart
    group by place, account, region, arns, asked, roles, via, fate, finding
    order by all
    limit {calls.MOST_GROUPS + 1}
"""
