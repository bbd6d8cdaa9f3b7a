"""Policies as short as IAM wants them: permissions joined into statements, and statements into documents."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailwatch.actions import templates

Document = dict[str, Any]
Condition = tuple[tuple[str, str, str], ...]
"""Operator, key and value of each test."""


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, under a condition."""

    action: str
    resource: str
    condition: Condition = ()


def statements(grants: Iterable[Grant]) -> list[Document]:
    """Return the statements that allow exactly some grants, joined in the shorter of two ways.

    Actions on the same resources stand together, or resources of the same actions do; joining more than is the same
    would allow what was never used. An action that works on several kinds of resources at once keeps them in one place.
    """
    found: list[Document] = []
    groups: dict[tuple[Condition, str, str], set[Grant]] = defaultdict(set)
    for grant in grants:
        service = grant.action.partition(":")[0] if grant.resource != "*" else "*"
        several = service != "*" and sum(kind.required for kind in templates(grant.action)) > 1
        groups[grant.condition, service, grant.action if several else ""].add(grant)
    for (condition, _, _), same in sorted(groups.items()):
        one = _by(same, condition, resources_first=True)
        other = _by(same, condition, resources_first=False)
        found += min(one, other, key=size)
    return found


def size(body: Any) -> int:
    """Return the number of characters of a document without white space, as IAM counts it."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def document(parts: Sequence[Document]) -> Document:
    """Return a policy of some statements."""
    return {"Version": "2012-10-17", "Statement": list(parts)}


def pack(parts: Sequence[Document], *, limit: int) -> list[Document]:
    """Return as few documents within a limit of characters as first fit makes of statements, the largest first."""
    pieces = [piece for part in parts for piece in _pieces(part, limit)]
    bare = size(document([]))
    made: list[tuple[int, list[Document]]] = []
    for piece in sorted(pieces, key=lambda one: (-size(one), json.dumps(one, sort_keys=True))):
        cost = size(piece) + 1
        for place, (used, inside) in enumerate(made):
            if used + cost <= limit:
                made[place] = (used + cost, [*inside, piece])
                break
        else:
            made.append((bare + cost - 1, [piece]))
    return [document(sorted(inside, key=_order)) for _, inside in made]


def _by(grants: set[Grant], condition: Condition, *, resources_first: bool) -> list[Document]:
    by: dict[str, set[str]] = defaultdict(set)
    for grant in grants:
        key, value = (grant.action, grant.resource) if resources_first else (grant.resource, grant.action)
        by[key].add(value)
    same: dict[frozenset[str], set[str]] = defaultdict(set)
    for key, values in by.items():
        same[frozenset(values)].add(key)
    pairs = [(keys, values) if resources_first else (values, keys) for values, keys in same.items()]
    return sorted((_statement(actions, resources, condition) for actions, resources in pairs), key=_order)


def _statement(actions: Iterable[str], resources: Iterable[str], condition: Condition) -> Document:
    made: Document = {"Effect": "Allow", "Action": _few(actions), "Resource": _few(resources)}
    if condition:
        tests: dict[str, dict[str, str]] = defaultdict(dict)
        for operator, key, value in condition:
            tests[operator][key] = value
        made["Condition"] = dict(tests)
    return made


def _few(values: Iterable[str]) -> str | list[str]:
    found = sorted(values)
    return found[0] if len(found) == 1 else found


def _order(part: Mapping[str, Any]) -> tuple[str, str]:
    actions = part.get("Action", part.get("NotAction", ""))
    return (actions if isinstance(actions, str) else actions[0], json.dumps(part, sort_keys=True))


def _pieces(part: Document, limit: int) -> list[Document]:
    """Return a statement cut in two until each piece fits; one that cannot be cut any more stays as it is."""
    if size(document([part])) <= limit:
        return [part]
    key = max(("Resource", "Action"), key=lambda name: size(part.get(name, "")))
    values = part.get(key)
    if not isinstance(values, list) or len(values) < 2:
        return [part]
    middle = len(values) // 2
    halves = ({**part, key: _few(values[:middle])}, {**part, key: _few(values[middle:])})
    return [piece for half in halves for piece in _pieces(half, limit)]
