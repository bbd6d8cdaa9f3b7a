"""SQL that groups calls by only that what some policies can tell apart; every piece of it is a constant or a checked name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trailwatch.policy.keys import Column
from trailwatch.policy.patterns import ANY, ONE, Text

ARNS = r"""regexp_extract_all(resources, '(?i)"arn"\s*:\s*"([^"\\]+)"', 1)"""
OBJECT = "regexp_matches(a, '^arn:aws[a-z-]*:s3:::[^/]+/')"
ROLES = r"""regexp_extract_all(request, '"[A-Za-z]*[rR]ole[A-Za-z]*"\s*:\s*"(arn:aws[a-z-]*:iam::\d{12}:role/[^"\\]+)"', 1)"""


def names(records: str) -> str:
    """Return SQL for every name that policy_calls.sql may give to the calls among some records."""
    return f"""
        with said as (select distinct coalesce(event_source, '') as source, coalesce(event_name, '') as name,
                      coalesce(event_type, '') as kind from {records})
        select * from said
        union
        select source, replace(replace(name, 'HeadObject', 'GetObject'), 'Object', 'ObjectVersion'), kind from said
        where source = 's3.amazonaws.com' and contains(name, 'Object')
        order by all
    """


def apart(texts: list[Text]) -> tuple[list[str], str]:
    """Return the patterns of resources for LIKE, and SQL for what they tell apart of an ARN.

    Objects are many; two of a bucket under the same patterns are the same to a policy without variables. Other
    resources are few, and each is looked at by itself.
    """
    if any(text.keys for text in texts):
        return [], "a"
    pieces = sorted({"".join(piece for piece in text.pieces if isinstance(piece, str)) for text in texts})
    like = [re.sub(r"([\\%_])", r"\\\1", piece).replace(ANY, "%").replace(ONE, "_") for piece in pieces]
    bits = r"array_to_string(list_transform($patterns::varchar[], lambda p: (like_escape(a, p, '\'))::int), '')"
    return like, f"case when {OBJECT} then regexp_extract(a, '^[^/]+/') || {bits} else a end"


def parameters_sql(names: Mapping[str, list[str]]) -> str:
    """Return SQL for the wanted parameters of a call, by its source."""
    paths = {source: ", ".join(f"'$.{name}'" for name in wanted) for source, wanted in sorted(names.items())}
    cases = " ".join(f"when '{source}' then json_extract_string(request, [{path}])" for source, path in paths.items())
    return f"case c.event_source {cases} end" if cases else "null::varchar[]"


def grouped(keys: list[Column], names: Mapping[str, list[str]], apart: str, ids: int, most: int) -> str:
    """Return SQL for the groups of the calls in `policy_calls` under the pairs in `policy_pairs`, `most` at most."""
    # Every piece is a constant of this package, a checked name, or a number or date that was read as one.
    asked = parameters_sql(names)
    # Calls that are only counted are not told apart.
    values = "".join(f", case when judged then {key.apart} end as g{at}, case when judged then {key.shown} end as k{at}"
                     for at, key in enumerate(keys))  # fmt: skip
    shown = "".join(f", any_value(k{at}) as k{at}" for at in range(len(keys)))
    grouped = "".join(f", g{at}" for at in range(len(keys)))
    named = f", arg_max(event_id, event_time, {int(ids)}) as ids" if ids > 1 else ""
    return f"""
        with looked as (
            select
                p.place,
                c.outcome = 'denied' as denied,
                p.judged and c.outcome <> 'denied' as judged,
                case when judged and (p.resource or p.passes <> '') then coalesce(c.account, '') end as account,
                case when judged and (p.resource or p.passes <> '') then c.aws_region end as region,
                case when judged and p.resource then {ARNS} end as arns,
                case when judged and (p.resource or p.passes not in ('', 'arns', 'profile')) then {asked} end as asked,
                case when not judged then null
                    when p.passes = 'arns' then list_sort(list_distinct({ROLES}))
                    when p.passes = 'profile' and contains(request, '"iamInstanceProfile"') then ['profile']
                end as roles,
                c.event_time, c.event_id{values}
            from policy_calls as c
            join policy_pairs as p
                on p.source = coalesce(c.event_source, '') and p.name = coalesce(c.called, '')
                and p.kind = coalesce(c.event_type, '')
        ),
        apart as (
            select
                * replace (case when len(list_filter(arns, lambda a: {OBJECT})) > 0 then null else asked end as asked),
                list_transform(arns, lambda a: {apart}) as distinct_arns
            from looked
        )
        select
            place, denied, judged, account, region, any_value(arns) as arns, asked, roles, count(*) as calls,
            max(event_time) as last_time, arg_max(event_id, event_time) as event_id{named}{shown}
        from apart
        group by place, denied, judged, account, region, distinct_arns, asked, roles{grouped}
        limit {most}
    """
