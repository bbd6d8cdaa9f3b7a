"""Spans of days that are verified one after another, and the hours that good digests tell of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from trailwatch.verify.vault import Days
from trailwatch.window import Window

LENGTH = 3  # days whose digests are held at a time
LATE = timedelta(hours=1)  # what was logged up to the end of a window stands in the digest of the hour after
DELIVERY = timedelta(hours=3)  # after the end of its hour every digest is there
# The minute in a log's name may lie some minutes before or after its delivery, by which digests part the logs.
SLACK = timedelta(minutes=15)


def spans(first: date, last: date) -> Iterator[Days]:
    """Yield spans of at most three days that together are the days from `first` to `last`, the latest first."""
    while last >= first:
        begin = max(first, last - timedelta(days=LENGTH - 1))
        yield begin, last
        last = begin - timedelta(days=1)


def outer(window: Window, *, first: date, now: datetime) -> Days:
    """Return the days whose folders hold what a window asks for."""
    start = window.start.date() if window.start else first
    end = min(window.end or now, now) + LATE
    return max(start, first), end.astimezone(UTC).date()


def moments(days: Days) -> tuple[datetime, datetime]:
    """Return the first moment of a span of days and the one after it."""
    return midnight(days[0]), midnight(days[1]) + timedelta(days=1)


def midnight(day: date) -> datetime:
    """Return the first moment of a UTC day."""
    return datetime.combine(day, time(), UTC)


@dataclass
class Hours:
    """Hours that are told of by good digests."""

    _spans: list[tuple[datetime, datetime]] = field(default_factory=list)

    def add(self, start: datetime, end: datetime) -> None:
        """Add the hours of one digest."""
        if start < end:
            self._spans.append((start, end))

    def merged(self) -> list[tuple[datetime, datetime]]:
        """Return the hours as spans with something between them."""
        joined: list[tuple[datetime, datetime]] = []
        for start, end in sorted(self._spans):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def until(self) -> datetime | None:
        """Return the newest moment that is told of."""
        return max((end for _, end in self._spans), default=None)

    def keep(self, until: datetime) -> None:
        """Forget all but the hours that begin before a moment, and how far the whole reaches."""
        newest = self.until()
        self._spans = [span for span in self.merged() if span[0] < until or span[1] == newest]


def inside(spans: list[tuple[datetime, datetime]], moment: datetime) -> bool:
    """Tell whether a log of a moment would surely stand in one of the digests."""
    return any(start + SLACK <= moment <= end - SLACK for start, end in spans)
