"""Which key days a run lists."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from trailwatch.ingest.days import wanted_days
from trailwatch.window import Window

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(window: Window | None = None, *, last: str = "", reconcile: bool = False) -> tuple[date, date] | None:
    return wanted_days(window, reconcile=reconcile, last_complete=moment(last) if last else None, now=NOW)


def test_a_first_run_lists_everything() -> None:
    assert days() is None


@pytest.mark.parametrize(
    ("last", "first"),
    [("2026-03-10T05:00", date(2026, 3, 7)), ("2026-03-09T23:59", date(2026, 3, 6)), ("2026-02-01", date(2026, 1, 29))],
)
def test_a_later_run_looks_back_before_the_last_complete_one_and_ahead_to_tomorrow(last: str, first: date) -> None:
    assert days(last=last) == (first, date(2026, 3, 11))


def test_reconcile_covers_the_days_in_which_cloudtrail_delivers_again() -> None:
    assert days(last="2026-03-10", reconcile=True) == (date(2026, 2, 7), date(2026, 3, 11))


def test_a_window_is_widened_because_files_carry_the_day_of_delivery() -> None:
    window = Window(moment("2026-01-05"), moment("2026-01-07"))
    assert days(window) == (date(2026, 1, 4), date(2026, 1, 7))
    assert days(window, reconcile=True) == (date(2026, 1, 4), date(2026, 2, 6))
    assert days(window, last="2026-03-09") == (date(2026, 1, 4), date(2026, 1, 7))


def test_open_windows() -> None:
    assert days(Window(moment("2026-01-05"), None)) == (date(2026, 1, 4), date.max)
    assert days(Window(None, moment("2026-01-05"))) == (date.min, date(2026, 1, 5))
