"""Which key days a run lists: late deliveries are found again, and old days are not listed for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from trailwatch.window import Window

LATE = 3  # days that every run looks back, besides the days since the last complete run
RETRIES = 31  # CloudTrail delivers again for 30 days when it could not
_SLOP = 1  # a file's day is that of delivery, up to five minutes in the future


def wanted_days(
    window: Window | None, *, reconcile: bool, last_complete: datetime | None, now: datetime
) -> tuple[date, date] | None:
    """Return the first and last key day to list, None for all.

    Without a window: from three days before the last complete run to tomorrow; a first run lists everything, and
    `reconcile` the 31 days in which CloudTrail may still deliver. A window is widened by a day on both sides, with
    `reconcile` by those 31 days at its end.
    """
    today = now.astimezone(UTC).date()
    if window and (days := window.days()):
        first, last = days
        return _add(first, -_SLOP), _add(last, RETRIES if reconcile else _SLOP)
    if reconcile:
        return today - timedelta(days=RETRIES), today + timedelta(days=1)
    if last_complete is None:
        return None
    return last_complete.astimezone(UTC).date() - timedelta(days=LATE), today + timedelta(days=1)


def _add(day: date, count: int) -> date:
    try:
        return day + timedelta(days=count)
    except OverflowError:
        return day
