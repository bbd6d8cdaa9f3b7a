"""What a rule can ask of events: each clause, and each place in a query that reads events, without what needs long texts.

What is left of a condition is never narrower than the condition. Where the SQL does not say plainly which events it
reads, it asks for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailwatch.detect.detection import Detection
from trailwatch.detect.tree import Node, nodes, text_of, tree
from trailwatch.engine import Engine

# Long texts: most of what an event weighs.
LONG = frozenset({"request", "response", "additional", "service_details", "resources", "user_agent", "error_message",
                  "tls", "addendum"})  # fmt: skip
_EVENTS = frozenset({"scope", "attributed", "events"})
_OTHERS = frozenset({"SUBQUERY", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST"})
_TRUE: Node = {"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0, "query_location_length": 0,
         "literal": {"kind": "BOOLEAN", "text": "true"}}  # fmt: skip

_ASKED: dict[tuple[str, frozenset[str]], tuple[Ask, ...]] = {}
_MOST = 2_000


@dataclass(frozen=True)
class Ask:
    """What one place asks of events: the actions that it is bound to, or else a condition; and whether it reads long texts."""

    actions: frozenset[str] | None
    condition: str
    long: bool


def asks(engine: Engine, detection: Detection, columns: frozenset[str]) -> tuple[Ask, ...]:
    """Return what each place of a detection asks of events."""
    text = detection.query or f"select 1 from scope where (\n{detection.where or 'true'}\n)"
    if (text, columns) not in _ASKED:
        # Forgotten from the oldest on, so that a session that tries out thousands of rules stays small.
        while len(_ASKED) >= _MOST:
            _ASKED.pop(next(iter(_ASKED)))
        _ASKED[text, columns] = tuple(_asks(engine, text, columns))
    return _ASKED[text, columns]


def _asks(engine: Engine, text: str, columns: frozenset[str]) -> Iterator[Ask]:
    found = tree(engine, text)
    if found["error"]:
        # The query itself will say why it cannot run.
        yield Ask(None, "true", True)
        return
    for select in (node for node in nodes(found) if node.get("type") == "SELECT_NODE"):
        where = _TRUE if select.get("sample") else select.get("where_clause") or _TRUE
        source = select["from_table"]
        alone = source["type"] != "JOIN"
        for alias, condition in _sources(source, where):
            yield _ask(engine, _pruned(condition, alias, columns, alone=alone), text)


def _ask(engine: Engine, pruned: Node, text: str) -> Ask:
    frame = tree(engine, "select 1")["statements"][0]["node"]
    plain = text_of(engine, {"error": False, "statements": [{"node": {**frame, "select_list": [pruned]}}]})
    return Ask(_bound(pruned), f"({plain.removeprefix('SELECT ')})", bool(words(text) & LONG))


def _pruned(node: Node, alias: str, columns: frozenset[str], *, alone: bool) -> Node:
    """Return a condition without what needs long texts or other relations: never narrower than it was."""
    if str(node.get("type")) in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        children = [_pruned(child, alias, columns, alone=alone) for child in node["children"]]
        return {**node, "alias": "", "children": children}
    names: list[Sequence[str]] = []
    if not _readable(node, names):
        return _TRUE
    for name in names:
        # A name without a relation may be another relation's where several are joined.
        own = alone and len(name) == 1
        if name[-1] in LONG or name[-1] not in columns or not (own or (len(name) == 2 and name[0] == alias)):
            return _TRUE
    found: Node = _unqualified(node)
    return {**found, "alias": ""}


def _readable(node: Any, names: list[Sequence[str]]) -> bool:
    """Collect the columns of an expression; tell whether it is one that an event answers by itself."""
    if isinstance(node, list):
        return all(_readable(value, names) for value in node)
    if not isinstance(node, Mapping):
        return True
    if node.get("class") in ("SUBQUERY", "WINDOW", "LAMBDA"):
        return False
    if node.get("class") == "COLUMN_REF":
        names.append(node["column_names"])
    return all(_readable(value, names) for value in node.values())


def _unqualified(node: Any) -> Any:
    if isinstance(node, list):
        return [_unqualified(value) for value in node]
    if not isinstance(node, Mapping):
        return node
    changed = {key: _unqualified(value) for key, value in node.items()}
    if node.get("class") == "COLUMN_REF":
        changed["column_names"] = node["column_names"][-1:]
    return changed


def _bound(node: Node) -> frozenset[str] | None:
    """Return the actions outside of which a condition is never true, where it names them."""
    kind = str(node.get("type"))
    if kind in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        found = [_bound(child) for child in node["children"]]
        named = [one for one in found if one is not None]
        if kind == "CONJUNCTION_AND":
            return min(named, key=len, default=None)
        return frozenset().union(*named) if len(named) == len(found) else None
    left, *values = node["children"] if kind == "COMPARE_IN" else (node.get("left", {}), node.get("right", {}))
    if kind not in ("COMPARE_IN", "COMPARE_EQUAL") or left.get("column_names") != ["action"]:
        return None
    texts = [value.get("literal", {}) for value in values]
    if not all(text.get("kind") == "STRING" for text in texts):
        return None
    return frozenset(str(text["text"]) for text in texts)


def _sources(source: Node, where: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names under which a FROM reads events, each with the condition without which its events cannot matter."""
    if source["type"] == "BASE_TABLE":
        # A part of the query's own may have such a name too: then this asks for more than is needed, never for less.
        if str(source["table_name"]).lower() in _EVENTS:
            alias = str(source.get("alias") or source["table_name"])
            yield alias, _TRUE if source.get("sample") else where
    elif source["type"] == "JOIN":
        # Where rows stand without a partner, what is left out would be a partner missed: only ON may say so.
        joined = source.get("condition") or _TRUE
        left, right = {
            "INNER": (where, where), "LEFT": (where, joined), "SEMI": (where, joined), "ANTI": (where, joined),
            "RIGHT": (joined, where),
        }.get(source["join_type"], (_TRUE, _TRUE)) if source["ref_type"] in ("REGULAR", "CROSS") else (_TRUE, _TRUE)  # fmt: skip
        yield from _sources(source["left"], left)
        yield from _sources(source["right"], right)
    elif source["type"] not in _OTHERS:
        yield "", _TRUE


def words(text: str) -> set[str]:
    """Return the words of a text of SQL, in lower case, as names are compared."""
    return set(re.findall(r"\w+", text.lower()))
