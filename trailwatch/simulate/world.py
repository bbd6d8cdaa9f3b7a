"""All records of one day of the organisation, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from trailwatch.simulate import habits, harmless, incidents, lookalikes, neglects, pipelines, services, users, workloads
from trailwatch.simulate.people import Person, cast
from trailwatch.simulate.records import Record
from trailwatch.simulate.spans import Span
from trailwatch.simulate.story import Chapter, Told

CHAPTERS: tuple[Chapter, ...] = tuple(
    sorted((*incidents.ATTACKS, *lookalikes.LOOKALIKES, *neglects.NEGLECTS), key=lambda chapter: chapter.dates)
)
_SPARSE_DAYS = (1, 2, 3, 15)


@dataclass
class World:
    """An organisation: its people, its size, the period that is told, and which chapters happen in it.

    Without a story only the neglects are there, and no year before; `only` names the chapters of a world with a story.
    """

    seed: int = 7
    days: int = 75
    start: date = date(2026, 6, 1)
    people: int | None = None
    scale: float = 1.0
    story: bool = True
    only: frozenset[str] | None = None
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.cast: tuple[Person, ...] = cast(self.people, self.scale)
        self.copies = max(1, round(self.scale**0.5))
        self.chapters: tuple[Chapter, ...] = tuple(
            chapter
            for chapter in CHAPTERS
            if (chapter.id in self.only if self.only is not None else self.story or chapter.kind == "neglect")
        )
        self.untold = frozenset(chapter.id for chapter in CHAPTERS if chapter not in self.chapters)

    def calendar(self) -> Iterator[tuple[date, bool]]:
        """Yield the days that are told, each with whether it is one of the dense ones."""
        year_before = date(self.start.year - 1, self.start.month, 1)
        day = year_before
        while day < self.start and self.story:
            if day.day in _SPARSE_DAYS:
                yield day, False
            day += timedelta(days=1)
        for number in range(self.days):
            yield self.start + timedelta(days=number), True

    def day(self, day: date, dense: bool) -> Iterator[Record]:
        """Yield the day's records in the order of who made them."""
        instead = {who for who, chapter in lookalikes.INSTEAD.items() if chapter not in self.untold}
        for person in self.cast:
            if (person.email, day) not in instead:
                yield from habits.person_day(self.seed, person, day, dense=dense)
        for copy in range(self.copies):
            span = Span(self.seed, day, dense, max(1.0, self.scale**0.5), copy, self.untold)
            for producer in (
                *workloads.PRODUCERS,
                *pipelines.PRODUCERS,
                *users.PRODUCERS,
                *services.PRODUCERS,
                harmless.day,
            ):
                if producer is workloads.quarter_close and ("quarter-close", day) in instead:
                    continue
                yield from producer(span)
        for chapter in self.chapters:
            if day in chapter.dates and chapter.plot:
                yield from self.told.keep(chapter, chapter.plot(self.seed, day))
