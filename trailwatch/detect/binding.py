"""Why a clause does not bind, in words: the place of the unknown name, and the nearest one that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trailwatch.detect.clause import RELATIONS, Flaw, frame
from trailwatch.detect.fields import did_you_mean, nearest, nearest_column
from trailwatch.detect.tree import Node, nodes, tree
from trailwatch.engine import Engine

_COLUMN = re.compile(r'Referenced column "(.+?)" not found')
_TABLE = re.compile(r'Referenced table "(.+?)" not found|Table with name (\S+) does not exist')
_FUNCTION = re.compile(r"Function with name (\S+) does not exist")


def explained(engine: Engine, said: str, *, where: str = "", query: str = "") -> Flaw:
    """Return what the engine said of a clause as a flaw, with the nearest name where one is unknown.

    Its offset is that of the unknown name in the clause, -1 where there is none.
    """
    name, what = "", said
    if found := _COLUMN.search(said):
        name = found[1]
        what = f"there is no column {name!r}{did_you_mean(nearest_column(name, _columns(engine)))}"
    elif found := _FUNCTION.search(said):
        name = found[1]
        what = f"there is no function {name}(){did_you_mean(nearest(name, _functions(engine)))}"
    elif found := _TABLE.search(said):
        name = found[1] or found[2]
        what = f"there is no relation {name!r}{did_you_mean(nearest(name, RELATIONS))}"
    return Flaw(what, _offset(engine, name, where=where, query=query) if name else -1)


def _offset(engine: Engine, name: str, *, where: str, query: str) -> int:
    """Return where a name stands in the clause: in its syntax tree, so that neither quotes nor comments count."""
    text, before = frame(where=where, query=query)
    places = [place for place in _places(tree(engine, text), name.lower()) if before <= place < 2**63]
    return min(places, default=before - 1) - before


def _places(found: Node, name: str) -> Iterator[int]:
    for node in nodes(found):
        named = [*(node.get("column_names") or []), node.get("function_name"), node.get("table_name")]
        if name in [str(one).lower() for one in named if one] and isinstance(node.get("query_location"), int):
            yield node["query_location"]


def _columns(engine: Engine) -> list[str]:
    return [
        name
        for (name,) in engine.rows(
            "select distinct column_name from information_schema.columns where table_catalog = current_database()"
        )
    ]


def _functions(engine: Engine) -> list[str]:
    return [name for (name,) in engine.rows("select distinct function_name from duckdb_functions()")
            if re.fullmatch(r"[a-z]\w*", name)]  # fmt: skip
