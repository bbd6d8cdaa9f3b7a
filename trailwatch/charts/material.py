"""What the charts of one identity are drawn from: few rows, counted before they get here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Day:
    """How many calls somebody made on a day, and how many of them were refused."""

    day: date
    events: int
    refused: int = 0


@dataclass(frozen=True)
class Hour:
    """On how many days an hour of the week was active, and whether the marked day is one of them."""

    slot: int  # 0 = Monday 00:00 in the own zone
    days: int
    marked: bool = False


@dataclass(frozen=True)
class Use:
    """A network or a client: since when it is known, and on which days of the window it was used."""

    dimension: str  # address | client | region
    value: str
    first: date
    days: tuple[date, ...]


@dataclass(frozen=True)
class Session:
    """One temporary credential, and the one that it was made with."""

    credential: str
    parent: str
    kind: str
    principal: str
    name: str
    first: datetime
    last: datetime
    events: int


@dataclass(frozen=True)
class Material:
    """All that is drawn of one identity up to a day, which is the marked one."""

    name: str
    kind: str  # person | principal
    day: date
    start: date
    zone: str = "UTC"
    days: tuple[Day, ...] = ()
    hours: tuple[Hour, ...] = ()
    uses: tuple[Use, ...] = ()
    sessions: tuple[Session, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.days)


@dataclass
class Branch:
    """A session with its place in the drawing."""

    session: Session
    depth: int
    row: int
    above: int | None  # the row of the one it was made with
    more: int = field(default=0)  # how many of its own are not drawn


def branches(sessions: Iterable[Session], *, most: int = 14) -> list[Branch]:
    """Return sessions in the order of a tree, children under their parent, the earliest first; at most `most` rows."""
    found = sorted(sessions, key=lambda one: (one.first, one.credential))
    known = {one.credential for one in found}
    below: dict[str, list[Session]] = {}
    for one in found:
        below.setdefault(one.parent if one.parent in known and one.parent != one.credential else "", []).append(one)
    rows: list[Branch] = []
    waiting = [(one, 0, None) for one in reversed(below.get("", []))]
    drawn: set[str] = set()
    stack: list[tuple[Session, int, int | None]] = list(waiting)
    while stack:
        one, depth, above = stack.pop()
        if one.credential in drawn:
            continue
        drawn.add(one.credential)
        if len(rows) == most:
            if rows:
                rows[-1].more += 1
            continue
        row = len(rows)
        rows.append(Branch(one, depth, row, above))
        stack += [(child, depth + 1, row) for child in reversed(below.get(one.credential, []))]
    return rows
