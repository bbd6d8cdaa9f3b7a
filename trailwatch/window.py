"""Spans of time: how people write them, and working shifts in a person's own zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from trailwatch.errors import ConfigError

_RELATIVE = re.compile(r"^T-(\d{1,5})([dhm])$", re.IGNORECASE)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_SHIFT = re.compile(r"^(?:(?P<days>[a-z,\s-]+?)\s+)?(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})$")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Window:
    """A span of UTC time, start inclusive and end exclusive; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def days(self) -> tuple[date, date] | None:
        """Return the first and last UTC day that the window touches, None when it is open on both sides."""
        if self.start is None and self.end is None:
            return None
        first = self.start.date() if self.start else date.min
        last = (self.end - timedelta(microseconds=1)).date() if self.end else date.max
        return first, last

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the window."""
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)


def parse_moment(text: str, *, now: datetime, where: str = "time") -> datetime:
    """Read `2026-01-31`, an ISO date and time, `today`, `yesterday` or `T-7d` as a UTC moment."""
    text = text.strip()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if text.lower() in {"today", "yesterday"}:
        return midnight - timedelta(days=text.lower() == "yesterday")
    if found := _RELATIVE.match(text):
        return now.astimezone(UTC) - timedelta(**{_UNITS[found[2].lower()]: int(found[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "2026-01-31, 2026-01-31T08:00Z, today, yesterday or T-7d"
        raise ConfigError(f"{text!r} is not a time", where=where, hint=hint) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_window(start: str | None, end: str | None, *, now: datetime) -> Window:
    """Read --from and --to; a plain date as --to means the whole of that day."""
    first = parse_moment(start, now=now, where="--from") if start else None
    last = parse_moment(end, now=now, where="--to") if end else None
    if last is not None and end and re.fullmatch(r"\d{4}-\d{2}-\d{2}|today|yesterday", end.strip().lower()):
        last += timedelta(days=1)
    if first and last and first >= last:
        raise ConfigError(f"{start} is not before {end}", where="--from", hint="swap the two")
    return Window(first, last)


def parse_day(text: str, *, now: datetime) -> date:
    """Read a UTC day: `2026-01-31`, `today`, `yesterday` or `T-3d`."""
    return parse_moment(text, now=now, where="--date").date()


@dataclass(frozen=True)
class Shift:
    """Working hours on some weekdays; an end at or before the start lies on the next day."""

    days: frozenset[int]
    start: time
    end: time

    def intervals(self) -> list[tuple[int, int, int]]:
        """Return (weekday, first minute, end minute) pieces, split at midnight; Monday is 0."""
        first, last = self.start.hour * 60 + self.start.minute, self.end.hour * 60 + self.end.minute
        if first < last:
            return [(day, first, last) for day in sorted(self.days)]
        pieces = [(day, first, 24 * 60) for day in sorted(self.days)]
        return pieces + ([((day + 1) % 7, 0, last) for day in sorted(self.days)] if last else [])


def parse_shift(text: str, *, where: str) -> Shift:
    """Read `mon-fri 09:00-18:00`, `sat 22:00-06:00`, `mon,wed 08:00-12:00` or `09:00-17:00`."""
    found = _SHIFT.match(text.strip().lower())
    try:
        if not found:
            raise ValueError(text)
        end = "00:00" if found["end"] == "24:00" else found["end"]
        return Shift(_weekdays(found["days"]), _clock(found["start"]), _clock(end))
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a shift", where=where, hint='"mon-fri 09:00-18:00"') from error


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def _weekdays(text: str | None) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, stop = WEEKDAYS.index(first[:3]), WEEKDAYS.index((last or first)[:3])
        days.update((start + step) % 7 for step in range((stop - start) % 7 + 1))
    return frozenset(days)
