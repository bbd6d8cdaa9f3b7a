"""The syntax tree of SQL as DuckDB itself reads it, so that neither comments nor quotes can hide a thing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from trailwatch.engine import Engine

Node = Mapping[str, Any]


def tree(engine: Engine, text: str) -> Node:
    """Return the tree of a text of SQL; `error` in it says whether the text could be read."""
    found: Node = json.loads(engine.rows("select json_serialize_sql($text::varchar)", text=text)[0][0])
    return found


def text_of(engine: Engine, found: Node) -> str:
    """Return the SQL of a tree."""
    return str(engine.rows("select json_deserialize_sql($tree::json)", tree=json.dumps(found))[0][0])


def nodes(node: Any) -> Iterator[Node]:
    """Yield every node of a tree, each before those below it."""
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)
