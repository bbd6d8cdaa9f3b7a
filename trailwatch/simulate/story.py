"""The planted story: what happens on which day, and the truth about it for whoever checks a digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from trailwatch.simulate.records import Record

Kind = Literal["attack", "lookalike", "quiet", "neglect"]
Plot = Callable[[int, date], Iterator[Record]]


@dataclass(frozen=True)
class Chapter:
    """One planted happening: its days, who it concerns, the function that makes its records of a day, what it breaks.

    A neglect stands for months; its date is the day on which the exports of IAM show it.
    """

    id: str
    kind: Kind
    dates: tuple[date, ...]
    title: str
    principals: tuple[str, ...]
    plot: Plot | None = None
    practices: tuple[str, ...] = ()


@dataclass
class Told:
    """What was planted in one run, gathered while the records are made."""

    event_ids: dict[str, list[str]] = field(default_factory=dict)

    def keep(self, chapter: Chapter, records: Iterator[Record]) -> Iterator[Record]:
        """Pass the records on and remember their ids."""
        for record in records:
            self.event_ids.setdefault(chapter.id, []).append(str(record["eventID"]))
            yield record


def days(first: date, *more: int) -> tuple[date, ...]:
    """Return a date and further days after it."""
    return (first, *(date.fromordinal(first.toordinal() + n) for n in more))


QUIET: tuple[date, ...] = (
    date(2026, 7, 21),
    date(2026, 7, 23),
    date(2026, 7, 27),
    date(2026, 7, 31),
    date(2026, 8, 1),
    date(2026, 8, 10),
    date(2026, 8, 11),
    date(2026, 8, 12),
)
