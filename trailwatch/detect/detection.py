"""A detection: one TOML file that says what to look for, why it matters, and proves it with cases."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from trailwatch.errors import DetectionError

Severity = Literal["info", "low", "medium", "high", "critical"]
Need = Literal["data-events", "data-events:s3", "data-events:dynamodb", "data-events:ebs", "history", "networks",
               "people", "partners", "countries"]  # fmt: skip
Dimension = Literal["action", "service", "region", "address", "client", "role", "key", "account"]
Subject = Literal["principal", "person", "account"]

_DURATION = re.compile(r"^\s*(\d+)\s*(second|minute|hour|day)s?\s*$")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_CASE_PARTS = ("fires", "silent")
_LARGEST = 1_000_000
_BUILTIN = str(resources.files("trailwatch") / "detections")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"for_": "for"}):
    """A table of a detection file; unknown keys are errors."""


class Count(Part, frozen=True, kw_only=True):
    """How many matching events, or how many distinct values of a column, within a sliding window."""

    by: tuple[str, ...]
    at_least: int
    within: str
    distinct: str = ""

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return seconds(self.within)


class New(Part, frozen=True, kw_only=True):
    """A value that the subject never used before; with `peers`, that its peers hardly use either."""

    of: Dimension
    for_: Subject = "principal"
    peers: bool = False


class Case(Part, frozen=True, kw_only=True):
    """Events that make a detection fire or leave it silent, as differences from a complete base event."""

    name: str
    fires: bool
    difference: Mapping[str, Any]


class Detection(Part, frozen=True, kw_only=True):
    """One detection, as its file says it."""

    id: str
    title: str
    severity: Severity
    why: str = ""
    misses: str = ""
    next: str = ""
    practices: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    cis: tuple[str, ...] = ()
    where: str = ""
    by: tuple[str, ...] = ("principal", "person")
    count: Count | None = None
    new: New | None = None
    query: str = ""
    snapshot: str = ""
    needs: tuple[Need, ...] = ()
    supersedes: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    group: str = ""
    path: str = ""
    version: str = ""
    severity_reason: str = ""  # why the configuration gave it another severity

    @property
    def foreign(self) -> bool:
        """Whether it comes from a folder of the user's own."""
        return not self.path.startswith(_BUILTIN)

    @property
    def shape(self) -> str:
        """Return how it is evaluated: where, count, new, query or snapshot."""
        for shape in ("snapshot", "query", "count", "new"):
            if getattr(self, shape):
                return shape
        return "where"


# What a file may say; the rest of the fields is worked out from it.
KEYS = ("title", "severity", "practices", "attack", "why", "misses", "next", "where", "by", "count", "new", "needs",
        "supersedes", "query", "snapshot", "cis", *_CASE_PARTS)  # fmt: skip


def seconds(text: str) -> int:
    """Read `10 minutes`, `1 hour` or `45 seconds` as a number of seconds."""
    if not (found := _DURATION.match(text)) or not int(found[1]):
        raise ValueError(f"{text!r} is not a span of time such as '10 minutes'")
    return int(found[1]) * _SECONDS[found[2]]


def read(path: Path) -> Detection:
    """Read one detection file; errors name file, line and column."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DetectionError(f"it is larger than {_LARGEST:,} bytes", where=str(path), hint="one detection a file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DetectionError(f"cannot be read: {error}", where=str(path)) from error
    return parse(text, name=path.stem, path=str(path), group=path.parent.name)


def parse(text: str, *, name: str, path: str = "", group: str = "") -> Detection:
    """Read the text of one detection file."""
    where = path or f"{name}.toml"
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DetectionError(f"not valid TOML: {error}", where=_toml_place(where, error)) from error
    except (RecursionError, ValueError) as error:
        # Tables in tables a thousand deep, or a number of thousands of digits.
        what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DetectionError(f"not valid TOML: {what}", where=where) from error
    _check_keys(values, KEYS, where, text)
    for part, kind in (("count", Count), ("new", New)):
        if isinstance(values.get(part), dict):
            _check_keys(values[part], [f.encode_name for f in msgspec.structs.fields(kind)], where, text)
    fields = {key: value for key, value in values.items() if key not in _CASE_PARTS}
    fields |= {
        "id": name,
        "path": path,
        "group": group,
        "version": _version(values),
        "cases": _cases(values, where, text),
    }
    try:
        detection = msgspec.convert(fields, Detection)
        if detection.count:
            seconds(detection.count.within)
        _check_columns(detection)
    except (msgspec.ValidationError, ValueError) as error:
        message = str(error)
        key = message.rpartition("`$.")[2].rstrip("`").split(".")[-1].split("[")[0] if "`$." in message else "within"
        missing = re.search(r"missing required field `(\w+)`", message)
        raise DetectionError(message, where=where if missing else place(where, text, key)) from error
    return detection


def place(where: str, text: str, key: str) -> str:
    """Return `file:line:column` of the first line that sets a key, or the file alone."""
    bare = re.escape(key)
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.search(rf'^\s*["\']?({bare})["\']?\s*[=.]|^\s*\[.*?\b({bare})\b|[{{,]\s*({bare})\s*=', line)
        if key and found:
            return f"{where}:{number}:{max(found.start(n) for n in (1, 2, 3)) + 1}"
    return where


def _check_keys(values: Mapping[str, Any], known: Any, where: str, text: str) -> None:
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"{near[0]!r}" if near else "one of " + ", ".join(known)
            raise DetectionError(f"unknown key {key!r}", where=place(where, text, key), hint=hint)


def _check_columns(detection: Detection) -> None:
    # They become part of the SQL text, so nothing but a name may stand there.
    named = {"by": detection.by}
    if detection.count:
        named |= {"by": detection.count.by, "distinct": (detection.count.distinct or "x",)}
    for key, columns in named.items():
        for column in columns:
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", column):
                raise ValueError(f"{column!r} is not the name of a column - at `$.{key}`")


def _cases(values: Mapping[str, Any], where: str, text: str) -> list[dict[str, Any]]:
    cases = []
    for part in _CASE_PARTS:
        named = values.get(part, {})
        if not isinstance(named, dict) or not all(isinstance(difference, dict) for difference in named.values()):
            raise DetectionError(f"{part!r} holds cases", where=place(where, text, part), hint=f'[{part}."its name"]')
        cases += [{"name": name, "fires": part == "fires", "difference": values[part][name]} for name in named]
    return cases


def _version(values: Mapping[str, Any]) -> str:
    # Cases prove a detection, they do not change what it means.
    meaning = {key: value for key, value in values.items() if key not in _CASE_PARTS}
    return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _toml_place(where: str, error: Exception) -> str:
    found = re.search(r"at line (\d+), column (\d+)", str(error))
    return f"{where}:{found[1]}:{found[2]}" if found else where
