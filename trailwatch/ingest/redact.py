"""Session tokens out of records: a live secret until it expires, and nothing that a detection needs.

A token is known by its key, `sessionToken` in any case and spelling, wherever it stands: nested, in a list, with
escaped letters, or in JSON that is itself text inside JSON, at any depth.
"""

from __future__ import annotations

import json
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MARKER = "(removed)"

_KEY = re.compile(r"(?:session|security)[_\s-]?token$", re.IGNORECASE)
_NAME = re.compile(r"(?:session|security)[_\s-]?token", re.IGNORECASE)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("|$)', re.DOTALL)
_COLON = re.compile(r"\s*:\s*")
_OPEN_OR_CLOSE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]*")
_USUAL = '"sessionToken":"'
# Outside of proper JSON: a name, what may stand between (quotes, backslashes, an equals sign), and the value.
_LOOSE = re.compile(
    r"((?:session|security)[_\s-]?token[\\\"'\s]{0,32}(?:[:=]|%3[ad])[\\\"'\s\[({]{0,32})([^\\\"'\s,&;(){}\[\]]{8,})",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\\u00[4-7]", re.IGNORECASE)
# A token's own look, for text that is too broken to know its keys.
_LONG = re.compile(r"[A-Za-z0-9+/=_%-]{120,}")
_DEPTH = 12


def positions(data: bytes | pa.Buffer) -> npt.NDArray[np.int64]:
    """Return where in the bytes a session token may be named: its letters in any case, or letters as escapes."""
    array = np.frombuffer(data, np.uint8)
    lower = (array | 0x20).tobytes()
    found = []
    at = lower.find(b"sessiontoken")
    while at >= 0:
        found.append(at)
        at = lower.find(b"sessiontoken", at + 12)
    if b"|" in lower:  # a backslash, made lower
        slashes = np.flatnonzero(array[:-5] == 0x5C)
        # `\u004…` to `\u007…` are the letters, which nobody has a reason to escape.
        hex_digit = array[slashes + 4]
        letter = (array[slashes + 1] | 0x20 == 0x75) & (array[slashes + 2] == 0x30) & (array[slashes + 3] == 0x30)
        found += slashes[letter & (hex_digit >= 0x34) & (hex_digit <= 0x37)].tolist()
    return np.array(found, np.int64)


def column(values: pa.Array) -> pa.Array:
    """Return a column of text without session tokens."""
    data = values.buffers()[2]
    if data is None or not data.size:
        return values
    at = positions(data)
    if not len(at):
        return values
    ends = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    plain = values.to_pylist()
    for row in np.unique(np.searchsorted(ends, at, side="right") - 1).tolist():
        plain[row] = cell(plain[row])
    return pa.array(plain, pa.string())


def cell(content: str) -> str:
    """Return one value that may name a session token without it."""
    # As CloudTrail writes it, one cut does; whatever else may name a token is looked at with care.
    head, key, rest = content.partition(_USUAL)
    value, quote, tail = rest.partition('"')
    if quote and "\\" not in value and not head.endswith("\\"):
        content = f'{head}{key}{MARKER}"{tail}'
        if "\\u00" not in content and _names(content) == 1:
            return content
    return text(content)


def _names(content: str) -> int:
    """Count what may name a session token; a cheap count that finds one only is as good as the exact one."""
    lower = content.lower()
    if lower.count("token") == 1 or (content.isascii() and lower.count("session") + lower.count("security") == 1):
        return 1
    return len(_NAME.findall(content))


def record(raw: bytes) -> bytes:
    """Return a record's JSON text with the value of every session token replaced by a marker."""
    return text(raw.decode()).encode()


def broken(content: str) -> str:
    """Return text that is no valid JSON without session tokens, and without anything that looks like one."""
    return _LONG.sub(MARKER, text(content))


def text(content: str, *, depth: int = 0) -> str:
    """Return JSON, or text with JSON in it, without session tokens; everything else stays byte for byte."""
    parts: list[str] = []
    done = 0
    at = 0
    while string := _STRING.search(content, at):
        at = string.end()
        inner, name = string[1], _plain(string[1])
        colon = _COLON.match(content, at)
        if colon and _KEY.search(name) and not content.startswith("null", colon.end()):
            end = _value_end(content, colon.end())
            parts += [content[done : colon.end()], f'"{MARKER}"']
            done = at = end
        elif _suspect(inner) and depth < _DEPTH:
            cleaned = text(name, depth=depth + 1)
            if cleaned != name:
                parts += [content[done : string.start()], json.dumps(cleaned, ensure_ascii=False)]
                done = at
    result = "".join(parts) + content[done:] if parts else content
    return _LOOSE.sub(rf"\g<1>{MARKER}", result) if _NAME.search(result) else result


def _suspect(inner: str) -> bool:
    return bool(_NAME.search(inner) or _LETTER.search(inner))


def _plain(inner: str) -> str:
    """Undo the escapes of a JSON string; one that is broken stays as it is."""
    if "\\" not in inner:
        return inner
    try:
        plain: str = json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return inner
    # A lone half of a character cannot be encoded again.
    return plain.encode("utf-8", "replace").decode() if any("\ud800" <= sign <= "\udfff" for sign in plain) else plain


def _value_end(content: str, start: int) -> int:
    """Return where the value that begins at `start` ends; one that is cut off ends with the text."""
    if content[start : start + 1] == '"':
        string = _STRING.match(content, start)
        return string.end() if string else len(content)
    if content[start : start + 1] not in ("{", "["):
        scalar = _SCALAR.match(content, start)
        return scalar.end() if scalar else start
    depth = 0
    for token in _OPEN_OR_CLOSE.finditer(content, start):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
            if not depth:
                return token.end()
    return len(content)
