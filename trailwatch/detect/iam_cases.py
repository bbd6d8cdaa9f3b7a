"""Runs the cases of posture detections: rows of the relations, each a difference from a complete row of a clean account.

`[fires."name"]` and `[silent."name"]` give a relation a list of tables (`limits`: one table). Relations that a case does not
name keep the rows of the clean account, those that it names have its rows alone. `base` chooses among the base rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.config import Practices
from trailwatch.detect import posture, relations
from trailwatch.detect.detection import Case, Detection
from trailwatch.detect.records import ABSENT
from trailwatch.engine import Engine
from trailwatch.errors import DetectionError, TrailwatchError

Rows = dict[str, list[dict[str, Any]]]
_BASE = "base"


def run(detections: Iterable[Detection]) -> Iterator[tuple[Detection, Case, bool, str]]:
    """Yield, for each case of the posture detections, whether it fired, and why it could not run."""
    wanted = [detection for detection in detections if detection.snapshot]
    if not wanted:
        return
    clean = clean_account()
    with Engine(threads=1) as engine:
        relations.fill(engine, clean)
        for detection in wanted:
            for case in detection.cases:
                fired, error = False, ""
                try:
                    rows = changed(case, where=f"{detection.path or detection.id}: case {case.name!r}")
                    for name in rows:
                        engine.table(name, _table(name, rows[name]))
                    fired = posture.fires(engine, detection)
                    for name in rows:
                        engine.table(name, _table(name, clean.get(name, [])))
                except TrailwatchError as failure:
                    error = failure.what
                yield detection, case, fired, error


def clean_account() -> Rows:
    """Return the rows of an account in which every practice is held."""
    return {
        name: [_filled({}, row) for key, row in rows.items() if not key.startswith("+")]
        for name, rows in _base().items()
    }


def changed(case: Case, *, where: str = "") -> Rows:
    """Return the relations that a case gives other rows."""
    found: Rows = {}
    for name, given in case.difference.items():
        if name not in relations.RELATIONS:
            raise DetectionError(f"{name!r} is not a relation ({', '.join(relations.RELATIONS)})", where=where)
        entries = given if isinstance(given, list) else [given]
        if not all(isinstance(entry, Mapping) for entry in entries):
            raise DetectionError(f"{name} is a list of tables", where=where)
        found[name] = [_row(name, entry, where) for entry in entries]
    return found


def _row(name: str, entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    rows = _base().get(name, {})
    chosen = entry.get(_BASE, next(iter(rows), ""))
    if rows and chosen not in rows:
        raise DetectionError(f"{name} has no base row {chosen!r}", where=where, hint=", ".join(rows))
    difference = {key: value for key, value in entry.items() if key != _BASE}
    for key in difference:
        if key not in relations.RELATIONS[name].names:
            raise DetectionError(f"{key!r} is not a column of {name}", where=where,
                                 hint=", ".join(relations.RELATIONS[name].names))  # fmt: skip
    return _filled(difference, rows.get(chosen, {}))


def _filled(difference: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    row = {**base, **difference}
    # Names that follow from others, such as a principal from its user, need not be said again.
    return {
        key: None if value == ABSENT
        else value.format_map(row) if isinstance(value, str) and key not in difference and key in base else value
        for key, value in row.items()
    }  # fmt: skip


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    try:
        return relations.table(name, rows)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError) as error:
        raise DetectionError(f"{name}: {error}") from error


@lru_cache(maxsize=1)
def _base() -> dict[str, dict[str, dict[str, Any]]]:
    path = Path(str(resources.files("trailwatch") / "detections" / "_base" / "posture.json"))
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    limits = msgspec.to_builtins(Practices())
    numbers = {key: value for key, value in limits.items() if key in relations.RELATIONS["limits"].names}
    found["limits"] = {name: {**numbers, **row} for name, row in found["limits"].items()}
    return found
