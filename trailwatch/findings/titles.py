"""Titles from detection files: placeholders filled with what the log says, which may be hostile."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence

LONGEST = 140
_LONGEST_VALUE = 90
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def plain(value: object, *, longest: int = 200) -> str:
    """Return a value as one bounded line: no control, direction-changing or invisible characters."""
    text = "" if value is None else str(value)
    kept = "".join(" " if char.isspace() else char for char in text if char.isspace() or _visible(char))
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def placeholders(text: str) -> list[str]:
    """Return the names in braces."""
    return _PLACEHOLDER.findall(text)


def fill(title: str, values: Mapping[str, Sequence[object]], *, longest: int = LONGEST) -> str:
    """Fill placeholders: one value as it is, two joined, more as a number with the first.

    Values never act as templates themselves: each placeholder is replaced once, from left to right. Between backticks
    stands a command for a shell: there the first value is put, quoted.
    """

    def one(match: re.Match[str]) -> str:
        found = list(
            dict.fromkeys(text for value in values.get(match[1], ()) if (text := plain(value, longest=_LONGEST_VALUE)))
        )
        if title.count("`", 0, match.start()) % 2:
            return shlex.quote(found[0].replace("`", "")) if found else "NAME"
        if not found:
            return "(unknown)"
        return " and ".join(found) if len(found) <= 2 else f"{found[0]} and {len(found) - 1} more"

    return plain(_PLACEHOLDER.sub(one, title), longest=longest)
