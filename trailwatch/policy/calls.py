"""The past calls of principals, grouped in DuckDB by only that what some policies can tell apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from trailwatch.actions import Permission, passing, permission
from trailwatch.engine import Engine
from trailwatch.policy import patterns
from trailwatch.policy.document import Policy
from trailwatch.policy.keys import Column, columns
from trailwatch.policy.patterns import ANY, ONE, Text
from trailwatch.policy.targets import parameters

MOST_GROUPS = 400_000
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,100}")
ARNS = r"""regexp_extract_all(resources, '(?i)"arn"\s*:\s*"([^"\\]+)"', 1)"""
OBJECT = "regexp_matches(a, '^arn:aws[a-z-]*:s3:::[^/]+/')"
ROLES = r"""regexp_extract_all(request, '"[A-Za-z]*[rR]ole[A-Za-z]*"\s*:\s*"(arn:aws[a-z-]*:iam::\d{12}:role/[^"\\]+)"', 1)"""

# Whoever comes without credentials of AWS is let in by the trust policy of the role, and by no other.
_BY_TRUST = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


@dataclass(frozen=True)
class Pair:
    """One event name of a source, with what a caller needs for it and what of its record has to be read."""

    source: str
    called: str
    kind: str
    calls: int
    permission: Permission
    resource: bool = False
    passes: str = ""  # '' no role, arns, profile, or the name of a parameter


@dataclass(frozen=True)
class Group:
    """Calls that some policies cannot tell apart."""

    pair: Pair
    account: str
    region: str
    arns: tuple[str, ...]
    asked: Mapping[str, str]
    roles: tuple[str, ...]
    known: Mapping[str, list[str] | None]
    calls: int
    last_time: datetime
    event_id: str
    more_ids: tuple[str, ...] = ()  # of the other calls, as many as were asked for


@dataclass
class Calls:
    """What one replay reads: the pairs of the window, and the groups among them."""

    pairs: list[Pair]
    denied: int  # calls that were denied when they were made
    groups: list[Group] = field(default_factory=list)


def read(engine: Engine, policies: tuple[Policy, ...], *, ids: int = 1, records: str) -> Calls:
    """Return the calls in the relation `policy_calls` of an engine, grouped for some policies; of each group some `ids`."""
    # What events mean is worked out once: which names there may be, the records say by themselves.
    pairs = [_pair(source, called, kind, policies) for source, called, kind in engine.rows(_names(records))]
    engine.table("policy_pairs", pa.table({
        "place": pa.array(range(len(pairs)), pa.int32()), "source": pa.array([pair.source for pair in pairs], pa.string()),
        "name": pa.array([pair.called for pair in pairs], pa.string()),
        "kind": pa.array([pair.kind for pair in pairs], pa.string()),
        "judged": pa.array([pair.permission.how != "none" for pair in pairs], pa.bool_()),
        "resource": pa.array([pair.resource for pair in pairs], pa.bool_()),
        "passes": pa.array([pair.passes for pair in pairs], pa.string()),
    }))  # fmt: skip
    keys, names = columns(policies), told(pair for pair in pairs if pair.permission.how != "none")
    texts = [text for policy in policies for statement in policy.statements for text in statement.resources]
    like, apart = _apart(texts)
    table = engine.query(
        _sql(keys, names, apart, ids, MOST_GROUPS + 1 + 2 * len(pairs)), **({"patterns": like} if apart != "a" else {})
    )
    counts: dict[int, int] = defaultdict(int)
    denied = 0
    for place, was_denied, calls in zip(*(table.column(name).to_pylist() for name in ("place", "denied", "calls")),
                                        strict=True):  # fmt: skip
        denied += calls * was_denied
        counts[place] += calls * (not was_denied)
    pairs = [replace(pair, calls=counts[place]) for place, pair in enumerate(pairs)]
    groups = _groups(table.filter(table.column("judged")), pairs, names, keys)
    return Calls(sorted((pair for pair in pairs if pair.calls), key=lambda pair: (pair.source, pair.called, pair.kind)),
                 denied, list(groups))  # fmt: skip


def _names(records: str) -> str:
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


def _pair(source: str, called: str, kind: str, policies: tuple[Policy, ...]) -> Pair:
    needed = permission(source, called, kind)
    if called in _BY_TRUST and source == "sts.amazonaws.com" and any(policy.kind == "resource" for policy in policies):
        needed = Permission("name", f"sts:{called}")
    action = needed.action.lower()
    limited = any(
        not statement.any_resource
        and statement.not_actions != any(patterns.matches(one, action) for one in statement.actions)
        for policy in policies
        for statement in policy.statements
    )
    return Pair(source, called, kind, 0, needed, limited and bool(action), passes(needed.action))


def passes(action: str) -> str:
    """Return how calls of an action tell the role that they hand over: '' none, arns, profile, or a parameter."""
    role = passing(action) if action else None
    return "" if role is None else role.parameter or ("arns" if role.arns else "profile")


def _groups(
    table: pa.Table, pairs: list[Pair], names: Mapping[str, list[str]], keys: list[Column]
) -> Iterator[Group]:  # fmt: skip
    for batch in table.to_batches(max_chunksize=5_000):
        for row in batch.to_pylist():
            pair = pairs[row["place"]]
            wanted = names.get(pair.source, [])
            yield Group(
                pair, row["account"] or "", row["region"] or "", tuple(row["arns"] or ()),
                {name: value for name, value in zip(wanted, row["asked"] or (), strict=False) if value},
                tuple(row["roles"] or ()), {key.key: row[f"k{at}"] for at, key in enumerate(keys)},
                row["calls"], row["last_time"], row["event_id"] or "", tuple((row.get("ids") or ())[1:]),
            )  # fmt: skip


def told(judged: Iterable[Pair]) -> dict[str, list[str]]:
    """Return for each source the request parameters that may tell what its calls were about."""
    found: dict[str, dict[str, None]] = {}
    for pair in judged:
        if pair.resource and _HOST.fullmatch(pair.source):
            found.setdefault(pair.source, {}).update(dict.fromkeys(parameters(pair.permission.action)))
        if pair.passes not in ("", "arns", "profile") and _HOST.fullmatch(pair.source):
            found.setdefault(pair.source, {})[pair.passes] = None
    return {source: list(names) for source, names in found.items() if names}


def _apart(texts: list[Text]) -> tuple[list[str], str]:
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


def _sql(keys: list[Column], names: Mapping[str, list[str]], apart: str, ids: int, most: int) -> str:
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
