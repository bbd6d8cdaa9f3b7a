"""An event that a Sigma rule must find, and one that it must not, worked out from its condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)
from sigma.types import (
    SigmaBool,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaNull,
    SigmaNumber,
    SigmaString,
    SigmaType,
    SpecialChars,
)

from trailwatch.detect.fields import DEEP, locate
from trailwatch.detect.records import ABSENT
from trailwatch.ingest.records import FLAGS

Values = dict[str, Any]


def example(node: Any) -> dict[str, Any] | None:
    """Return the difference of an event that a condition holds for, None where none is easily found."""
    found = _solve(node, wanted=True)
    return None if found is None else _nested(found)


def counterexample(node: Any) -> dict[str, Any] | None:
    """Return the difference of a like event in which one value is another."""
    found = _solve(node, wanted=True)
    if not found:
        return None
    # The call itself is what a rule is about; where it names none, whatever it names.
    given = sorted(found, key=lambda name: found[name] == ABSENT)
    name = next((name for name in ("eventName", "eventSource", *given) if name in found), "")
    return _nested(found | {name: _else(found[name])}) if name else None


def _else(given: Any) -> Any:
    return not given if isinstance(given, bool) else 0 if isinstance(given, int | float) else "SomethingElse"


def _solve(node: Any, *, wanted: bool) -> Values | None:
    if isinstance(node, ConditionNOT):
        return _solve(node.args[0], wanted=not wanted)
    if isinstance(node, ConditionAND | ConditionOR):
        if isinstance(node, ConditionAND) == wanted:
            return _together([_solve(argument, wanted=wanted) for argument in node.args])
        return next((found for one in node.args if (found := _solve(one, wanted=wanted)) is not None), None)
    if not isinstance(node, ConditionFieldEqualsValueExpression):
        return None
    if isinstance(node.value, SigmaNull):
        return {node.field: ABSENT} if wanted else {node.field: "x"}
    if isinstance(node.value, SigmaExists):
        return {node.field: "x" if node.value.exists == wanted else ABSENT}
    if not wanted:
        return {}  # the base event does not have it; the case itself will tell
    given = _value(node.value)
    return None if given is None else {node.field: given}


def _together(parts: list[Values | None]) -> Values | None:
    found: Values = {}
    for part in parts:
        if part is None:
            return None
        for name, given in part.items():
            before = found.get(name)
            if before is None or before == given:
                found[name] = given
            elif isinstance(before, str) and isinstance(given, str) and ABSENT not in (before, given):
                # Several texts that one value contains.
                found[name] = before + given
            else:
                return None
    return found


def _value(value: SigmaType) -> Any:
    if isinstance(value, SigmaExpansion):
        return _value(value.values[0])
    if isinstance(value, SigmaString):
        return "".join(
            str(part) if not isinstance(part, SpecialChars) else "x" if part is SpecialChars.WILDCARD_SINGLE else ""
            for part in value.s
        )
    if isinstance(value, SigmaBool):
        return value.boolean
    if isinstance(value, SigmaNumber):
        return value.number
    if isinstance(value, SigmaCIDRExpression):
        return str(value.network[1] if value.network.num_addresses > 1 else value.network[0])
    if isinstance(value, SigmaCompareExpression):
        return float(value.number.number) + (1 if value.op.name.startswith("G") else -1)
    return None


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, given in values.items():
        where = locate(name)
        top, *below = name.split(".")
        if where and where.column in FLAGS and isinstance(given, str) and given != ABSENT:
            given = given.lower() == "true"  # noqa: PLW2901 - the record's own type
        if top == "resources" and below:
            result["resources"] = [_put({}, below, given)]
        elif top in DEEP and not below:
            result[top] = given if given == ABSENT else {"example": given}
        else:
            _put(result, [top, *below], given)
    return result


def _put(into: dict[str, Any], path: list[str], given: Any) -> dict[str, Any]:
    inner = into
    for part in path[:-1]:
        nested = inner.setdefault(part, {})
        if not isinstance(nested, dict):
            nested = inner[part] = {}
        inner = nested
    inner[path[-1]] = given
    return into
