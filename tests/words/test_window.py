"""Times and shifts as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trailwatch.errors import ConfigError
from trailwatch.window import Window, parse_moment, parse_shift, parse_window

NOW = datetime(2026, 8, 14, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00+02:00", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("T-7d", datetime(2026, 8, 7, 7, 30, tzinfo=UTC)),
        ("T-90m", datetime(2026, 8, 14, 6, tzinfo=UTC)),
        ("today", datetime(2026, 8, 14, tzinfo=UTC)),
        ("yesterday", datetime(2026, 8, 13, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert parse_moment(text, now=NOW) == expected


def test_a_plain_end_date_includes_its_day() -> None:
    window = parse_window("2026-08-01", "2026-08-02", now=NOW)
    assert window == Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 3, tzinfo=UTC))
    assert window.holds(datetime(2026, 8, 2, 23, 59, tzinfo=UTC))
    assert not window.holds(datetime(2026, 8, 3, tzinfo=UTC))
    days = window.days()
    assert days is not None
    assert [day.isoformat() for day in days] == ["2026-08-01", "2026-08-02"]


@pytest.mark.parametrize(("start", "end"), [("2026-08-02", "2026-08-01"), ("last week", None), ("2026-13-01", None)])
def test_bad_windows_are_refused(start: str, end: str | None) -> None:
    with pytest.raises(ConfigError):
        parse_window(start, end, now=NOW)


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("mon-tue 09:00-18:00", [(0, 540, 1080), (1, 540, 1080)]),
        ("sat 22:00-06:00", [(5, 1320, 1440), (6, 0, 360)]),
        ("sun 22:00-24:00", [(6, 1320, 1440)]),
        ("sat-mon 10:00-11:00", [(0, 600, 660), (5, 600, 660), (6, 600, 660)]),
        ("mon,wed 08:00-09:00", [(0, 480, 540), (2, 480, 540)]),
    ],
)
def test_shifts(text: str, intervals: list[tuple[int, int, int]]) -> None:
    assert parse_shift(text, where="here").intervals() == intervals


@pytest.mark.parametrize("text", ["", "mon", "09-17", "xyz 09:00-17:00", "mon 25:00-26:00"])
def test_bad_shifts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a shift"):
        parse_shift(text, where="here")
