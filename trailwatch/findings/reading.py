"""Which events a digest has to look at: its own day's, and late ones of earlier days that no digest has seen yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LATE_DAYS = 31  # CloudTrail retries a delivery for 30 days


@dataclass(frozen=True)
class Late:
    """A span of ingestion (after, until] whose events of one earlier day a digest reads."""

    day: date
    after: datetime
    until: datetime


@dataclass(frozen=True)
class Reading:
    """The events of one digest: those of its day ingested until `until`, and the late ones of earlier days."""

    day: date
    until: datetime
    late: tuple[Late, ...] = ()


def reading(made: Iterable[Reading], *, day: date, now: datetime) -> Reading:
    """Return what the digest of a day reads, so that every event is read by exactly one digest.

    An event belongs to its own day's digest, or, when it came after that was made, to the next digest of a later day
    that was made after it came. A digest made again keeps what it read before, and adds only what nobody has read;
    one that fills a gap reads its own day, and leaves what others have read.
    """
    known = {digest.day: digest for digest in made}
    old = known.get(day)
    # A later day's digest may have read what came for this day since, so this one stays with what it had.
    frozen = old is not None and any(other > day and digest.until > old.until for other, digest in known.items())
    until = old.until if old is not None and frozen else now
    late = {(span.day, span.until): span for span in (old.late if old else ())}
    for back in range(1, LATE_DAYS + 1):
        early = day - timedelta(days=back)
        # A day that no digest has read is not late: it is a day without a digest, which the coverage names.
        if early not in known:
            continue
        floor = max(digest.until for other, digest in known.items() if other >= early)
        if floor < until:
            # Made again every hour, a span grows instead of becoming twenty-four.
            joined = late.pop((early, floor), None)
            late[early, until] = Late(early, joined.after if joined else floor, until)
    return Reading(day, until, tuple(sorted(late.values(), key=lambda span: (span.day, span.after))))
