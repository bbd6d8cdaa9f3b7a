"""The laws that every detection keeps, ours and a user's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from trailwatch.detect import compile as sql
from trailwatch.detect import context, posture, relations
from trailwatch.detect.attack import KNOWN
from trailwatch.detect.clause import flaws
from trailwatch.detect.detection import Detection, place
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


def _names(detection: Detection, bench: Bench, text: str) -> Iterator[Problem]:
    for key in ("title", "next") if not detection.snapshot else ():
        for name in sql.placeholders(getattr(detection, key)):
            if name not in bench.columns:
                yield _problem(detection, "placeholders", f"{key}: {{{name}}} is not a column of scope", text, key)
    columns: Sequence[str] = detection.count.by if detection.count else detection.by
    for name in (*columns, *([detection.count.distinct] if detection.count and detection.count.distinct else [])):
        if name not in bench.columns:
            yield _problem(detection, "columns", f"{name!r} is not a column of scope", text, "by")
    for code in detection.practices:
        if code not in CODES:
            yield _problem(
                detection, "practices", f"{code!r} is not a practice ({', '.join(sorted(CODES))})", text, "practices"
            )
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
                yield Problem(detection.id, law, what, _inside(detection, text, key, detection.snapshot, offset))
            else:
                yield _problem(detection, law, what, text, key)
        return
    key, clause = ("query", detection.query) if detection.query else ("where", detection.where)
    if not clause.strip():
        return
    found = list(flaws(bench.engine, where=detection.where, query=detection.query))
    for flaw in found:
        yield Problem(detection.id, "clause", flaw.what, _inside(detection, text, key, clause, flaw.offset))
    if not found:
        try:
            bench.engine.query(sql.bound(detection))
        except EngineError as error:
            yield _problem(detection, "binds", error.what, text, key)


def _inside(detection: Detection, text: str, key: str, clause: str, offset: int) -> str:
    """Return the place of an offset in a clause, in its file."""
    name = detection.path or detection.id
    start = text.find(clause)
    if start < 0:
        return place(name, text, key)
    before = text[: start + offset]
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _problem(detection: Detection, law: str, what: str, text: str = "", key: str = "") -> Problem:
    where = detection.path or detection.id
    return Problem(detection.id, law, what, place(where, text, key) if key and text else where)
