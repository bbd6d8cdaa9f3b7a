"""What a clause may say: read as a syntax tree by DuckDB itself, so that neither comments nor quotes can hide a thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trailwatch.detect.bounds import LONGEST, unbounded
from trailwatch.detect.context import NULLABLE as NULLABLE_CONTEXT
from trailwatch.detect.relations import NULLABLE as NULLABLE_POSTURE
from trailwatch.detect.tree import Node, nodes, tree
from trailwatch.engine import Engine
from trailwatch.store.schema import EVENTS

RELATIONS = frozenset({
    "scope", "attributed", "events", "activity", "activity_window", "identity_days", "seen", "links", "sessions",
    "rhythm", "habits", "peers",
})  # fmt: skip
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
_SOURCES = frozenset({"BASE_TABLE", "TABLE_FUNCTION", "JOIN", "SUBQUERY", "EMPTY", "EXPRESSION_LIST"})
# Functions that reach out of the query or change the session.
_FORBIDDEN = ("read_", "duckdb_", "pragma_", "parquet_", "sniff_", "pg_", "query", "getenv", "getvariable", "current_setting",
              "set_config", "glob", "which_secret", "nextval", "currval", "setval", "setseed", "write_log", "json_execute", "from_substrait",
              "from_json_", "arrow_scan", "python_", "pandas_", "checkpoint", "force_checkpoint", "in_search_path")  # fmt: skip

# What a record or an export may lack; all the other columns always have a value.
NULLABLE = (frozenset(EVENTS.columns.names) | NULLABLE_CONTEXT | NULLABLE_POSTURE | {"ip", "session_created_at"}) \
    - {"event_id", "event_time", "dt", "shard", "identity_type"}  # fmt: skip
_TOTAL = frozenset({
    "lower", "upper", "trim", "ltrim", "rtrim", "length", "len", "left", "right", "substr", "substring", "replace",
    "starts_with", "ends_with", "contains", "prefix", "suffix", "strpos", "regexp_matches", "regexp_full_match",
    "regexp_extract", "regexp_replace", "split_part", "string_split", "list_contains", "array_contains", "list_has_any",
    "list_has_all", "concat", "concat_ws", "~~", "~~*", "~~~", "like_escape", "ilike_escape", "||", "+", "-", "*",
    "hour", "minute", "isodow", "date_trunc", "epoch", "abs", "json_array_length", "list_distinct", "list_filter",
    "hash", "md5", "levenshtein", "date_diff", "list_sort", "array_to_string", "list_transform", "json_valid",
})  # fmt: skip
_NEVER_NULL = frozenset({"own_account", "known_account", "foreign_accounts", "concat", "row_number", "count", "list_value",
                         "struct_pack"})  # fmt: skip
_NEGATED_LIKE = frozenset({"!~~", "!~~*", "not_like_escape", "not_ilike_escape", "!~", "!~*"})
# The frame around a clause; its length turns the parser's positions into positions of the clause.
_BEFORE, _AFTER = "select (\n", "\n) as matched from scope"


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a clause, and where it stands in its text."""

    what: str
    offset: int = 0


def flaws(engine: Engine, *, where: str = "", query: str = "", relations: frozenset[str] = RELATIONS) -> Iterator[Flaw]:
    """Yield what a clause or a whole query may not say; `relations` are all that it may read."""
    text, before = frame(where=where, query=query)
    if len(text) > LONGEST:
        yield Flaw(f"{len(text):,} characters are more than a clause may have ({LONGEST:,})")
        return
    found = tree(engine, text)
    if found["error"]:
        yield Flaw(str(found["error_message"]), max(int(found.get("position") or 0) - before, 0))
        return
    statements = found["statements"]
    if len(statements) != 1:
        yield Flaw("one statement only")
        return
    root = statements[0]["node"]
    if not query and not (
        root["type"] == "SELECT_NODE" and len(root["select_list"]) == 1 and not root["where_clause"]
        and root["from_table"].get("table_name") == "scope" and not root["modifiers"]
    ):  # fmt: skip
        yield Flaw("a clause is one condition, in balanced parentheses")
        return
    parts = (entry for node in nodes(root) for entry in (node.get("cte_map") or {}).get("map", []))
    names = {str(entry["key"]).lower() for entry in parts}
    for flaw in _visit(root, relations, names, guarded=False):
        yield Flaw(flaw.what, max(flaw.offset - before, 0))


def frame(*, where: str = "", query: str = "") -> tuple[str, int]:
    """Return the statement that a clause, or a whole query, is read as, and where in it the clause begins."""
    return (query, 0) if query else (f"{_BEFORE}{where}{_AFTER}", len(_BEFORE))


