"""Detections as TOML text: values that may be hostile become text that reads back as the same and shows as it is."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def quoted(text: str) -> str:
    """Return a text as a TOML string on one line; what does not show, or turns the line around, is escaped."""
    return '"' + "".join(_escaped(char) for char in json.dumps(text, ensure_ascii=False)[1:-1]) + '"'


def block(text: str) -> str:
    """Return a text as a TOML string over several lines."""
    lines = (quoted(line)[1:-1].replace('\\"', '"') for line in text.strip("\n").split("\n"))
    # A quote before the closing ones, and three of them anywhere, would end it.
    return '"""\n' + "\n".join(lines).replace('""', '"\\"') + '\n"""'


def value(given: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return repr(given)
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in given.items()) + " }"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(value(inner) for inner in given) + "]"
    return quoted(str(given))


def key(name: str) -> str:
    """Return a key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else quoted(name)


def lines(difference: Mapping[str, Any], *above: str) -> Iterator[str]:
    """Yield one line for each value of nested tables, with dots in its key."""
    for name, given in difference.items():
        if isinstance(given, Mapping) and given:
            yield from lines(given, *above, name)
        else:
            yield f"{'.'.join(key(part) for part in (*above, name))} = {value(given)}"


def sql_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def comment(text: str) -> str:
    """Return a text as comment lines."""
    return "\n".join(f"# {''.join(_escaped(char) for char in line)}".rstrip() for line in text.splitlines())


def slug(text: str) -> str:
    """Return a text as the id of a detection: lower case with dashes, '' where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    while words and not words[0][0].isalpha():
        words.pop(0)
    return "-".join(words)[:80].strip("-")


def _escaped(char: str) -> str:
    if char != "\x7f" and unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
