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
from trailwatch.policy import grouping, patterns
from trailwatch.policy.document import Policy
from trailwatch.policy.keys import Column, columns
from trailwatch.policy.targets import parameters

MOST_GROUPS = 400_000
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,100}")
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
    pairs = [_pair(source, called, kind, policies) for source, called, kind in engine.rows(grouping.names(records))]
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
    like, apart = grouping.apart(texts)
    table = engine.query(
        grouping.grouped(keys, names, apart, ids, MOST_GROUPS + 1 + 2 * len(pairs)),
        **({"patterns": like} if apart != "a" else {}),
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