def _visit(node: Any, relations: frozenset[str], names: set[str], *, guarded: bool) -> Iterator[Flaw]:
    if isinstance(node, list):
        for value in node:
            yield from _visit(value, relations, names, guarded=guarded)
        return
    if not isinstance(node, Mapping):
        return
    kind, at = str(node.get("type", "")), _offset(node)
    if costly := unbounded(node):
        yield Flaw(costly, at)
        return
    if {"alias", "sample"} <= set(node) and kind not in _SOURCES:
        yield Flaw(f"{kind.lower()} is nothing to read from", at)
    if kind == "BASE_TABLE":
        name = str(node["table_name"])
        if node.get("schema_name") or node.get("catalog_name") or name.lower() not in relations | names:
            yield Flaw(f"{name!r} is not a relation that detections read ({', '.join(sorted(relations))})", at)
    elif kind == "TABLE_FUNCTION":
        name = str(node["function"]["function_name"]).lower()
        if name not in _TABLE_FUNCTIONS:
            yield Flaw(f"{name}() is not allowed: detections read no files and no settings", at)
            return
    elif kind == "FUNCTION" and str(node["function_name"]).lower().startswith(_FORBIDDEN):
        yield Flaw(f"{node['function_name']}() is not allowed: detections read no files and no settings", at)
    elif kind == "FUNCTION" and node["function_name"] in ("->", "->>"):
        yield Flaw("-> binds differently from one DuckDB to the next: use field(column, 'path')", at)
    if not guarded and (sign := _negation(node)) and (column := _maybe_null(node)):
        yield Flaw(
            f"{sign} is silent where {column} is absent: use `is distinct from`, or coalesce({column}, …) inside", at)  # fmt: skip
    inside = guarded or (kind == "OPERATOR_COALESCE" and not _maybe_null(node))
    for value in node.values():
        yield from _visit(value, relations, names, guarded=inside)


def _negation(node: Node) -> str:
    kind = node.get("type")
    if kind == "COMPARE_NOTEQUAL":
        return "<>"
    if kind in ("OPERATOR_NOT", "COMPARE_NOT_IN", "COMPARE_NOT_BETWEEN", "NOT"):
        inner: Node = next(iter(node.get("children", [])), {})
        return "not in" if kind == "COMPARE_NOT_IN" or inner.get("type") == "COMPARE_IN" else "not"
    return "not like" if kind == "FUNCTION" and node.get("function_name") in _NEGATED_LIKE else ""


def _maybe_null(node: Node) -> str:
    """Return what can make an expression null, '' when nothing can."""
    kind = str(node.get("type", ""))
    if kind == "VALUE_CONSTANT":
        return "null" if str((node.get("literal") or {}).get("kind", "")).startswith("NULL") else ""
    if kind == "COLUMN_REF":
        name = str(node["column_names"][-1])
        return name if name.lower() in NULLABLE else ""
    if kind in ("COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
        return ""
    if kind == "SUBQUERY":
        return "" if node.get("subquery_type") in ("EXISTS", "NOT_EXISTS") else "the subquery"
    if kind == "OPERATOR_COALESCE":
        found = [_maybe_null(child) for child in node["children"]]
        return "" if "" in found else found[0]
    if kind in ("CASE", "CASE_EXPR"):
        branches = [check["then_expr"] for check in node["case_checks"]]
        return _first((*branches, *([node["else_expr"]] if node.get("else_expr") else []))) or (
            "" if node.get("else_expr") else "else")  # fmt: skip
    if kind in ("CAST", "OPERATOR_CAST"):
        return "try_cast" if node.get("try_cast") else _maybe_null(node["child"])
    if kind == "LAMBDA":
        return ""
    if kind == "FUNCTION":
        name = str(node["function_name"]).lower()
        arguments = [part.get("expression", part) for part in node.get("arguments", node.get("children", []))]
        if name in _NEVER_NULL:
            return ""
        return _first(arguments) if name in _TOTAL | _NEGATED_LIKE else f"{name}()"
    if kind.startswith(("COMPARE_", "CONJUNCTION_")) or kind in ("OPERATOR_NOT", "OPERATOR_LIST", "ARRAY_CONSTRUCTOR"):
        parts = [
            *node.get("children", []),
            *(node[key] for key in ("left", "right", "input", "lower", "upper") if key in node),
        ]
        return _first(parts)
    return kind.lower().replace("operator_", "") or "it"


def _first(nodes: Any) -> str:
    return next((found for node in nodes if (found := _maybe_null(node))), "")


def _offset(node: Node) -> int:
    at = node.get("query_location")
    return at if isinstance(at, int) and at < 2**63 else 0
