"""The condition of a Sigma rule → a clause over `scope`.

A field that holds a list has a value when one of its elements has it, as in other stores of logs. Every comparison is
false, never null, where its field is absent: so `not` means what a Sigma rule means by it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import CompareOperators, SigmaCompareExpression, SigmaExists, SigmaNull, SigmaType

from trailwatch.detect.fields import DEEP, PLAIN, Field, did_you_mean, locate, nearest
from trailwatch.detect.sigma.values import condition
from trailwatch.detect.writing import sql_text
from trailwatch.errors import DetectionError
from trailwatch.ingest.records import FLAGS

# Each level of a path may be a list, which doubles the paths; below this many levels only the last one may be.
_LEVELS = 3
_KEY = re.compile(r"[\w:@/+ -]+")


class Untranslatable(DetectionError):
    """A field, a value or a condition that has no counterpart, with the field's name for its place."""

    def __init__(self, what: str, *, field: str = "") -> None:
        super().__init__(what)
        self.field = field


def clause(node: Any) -> str:
    """Return the clause of a parsed condition."""
    if isinstance(node, ConditionAND | ConditionOR):
        arguments: list[Any] = list(node.args)
        if isinstance(node, ConditionOR) and (same := _same_field(arguments)):
            return _comparison(same, [argument.value for argument in arguments])
        parts = [clause(argument) for argument in node.args]
        if isinstance(node, ConditionAND):
            return "\nand ".join(parts)
        return parts[0] if len(parts) == 1 else "(" + "\nor ".join(_grouped(part) for part in parts) + ")"
    if isinstance(node, ConditionNOT):
        return f"not ({clause(node.args[0])})"
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _comparison(node.field, [node.value])
    if isinstance(node, ConditionValueExpression):
        raise Untranslatable(f"the keyword {str(node.value)!r} names no field: a record is asked field by field")
    raise Untranslatable("its condition is empty")


def _grouped(part: str) -> str:
    return f"({part})" if "\nand " in part else part


def _same_field(parts: Sequence[Any]) -> str:
    # A list of values of one field is asked once.
    if not all(isinstance(one, ConditionFieldEqualsValueExpression) and not _of_absence(one.value) for one in parts):
        return ""
    fields = {one.field for one in parts}
    return str(fields.pop()) if len(fields) == 1 else ""


def _of_absence(value: SigmaType) -> bool:
    negative = isinstance(value, SigmaCompareExpression) and value.op is CompareOperators.NEQ
    return negative or isinstance(value, SigmaNull | SigmaExists)


def _comparison(field: str, values: Sequence[SigmaType]) -> str:
    where, value = _locate(field), values[0]
    if isinstance(value, SigmaNull):
        return f"not {_present(where)}"
    if isinstance(value, SigmaExists):
        return _present(where) if value.exists else f"not {_present(where)}"
    if isinstance(value, SigmaCompareExpression) and value.op is CompareOperators.NEQ:
        return f"not {_comparison(field, [value.number])}"
    try:
        return _any(where, lambda of: "\n  or ".join(condition(one, of, refer=_scalar) for one in values))
    except Untranslatable:
        raise
    except DetectionError as error:
        raise Untranslatable(f"{field}: {error.what}", field=field) from error


def _locate(field: str) -> Field:
    found = locate(field)
    if found is None:
        hint = did_you_mean(nearest(field, (*PLAIN, *DEEP)))
        raise Untranslatable(f"a CloudTrail event has no field {field!r} that is kept{hint}", field=field)
    if found.column == "event_time":
        raise Untranslatable("eventTime is a time and no text", field=field)
    for part in found.path:
        if not _KEY.fullmatch(part):
            raise Untranslatable(f"{part!r} is not the name of a parameter", field=field)
    return found


def _scalar(field: str) -> str:
    where = _locate(field)
    return f"try(field({where.column}, {_path(where.path)}))" if where.path else _column(where)


def _column(where: Field) -> str:
    return f"cast({where.column} as varchar)" if where.column in FLAGS else where.column


def _present(where: Field) -> str:
    if not where.path and where.column not in _lists():
        # Some columns of meaning say '' for what a record does not have.
        return f"(coalesce({_column(where)}, '') <> '')"
    return _any(where, lambda of: f"{of} is not null")


def _any(where: Field, make: Callable[[str], str]) -> str:
    if not where.path:
        return f"coalesce({make(_column(where))}, false)"
    values = f"list_concat({', '.join(_values(where))})"
    return f"coalesce(len(list_filter({values}, lambda v: coalesce({make('v')}, false))) > 0, false)"


def _values(where: Field) -> list[str]:
    """Return the lists of all values that may stand at a path, whichever of its levels are lists."""
    levels = len(where.path)
    forms = itertools.product((False, True), repeat=levels) if levels <= _LEVELS else _last(levels)
    tops = (False, True) if where.column in _lists() else (False,)
    found = []
    for top, form in itertools.product(tops, list(forms)):
        wild = top or any(form)
        path = _path(where.path, form, top=top)
        asked = f"try(json_extract_string({where.column}, {path}))"
        found.append(asked if wild else f"[{asked}]")
    return found


def _last(levels: int) -> list[tuple[bool, ...]]:
    return [(False,) * levels, (*(False,) * (levels - 1), True)]


def _path(parts: Sequence[str], form: Sequence[bool] = (), *, top: bool = False) -> str:
    flags = form or (False,) * len(parts)
    steps = (f'."{part}"' + ("[*]" if listed else "") for part, listed in zip(parts, flags, strict=True))
    return sql_text("$" + ("[*]" if top else "") + "".join(steps))


def _lists() -> frozenset[str]:
    return frozenset({DEEP["resources"]})
