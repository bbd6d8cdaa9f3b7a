"""The conditions of a statement: operators, qualifiers, and what an absent or unknown key makes of them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from trailwatch.policy import patterns
from trailwatch.policy.logic import Truth, every, negated, some
from trailwatch.policy.patterns import Context, Text

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda asked, given: given == asked,
    "LessThan": lambda asked, given: given < asked,
    "LessThanEquals": lambda asked, given: given <= asked,
    "GreaterThan": lambda asked, given: given > asked,
    "GreaterThanEquals": lambda asked, given: given >= asked,
}
_TEXTS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
_ORDERED = tuple(f"{family}{how}" for family in ("Numeric", "Date") for how in _COMPARED)
_POSITIVE = (*_TEXTS, *_ORDERED, "Bool", "BinaryEquals", "IpAddress", "Null")
# Every negated operator, and the one of which it is the opposite.
_OPPOSITES = {
    "StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike", "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
}  # fmt: skip
OPERATORS = (*_POSITIVE, *_OPPOSITES)
QUALIFIERS = ("ForAllValues", "ForAnyValue")
_SPELLED = {name.lower(): name for name in OPERATORS}


@dataclass(frozen=True)
class Test:
    """One key under one operator: the key's values against those of the policy."""

    written: str  # the operator as the policy has it
    operator: str  # the positive one
    opposite: bool
    qualifier: str
    if_exists: bool
    key: str
    values: tuple[Any, ...]  # what the operator compares with

    @property
    def keys(self) -> list[str]:
        """The context keys that the test reads, those of variables too."""
        return [self.key, *(key for value in self.values if isinstance(value, Text) for key in value.keys)]

    @property
    def bounds(self) -> list[Any]:
        """The numbers or moments at which the answer may change."""
        return list(self.values) if self.operator in _ORDERED else []

    def holds(self, context: Context) -> Truth:
        """Tell whether the test holds for a request."""
        values = context.get(self.key)
        if values is None:
            return None
        if self.operator == "Null":
            return some((not values) == wanted for wanted in self.values)
        if not values:
            if self.if_exists or self.qualifier == "ForAllValues":
                return True
            return self.opposite and not self.qualifier
        each = (self._one(value, context) for value in values)
        whole = self.qualifier == "ForAllValues" or (not self.qualifier and self.opposite)
        return every(each) if whole else some(each)

    def _one(self, given: str, context: Context) -> Truth:
        found = some(_match(self.operator, value, given, context) for value in self.values)
        if not self.opposite:
            return found
        # Of a variable without a value IAM says that the whole statement may be invalid: it then holds for nobody.
        loose = (value for value in self.values if isinstance(value, Text) and value.loose(context))
        return None if found is False and any(loose) else negated(found)


def parse(operator: str, key: str, values: list[Any], *, variables: bool) -> Test:
    """Read one key of a condition; a ValueError tells what is wrong."""
    qualifier, _, rest = operator.rpartition(":")
    if qualifier and qualifier not in QUALIFIERS:
        raise ValueError(f"{qualifier!r} is no qualifier; there are {' and '.join(QUALIFIERS)}")
    if_exists = rest.lower().endswith("ifexists")
    name = _SPELLED.get(rest[: -len("IfExists")].lower() if if_exists else rest.lower())
    if name is None:
        raise LookupError(rest)
    if name == "Null" and if_exists:
        raise ValueError("Null asks whether the key exists; IfExists makes no sense with it")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*:[^\s\x00-\x1f]+", key):
        raise ValueError(f"{key!r} is no condition key; one has a prefix, as aws:SourceIp")
    if not values:
        raise ValueError("there is no value to compare with")
    positive = _OPPOSITES.get(name, name)
    read = tuple(_value(positive, value, variables=variables) for value in values)
    return Test(operator, positive, name in _OPPOSITES, qualifier, if_exists, key, read)


def _value(operator: str, value: Any, *, variables: bool) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if operator in _TEXTS:
        return patterns.read(text, variables=variables, wildcards=operator not in _TEXTS[:2])
    if "${" in text:
        raise ValueError(f"{text!r}: IAM replaces variables only in operators of texts and of ARNs")
    found = _typed(operator, text)
    if found is None:
        wanted = {"N": "a number", "D": "a date such as 2026-01-31T00:00:00Z", "B": "true or false", "I": "a CIDR"}
        kind = (
            "base64" if operator == "BinaryEquals" else "true or false" if operator == "Null" else wanted[operator[0]]
        )
        raise ValueError(f"{text!r} is not {kind}")
    return found


def _typed(operator: str, text: str) -> Any:
    """Return a text as what an operator compares, None where it is none of that kind."""
    try:
        if operator.startswith("Numeric"):
            number = Decimal(text)
            return number if number.is_finite() else None
        if operator.startswith("Date"):
            return moment(text)
        if operator in ("Bool", "Null"):
            return {"true": True, "false": False}.get(text.lower())
        if operator == "BinaryEquals":
            return base64.b64decode(text, validate=True)
        return ipaddress.ip_network(text)
    except (ValueError, InvalidOperation, binascii.Error, OverflowError, OSError):
        return None


def moment(text: str) -> datetime:
    """Read a date as IAM does: ISO 8601, UTC where it names no zone, or seconds since 1970."""
    if re.fullmatch(r"\d{5,12}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _match(operator: str, asked: Any, given: str, context: Context) -> Truth:
    if isinstance(asked, Text):
        pattern = asked.of(context)
        if pattern is None:
            return False
        if operator.startswith("Arn"):
            return _arn(pattern, given)
        if operator == "StringEqualsIgnoreCase":
            return patterns.matches(pattern.lower(), given.lower())
        return patterns.matches(pattern, given)
    found = _typed(operator, given)
    if found is None:
        # IAM compares it with something that CloudTrail does not show in this form.
        return None
    if operator == "IpAddress":
        return bool(found.version == asked.version and found.subnet_of(asked))
    if operator in ("Bool", "BinaryEquals"):
        return bool(found == asked)
    return _COMPARED[operator.removeprefix("Numeric").removeprefix("Date")](asked, found)


def _arn(pattern: str, given: str) -> Truth:
    if pattern == patterns.ANY:
        return True
    wanted, parts = pattern.split(":", 5), given.split(":", 5)
    if len(parts) < 6:
        return False
    if len(wanted) < 6:
        return None if patterns.HOLE in pattern else False
    return every(patterns.matches(one, part) for one, part in zip(wanted, parts, strict=True))
