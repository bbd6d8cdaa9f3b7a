"""Texts of a policy as IAM reads them: wildcards, variables, and matching against what is known only in part.

A pattern and a text are strings in which three control characters stand for what is no letter: any letters, one
letter, and a hole, which is something that exists and that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from trailwatch.policy.logic import Truth

HOLE, ANY, ONE = "\0", "\1", "\2"
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAMED = re.compile(r"\s*([A-Za-z0-9-]+:[^\s,']+)\s*(?:,\s*'([^']*)'\s*)?")
_LITERAL = {"*", "?", "$"}

Values = tuple[str, ...]


class Context:
    """What is known of a request: a key with values, a key known to be absent (no values), or nothing at all."""

    def __init__(self, known: Mapping[str, Values]) -> None:
        self._known = {key.lower(): values for key, values in known.items()}

    def get(self, key: str) -> Values | None:
        """Return the values of a key, () where it is absent, None where that is not known."""
        return self._known.get(key.lower())


@dataclass(frozen=True)
class Variable:
    """A policy variable, with the text to use where the key is absent."""

    key: str
    default: str | None = None


@dataclass(frozen=True)
class Text:
    """One text of a policy: pieces to put together for a request."""

    written: str
    pieces: tuple[str | Variable, ...]

    @property
    def keys(self) -> list[str]:
        """The context keys that the text reads."""
        return [piece.key for piece in self.pieces if isinstance(piece, Variable)]

    def loose(self, context: Context) -> bool:
        """Tell whether a variable of it has, or may have, neither a value nor a default."""
        variables = [piece for piece in self.pieces if isinstance(piece, Variable) and piece.default is None]
        return any(not context.get(variable.key) for variable in variables)

    def of(self, context: Context) -> str | None:
        """Return the pattern for a request, None where a variable has no value, so that nothing can match."""
        made = []
        for piece in self.pieces:
            if isinstance(piece, str):
                made.append(piece)
                continue
            values = context.get(piece.key)
            if values == () and piece.default is None:
                return None
            if values == ():
                made.append(piece.default or "")
            else:
                # A key with several values cannot stand in a text; which one IAM takes is not documented.
                made.append(HOLE if values is None or len(values) > 1 else values[0])
        return "".join(made)


def read(written: str, *, variables: bool, wildcards: bool) -> Text:
    """Read a text of a policy; a ValueError tells what is wrong with a variable in it."""
    pieces: list[str | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(written) if variables else ():
        pieces.append(_signs(written[end : found.start()], wildcards=wildcards, variables=True))
        end = found.end()
        if found[1] in _LITERAL:
            pieces.append(found[1])
            continue
        named = _NAMED.fullmatch(found[1])
        if named is None:
            raise ValueError(f"{found[0]} is no policy variable")
        pieces.append(Variable(named[1], named[2]))
    pieces.append(_signs(written[end:], wildcards=wildcards, variables=variables))
    return Text(written, tuple(pieces))


def _signs(text: str, *, wildcards: bool, variables: bool) -> str:
    if variables and "${" in text:
        raise ValueError("a variable is not closed: ${ needs its }")
    if any(sign in text for sign in (HOLE, ANY, ONE)):
        raise ValueError("there is a control character in it")
    return text.replace("*", ANY).replace("?", ONE) if wildcards else text


def glob(text: str) -> str:
    """Return a text with wildcards as a pattern."""
    return text.replace("*", ANY).replace("?", ONE)


@lru_cache(maxsize=100_000)
def matches(pattern: str, text: str) -> Truth:
    """Tell whether a text matches a pattern whatever stands in their holes, None where that depends on it."""
    if HOLE not in pattern and _covers(pattern, text):
        return True
    if HOLE not in pattern and HOLE not in text:
        return False
    return None if _meet(pattern.replace(HOLE, ANY), text.replace(HOLE, ANY)) else False


def covers(pattern: str, other: str) -> bool:
    """Tell whether a pattern matches everything that another pattern matches."""
    return _covers(pattern, other.replace(ANY, HOLE))


def _covers(pattern: str, text: str) -> bool:
    # Greedy with one step back, so that no text makes a pattern with many wildcards slow. Only ANY covers a hole.
    at = place = 0
    star, since = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == ANY:
            star, since = at, place
            at += 1
        elif at < len(pattern) and (
            (pattern[at] == ONE and text[place] != HOLE) or (pattern[at] == text[place] and text[place] != HOLE)
        ):
            at += 1
            place += 1
        elif star >= 0:
            since += 1
            at, place = star + 1, since
        else:
            return False
    return all(sign == ANY for sign in pattern[at:])


def _meet(one: str, other: str) -> bool:
    """Tell whether two patterns have a text in common."""
    states = _closed({0}, one)
    for sign in other:
        if sign == ANY:
            # It may swallow any number of letters, so it may go on from every later place.
            states = set(range(min(states), len(one) + 1)) if states else set()
        else:
            states = _closed(
                {
                    place if one[place] == ANY else place + 1
                    for place in states
                    if place < len(one) and (sign in (one[place], ONE) or one[place] in (ANY, ONE))
                },
                one,
            )
        if not states:
            return False
    return len(one) in states


def _closed(states: set[int], pattern: str) -> set[int]:
    found = set(states)
    for start in states:
        place = start
        while place < len(pattern) and pattern[place] == ANY:
            place += 1
            found.add(place)
    return found
