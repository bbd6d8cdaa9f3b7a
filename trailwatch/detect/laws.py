"""The laws that every detection keeps, ours and a user's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from trailwatch.detect import compile as sql
from trailwatch.detect import context, posture, relations
from trailwatch.detect.attack import KNOWN
from trailwatch.detect.binding import explained
from trailwatch.detect.clause import Flaw, flaws
from trailwatch.detect.detection import Detection, place
from trailwatch.detect.fields import TOP, did_you_mean, nearest, nearest_column
from trailwatch.detect.records import OWN_KEYS
from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.practices import CODES
from trailwatch.profile import sessions
from trailwatch.store.schema import EVENTS

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Problem:
    """A law that a detection breaks, and where."""

    detection: str
    law: str
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where or self.detection}: {self.what}"


OPEN = "TODO"  # how a text begins that `rules new` leaves to its author


class Bench:
    """An empty `scope` through the real views, on which clauses are bound."""

    def __init__(self) -> None:
        self.engine = Engine(threads=1)
        self.engine.table("raw_events", EVENTS.columns.empty_table())
        sessions.resolve(self.engine, aliases={})
        context.build(self.engine)
        relations.fill(self.engine)
        self.columns = frozenset(
            name for (name,) in self.engine.rows("select column_name from (describe scope)"))  # fmt: skip

    def close(self) -> None:
        """Release the session."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def problems(detection: Detection, bench: Bench, *, text: str = "") -> list[Problem]:
    """Return every law that a detection breaks; `text` is its file, for lines and columns."""
    if not text and detection.path and Path(detection.path).is_file():
        text = Path(detection.path).read_text(encoding="utf-8")
    return [
        *_form(detection, text),
        *_cases(detection, text),
        *_names(detection, bench, text),
        *_clause(detection, bench, text),
    ]


def _form(detection: Detection, text: str) -> Iterator[Problem]:
    if not _ID.fullmatch(detection.id):
        yield _problem(detection, "id", f"the id {detection.id!r} (the file's name) is not lower case with dashes")
    for key in ("title", "why", "misses"):
        if not getattr(detection, key).strip():
            yield _problem(detection, key, f"{key} is missing", text, key)
    for key in ("title", "why", "misses", "next"):
        # What `rules new` leaves open must not reach a reader of the digest.
        if getattr(detection, key).startswith("TODO"):
            yield _problem(detection, OPEN, f"{key} is still to be written", text, key)
    shapes = [key for key in ("count", "new", "query", "snapshot") if getattr(detection, key)]
    if len(shapes) > 1:
        yield _problem(detection, "shape", f"{' and '.join(shapes)} cannot stand together", text, shapes[1])
    if detection.where.strip() and (detection.query or detection.snapshot):
        yield _problem(detection, "shape", "where has no place beside query or snapshot", text, "where")
    if not detection.where.strip() and not shapes:
        yield _problem(detection, "shape", "there is neither where nor query nor snapshot")
    if detection.count and not detection.where.strip():
        yield _problem(detection, "shape", "count counts what where matches: where is missing", text, "count")
    if detection.count and detection.count.at_least < 2:
        yield _problem(detection, "shape", "at_least is at least 2", text, "at_least")


def _cases(detection: Detection, text: str) -> Iterator[Problem]:
    for part, fires in (("fires", True), ("silent", False)):
        if not any(case.fires is fires for case in detection.cases):
            said = "fires" if fires else "stays silent"
            yield _problem(detection, "cases", f'no case in which it {said}: add [{part}."its name"]', text, part)
    # A wrong name changes nothing in the record, so that a silent case would be silent whatever the clause says.
    for case in detection.cases if not detection.snapshot else ():
        for difference in (case.difference, *_events(case.difference)):
            for name in difference:
                if name not in TOP | OWN_KEYS:
                    hint = did_you_mean(nearest(name, TOP | OWN_KEYS))
                    what = f"case {case.name!r}: a record has no field {name!r}{hint}"
                    yield _problem(detection, "cases", what, text, name)


def _events(difference: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    events = difference.get("events")
    return [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []


def _names(detection: Detection, bench: Bench, text: str) -> Iterator[Problem]:
    for key in ("title", "next") if not detection.snapshot else ():
        for name in sql.placeholders(getattr(detection, key)):
            if name not in bench.columns:
                hint = did_you_mean(nearest_column(name, bench.columns))
                yield _problem(
                    detection, "placeholders", f"{key}: {{{name}}} is not a column of scope{hint}", text, key
                )
    columns: Sequence[str] = detection.count.by if detection.count else detection.by
    for name in (*columns, *([detection.count.distinct] if detection.count and detection.count.distinct else [])):
        if name not in bench.columns:
            hint = did_you_mean(nearest_column(name, bench.columns))
            yield _problem(detection, "columns", f"{name!r} is not a column of scope{hint}", text, "by")
    for code in detection.practices:
        if code not in CODES:
            hint = did_you_mean(nearest(code, CODES))
            what = f"{code!r} is not a practice ({', '.join(sorted(CODES))}){hint}"
            yield _problem(detection, "practices", what, text, "practices")
    if not detection.practices:
        yield _problem(detection, "practices", "it names no practice", text, "practices")
    for technique in detection.attack:
        if technique not in KNOWN:
            yield _problem(
                detection, "attack", f"{technique!r} is not a technique of ATT&CK for the cloud", text, "attack"
            )


def _clause(detection: Detection, bench: Bench, text: str) -> Iterator[Problem]:
    if detection.snapshot:
        for law, what, key, offset in posture.mistakes(bench.engine, detection):
            if law == "clause":
                spot = _spot(detection, Flaw(what, offset), detection.snapshot, text, key)
                yield Problem(detection.id, law, what, spot)
            else:
                yield _problem(detection, law, what, text, key)
        return
    key, clause = ("query", detection.query) if detection.query else ("where", detection.where)
    if not clause.strip():
        return
    found = list(flaws(bench.engine, where=detection.where if not detection.query else "", query=detection.query))
    law = "clause"
    if not found:
        try:
            bench.engine.query(sql.bound(detection))
        except EngineError as error:
            law, found = "binds", [explained(bench.engine, error.what, **{key: clause})]
    for flaw in found:
        yield Problem(detection.id, law, flaw.what, _spot(detection, flaw, clause, text, key))


def _spot(detection: Detection, flaw: Flaw, clause: str, text: str, key: str) -> str:
    name, start = detection.path or detection.id, text.find(clause)
    if start < 0 or flaw.offset < 0:
        return place(name, text, key)
    before = text[: start + flaw.offset]
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _problem(detection: Detection, law: str, what: str, text: str = "", key: str = "") -> Problem:
    where = detection.path or detection.id
    return Problem(detection.id, law, what, place(where, text, key) if key and text else where)
