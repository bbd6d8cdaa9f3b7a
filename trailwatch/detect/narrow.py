"""What of a large scope the rules can ask for: read in one pass, and kept small enough to be asked again and again.

Each clause, and each place in a query that reads events, is cut down to the conditions that need no long text. An event
that meets none of them cannot matter; the long texts of an event stay only where a rule that reads them may look.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailwatch.detect.compile import KEYS, VALUES, columns_of
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine

Node = Mapping[str, Any]

# Long texts: most of what an event weighs.
LONG = frozenset({"request", "response", "additional", "service_details", "resources", "user_agent", "error_message",
                  "tls", "addendum"})  # fmt: skip
_EVENTS = frozenset({"scope", "attributed", "events"})
_TRUE = {"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0, "query_location_length": 0,
         "literal": {"kind": "BOOLEAN", "text": "true"}}  # fmt: skip


@dataclass(frozen=True)
class _Ask:
    """What one place asks of events: the actions that it is bound to, or else a condition; and whether it reads long texts."""

    actions: frozenset[str] | None
    condition: str
    long: bool


def keep(engine: Engine, detections: Sequence[Detection]) -> None:
    """Put a table of what the rules can ask for in the place of the view `scope`."""
    present = [name for (name,) in engine.rows("select column_name from (describe scope)")]
    asks = [ask for detection in detections for ask in _asks(engine, detection, frozenset(present))]
    words = set().union(
        *(_words(f"{d.where} {d.query}") | set(columns_of(d)) for d in detections), KEYS, VALUES.values()
    )
    wanted = [
        name
        for name in present
        if name in words | {"origin", "event_source", "outcome", "management_event", "event_category"}
    ]
    long = f"case when {_any(ask for ask in asks if ask.long)} then "
    columns = ", ".join(f"{long}{name} end as {name}" if name in LONG else name for name in wanted)
    engine.execute(f"create or replace table narrow as select {columns} from scope where {_any(asks)}")
    engine.execute("drop view scope")
    engine.execute("alter table narrow rename to scope")


def restore(engine: Engine) -> None:
    """Bring the whole scope back."""
    engine.execute("drop table scope")
    engine.view("scope")


def _any(asks: Iterable[_Ask]) -> str:
    actions: set[str] = set()
    conditions: dict[str, None] = {}
    for ask in asks:
        if ask.actions is None:
            conditions[ask.condition] = None
        else:
            actions |= ask.actions
    bound = [f"action in ({', '.join(_text(one) for one in sorted(actions))})"] if actions else []
    return "(" + " or ".join([*bound, *conditions] or ["false"]) + ")"


def _asks(engine: Engine, detection: Detection, columns: frozenset[str]) -> Iterator[_Ask]:
    if detection.query:
        names = _given(tree := _tree(engine, detection.query))
        for select in _selects(tree):
            for alias in _aliases(select["from_table"], names):
                alone = select["from_table"]["type"] == "BASE_TABLE"
                yield _ask(
                    engine, select.get("where_clause") or _TRUE, alias if not alone else "", columns, detection.query
                )
        return
    where = detection.where or "true"
    yield _ask(engine, _tree(engine, f"select (\n{where}\n) from scope")["select_list"][0], "", columns, where)


def _ask(engine: Engine, condition: Node, alias: str, columns: frozenset[str], text: str) -> _Ask:
    pruned = _pruned(condition, alias, columns)
    tree = {"error": False, "statements": [{"node": {**_tree(engine, "select 1"), "select_list": [pruned]}}]}
    plain = str(engine.rows("select json_deserialize_sql($tree::json)", tree=json.dumps(tree))[0][0])
    return _Ask(_bound(pruned), f"({plain.removeprefix('SELECT ')})", bool(_words(text) & LONG))


def _pruned(node: Node, alias: str, columns: frozenset[str]) -> Node:
    """Return a condition without what needs long texts or other relations: never narrower than it was."""
    if str(node.get("type")) in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        return {**node, "alias": "", "children": [_pruned(child, alias, columns) for child in node["children"]]}
    names: list[Sequence[str]] = []
    if not _readable(node, names):
        return _TRUE
    for name in names:
        if (
            len(name) > 2
            or name[-1] in LONG
            or name[-1] not in columns
            or (alias and (len(name) == 1 or name[0] != alias))
        ):
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


def _selects(node: Any) -> Iterator[Node]:
    if isinstance(node, Mapping):
        if node.get("type") == "SELECT_NODE":
            yield node
        for value in node.values():
            yield from _selects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _selects(value)


def _aliases(source: Node, given: frozenset[str]) -> Iterator[str]:
    """Yield the names under which a FROM reads events."""
    if source.get("type") == "BASE_TABLE" and source["table_name"] in _EVENTS - given:
        yield str(source.get("alias") or source["table_name"])
    elif source.get("type") == "JOIN":
        for side in ("left", "right"):
            yield from _aliases(source[side], given)


def _given(node: Any) -> frozenset[str]:
    """Return the names that a query gives to its own parts."""
    if isinstance(node, Mapping):
        own = [str(entry["key"]) for entry in (node.get("cte_map") or {}).get("map", [])] if "cte_map" in node else []
        return frozenset(own).union(*(_given(value) for value in node.values()))
    if isinstance(node, list):
        return frozenset().union(*(_given(value) for value in node))
    return frozenset()


def _tree(engine: Engine, text: str) -> Any:
    return json.loads(engine.rows("select json_serialize_sql($text::varchar)", text=text)[0][0])["statements"][0][
        "node"
    ]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
