"""CloudTrail records of cases: a complete base record, and the two to four lines in which a case differs."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from trailwatch.detect.detection import Case, Detection, seconds
from trailwatch.errors import DetectionError

DEFAULT_BASE = "api-call"
ABSENT = "<absent>"  # TOML has no null; this text takes a key out of the base record
# Keys of a case that are about the case and no part of a record.
OWN_KEYS = frozenset({"base", "like", "repeat", "repeat_vary", "events", "context", "seen", "after"})
_KEY = re.compile(r"\b(A[KS]IA)([A-Z0-9]{12,})\b")


@dataclass(frozen=True)
class Record:
    """One record of a case, and what the case says of its context."""

    id: str
    body: Mapping[str, Any]
    context: Mapping[str, Any]


def expand(detection: Detection, case: Case, number: int) -> list[Record]:
    """Return the records of a case; `number` keeps cases apart: another week, other key ids, other event ids."""
    where = f"{detection.path or detection.id}: case {case.name!r}"
    difference = _likened(detection, case, where)
    last = difference.pop("last", {})
    events = difference.get("events", [{}])
    repeat, vary = difference.get("repeat", 1), difference.get("repeat_vary", "")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events) or not events:
        raise DetectionError("events is a list of tables", where=where)
    if not isinstance(repeat, int) or repeat < 1:
        raise DetectionError("repeat is a number from 1", where=where)
    shared = {key: value for key, value in difference.items() if key not in OWN_KEYS}
    clock = timedelta()
    found: list[Record] = []
    for event in events:
        chosen = event.get("base", difference.get("base", DEFAULT_BASE))
        base = copy.deepcopy(_base(chosen, detection.path, where))
        changed = merged(merged(base, shared), {key: value for key, value in event.items() if key not in OWN_KEYS})
        changed = merged(changed, last)
        if after := event.get("after"):
            try:
                clock += timedelta(seconds=seconds(after))
            except ValueError as error:
                raise DetectionError(str(error), where=where) from error
        for turn in range(repeat):
            body = copy.deepcopy(changed)
            if vary:
                _vary(body, vary.split("."), turn, where)
            name = f"case-{number:04d}-{len(found):04d}"
            body["eventID"] = name
            _shift(body, clock + timedelta(weeks=number))
            context = {**difference.get("context", {}), **event.get("context", {})}
            found.append(Record(name, _apart(body, number), context))
            clock += timedelta(seconds=repeat > 1)
    return found


def history(detection: Detection, case: Case, number: int) -> list[Mapping[str, Any]]:
    """Return what the identity of a case used before; key ids are those of the case's records."""
    rows = _likened(detection, case, detection.id).get("seen", [])
    return [{key: _renamed(value, number) if isinstance(value, str) else value for key, value in row.items()}
            for row in rows]  # fmt: skip


def _likened(detection: Detection, case: Case, where: str) -> dict[str, Any]:
    """Return the difference of a case; one that is `like` another changes each record of that one last."""
    difference = dict(case.difference)
    if "like" not in difference:
        return difference
    name = difference.pop("like")
    other = next((one for one in detection.cases if one.name == name and one is not case), None)
    if other is None or "like" in other.difference:
        raise DetectionError(f"like: {name!r} is no other case that stands by itself", where=where)
    if unfit := {"base", "events", "repeat", "repeat_vary", "after"} & set(difference):
        raise DetectionError(f"{min(unfit)} has no place beside like", where=where)
    last = {key: value for key, value in difference.items() if key not in OWN_KEYS}
    context = {**other.difference.get("context", {}), **difference.get("context", {})}
    seen = difference.get("seen", other.difference.get("seen", []))
    return {**other.difference, "context": context, "seen": seen, "last": last}


def merged(base: dict[str, Any], difference: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record changed by a difference: tables merge, other values replace, ABSENT removes."""
    for key, value in difference.items():
        if value == ABSENT:
            base.pop(key, None)
        elif isinstance(value, Mapping):
            inner = base.get(key)
            base[key] = merged(dict(inner) if isinstance(inner, Mapping) else {}, value)
        else:
            base[key] = value
    return base


@lru_cache(maxsize=256)
def _read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def _base(name: str, path: str, where: str) -> dict[str, Any]:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise DetectionError(f"{name!r} is not the name of a base event", where=where)
    folders = [folder / "_base" for folder in list(Path(path).parents)[:2]] if path else []
    builtin = Path(str(resources.files("trailwatch") / "detections" / "_base"))
    for folder in (*folders, builtin):
        if (folder / f"{name}.json").is_file():
            try:
                return _read(str(folder / f"{name}.json"))
            except ValueError as error:
                raise DetectionError(f"base event {name!r} is not JSON: {error}", where=where) from error
    known = ", ".join(sorted(file.stem for file in builtin.glob("*.json")))
    raise DetectionError(f"there is no base event {name!r}", where=where, hint=f"one of {known}")


def _vary(body: dict[str, Any], path: list[str], turn: int, where: str) -> None:
    *above, last = path
    for key in above:
        if body.get(key) is None:  # CloudTrail writes null where a call has no parameters
            body[key] = {}
        body = body[key]
        if not isinstance(body, dict):
            raise DetectionError(f"repeat_vary: {key!r} is no table in the record", where=where)
    body[last] = f"{body.get(last) or ''}{turn}"


def _shift(body: dict[str, Any], by: timedelta) -> None:
    body["eventTime"] = _moved(body.get("eventTime"), by)
    attributes = body.get("userIdentity", {}).get("sessionContext", {}).get("attributes", {})
    if "creationDate" in attributes:
        attributes["creationDate"] = _moved(attributes["creationDate"], by)


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return value
    return (moment + by).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _apart(body: dict[str, Any], number: int) -> dict[str, Any]:
    # Cases run together; a key id of their own keeps one case's sessions out of another's.
    found: dict[str, Any] = json.loads(_renamed(json.dumps(body, default=str), number))
    return found


def _renamed(text: str, number: int) -> str:
    def other(match: re.Match[str]) -> str:
        digest = hashlib.sha256(f"{number} {match[2]}".encode()).hexdigest().upper()
        return match[1] + digest.translate(str.maketrans("0189", "GHJK"))[: len(match[2])]

    return _KEY.sub(other, text)
