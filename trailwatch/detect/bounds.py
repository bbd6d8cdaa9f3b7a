"""What a clause may cost: nothing in it may grow, wait or repeat without a bound that stands in its own text."""

from __future__ import annotations

from trailwatch.detect.tree import Node

LONGEST = 20_000  # characters of a clause
MOST_STEPS = 10_000  # of a range
# Each makes one long value, or one long wait, out of a short text; no limit of memory or time reaches into a call.
_GROWING = frozenset({
    "repeat", "lpad", "rpad", "bar", "printf", "format", "bitstring", "to_base", "list_resize", "array_resize",
    "equi_width_bins", "generate_subscripts", "sleep_ms", "pg_sleep", "factorial",
})  # fmt: skip
_SERIES = frozenset({"range", "generate_series"})


def unbounded(node: Node) -> str:
    """Return why a node of a clause could cost any amount, '' where it could not."""
    if node.get("type") == "RECURSIVE_CTE_NODE":
        return "with recursive may never end"
    name = str(node.get("function_name", "")).lower()
    if name in _GROWING:
        return f"{name}() may grow or wait without bound"
    if name in _SERIES:
        ends = [_most(part) for part in _arguments(node)]
        if any(end is None or end > MOST_STEPS for end in ends):
            return f"{name}() needs numbers in its own text, {MOST_STEPS:,} at most"
    return ""


def _most(node: Node) -> int | None:
    """Return the largest number that an expression can give, None where its text does not say."""
    kind = str(node.get("type", ""))
    if kind == "VALUE_CONSTANT":
        text = str((node.get("literal") or {}).get("text", ""))
        return abs(int(text)) if text.isdecimal() and len(text) < 20 else None
    if kind == "FUNCTION" and str(node["function_name"]).lower() == "if":
        branches = [_most(part) for part in _arguments(node)[1:]]
    elif kind in ("CASE", "CASE_EXPR") and node.get("else_expr"):
        branches = [_most(check["then_expr"]) for check in node["case_checks"]] + [_most(node["else_expr"])]
    else:
        return None
    known = [branch for branch in branches if branch is not None]
    return max(known) if known and len(known) == len(branches) else None


def _arguments(node: Node) -> list[Node]:
    return [part.get("expression", part) for part in node.get("arguments", node.get("children", []))]
