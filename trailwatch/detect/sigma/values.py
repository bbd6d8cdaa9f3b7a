"""One value of a Sigma rule → a condition on a text in SQL."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from trailwatch.detect.writing import sql_text
from trailwatch.errors import DetectionError

_SIGNS = {CompareOperators.LT: "<", CompareOperators.LTE: "<=", CompareOperators.GT: ">", CompareOperators.GTE: ">="}
_PER_CENT = {SpecialChars.WILDCARD_MULTI: "%", SpecialChars.WILDCARD_SINGLE: "_"}


def condition(value: SigmaType, of: str, *, refer: Callable[[str], str]) -> str:
    """Return the condition that a text expression `of` has a value; `refer` gives the expression of another field."""
    if isinstance(value, SigmaExpansion):
        return "(" + " or ".join(condition(one, of, refer=refer) for one in value.values) + ")"
    if isinstance(value, SigmaString):
        return _text(value, of)
    if isinstance(value, SigmaTimestampPart):
        raise DetectionError(f"parts of a time ({value.timestamp_part.name.lower()}) cannot be compared")
    if isinstance(value, SigmaNumber):
        return f"{of} = {sql_text(str(value.number))}"
    if isinstance(value, SigmaBool):
        return f"lower({of}) = '{'true' if value.boolean else 'false'}'"
    if isinstance(value, SigmaRegularExpression):
        return f"regexp_matches({of}, {sql_text(_pattern(value))})"
    if isinstance(value, SigmaCIDRExpression):
        return _inside(value, of)
    if isinstance(value, SigmaCompareExpression) and value.op in _SIGNS:
        return f"try_cast({of} as double) {_SIGNS[value.op]} {float(value.number.number)!r}"
    if isinstance(value, SigmaFieldReference):
        return _reference(value, of, refer(value.field))
    raise DetectionError(f"a value of the kind {_kind(value)} cannot be translated")


def _inside(value: SigmaCIDRExpression, of: str) -> str:
    if isinstance(value.network, IPv4Network):
        # An octet is a byte or nothing, so that no text can make the sum overflow.
        octets = (
            f"cast(try_cast(split_part({of}, '.', {place + 1}) as utinyint) as bigint) * {256 ** (3 - place)}"
            for place in range(4)
        )
        first, last = int(value.network.network_address), int(value.network.broadcast_address)
        return f"{' + '.join(octets)} between {first} and {last}"
    return "(" + " or ".join(_text(SigmaString(one), of) for one in value.expand()) + ")"


def _pattern(value: SigmaRegularExpression) -> str:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    # pySigma takes the signs of an expression for wildcards of a text, and keeps them apart.
    signs = {SpecialChars.WILDCARD_MULTI: "*", SpecialChars.WILDCARD_SINGLE: "?"}
    pattern = "".join(signs[part] if isinstance(part, SpecialChars) else str(part) for part in value.regexp.s)
    return f"(?{flags}){pattern}" if flags else pattern


def _text(value: SigmaString, of: str) -> str:
    cased = isinstance(value, SigmaCasedString)
    if any(isinstance(part, Placeholder) for part in value.s):
        raise DetectionError(f"the placeholder in {str(value)!r} has no value here")
    left = of if cased else f"lower({of})"

    def literal(text: str) -> str:
        # Both sides go through the same function, whatever the alphabet.
        return sql_text(text) if cased else f"lower({sql_text(text)})" if not text.isascii() else sql_text(text.lower())

    if not value.contains_special():
        return f"{left} = {literal(''.join(str(part) for part in value.s))}"
    pattern, escapes = "", False
    for part in value.s:
        if isinstance(part, SpecialChars):
            pattern += _PER_CENT[part]
        else:
            safe = str(part).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            pattern, escapes = pattern + safe, escapes or safe != part
    return f"{left} like {literal(pattern)}" + (" escape '\\'" if escapes else "")


def _reference(value: SigmaFieldReference, of: str, other: str) -> str:
    left, right = f"lower({of})", f"lower({other})"
    if value.starts_with and value.ends_with:
        return f"contains({left}, {right})"
    if value.starts_with or value.ends_with:
        return f"{'starts_with' if value.starts_with else 'ends_with'}({left}, {right})"
    return f"{left} = {right}"


def _kind(value: SigmaType) -> str:
    return type(value).__name__.removeprefix("Sigma")
