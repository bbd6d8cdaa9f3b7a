"""Every event is read by exactly one digest, whatever order the digests are made in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from trailwatch.findings.reading import Late, Reading, reading

START = date(2026, 1, 1)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return EPOCH + timedelta(hours=hours)


def day(number: int) -> date:
    return START + timedelta(number)


def test_a_day_delivered_late_goes_to_the_next_digest() -> None:
    made = [Reading(day(0), at(30)), Reading(day(1), at(54))]
    found = reading(made, day=day(2), now=at(78))
    assert found.until == at(78)
    assert set(found.late) == {Late(day(0), at(54), at(78)), Late(day(1), at(54), at(78))}


def test_a_day_without_a_digest_is_not_late() -> None:
    found = reading([Reading(day(1), at(54))], day=day(2), now=at(78))
    assert [late.day for late in found.late] == [day(1)]


def test_made_again_after_others_it_reads_what_it_read_before() -> None:
    first = reading([Reading(day(0), at(30))], day=day(1), now=at(54))
    made = [Reading(day(0), at(30)), first, Reading(day(2), at(78))]
    assert reading(made, day=day(1), now=at(500)) == first


def test_the_newest_made_again_reads_what_has_come_since_and_what_it_had() -> None:
    first = reading([Reading(day(0), at(30))], day=day(1), now=at(54))
    again = reading([Reading(day(0), at(30)), first], day=day(1), now=at(60))
    assert again.until == at(60)
    assert again.late == (Late(day(0), at(30), at(60)),)


runs = st.lists(st.integers(0, 5), min_size=1, max_size=14)
events = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200)), min_size=1, max_size=30)


@settings(max_examples=300, deadline=None)
@given(runs, events)
def test_no_event_is_read_by_two_days_and_none_is_missed(order: list[int], arrivals: list[tuple[int, int]]) -> None:
    # Digests of days 0-5 run in any order, some again and again, one each ten hours; at the end all days in order, and one more.
    made: dict[date, Reading] = {}
    readers: dict[tuple[int, int], set[int]] = {event: set() for event in arrivals}
    for turn, number in enumerate([*order, *range(7)]):
        now = at(10 * (turn + 1))
        found = reading(made.values(), day=day(number), now=now)
        for event, days in readers.items():
            dt, arrived = day(event[0]), at(event[1])
            own = dt == found.day and arrived <= found.until
            late = any(span.day == dt and span.after < arrived <= span.until for span in found.late)
            (days.add if arrived <= now and (own or late) else days.discard)(number)
        made[day(number)] = found
    last_reader = at(10 * (len(order) + 7))
    for event, days in readers.items():
        assert len(days) <= 1, (event, days)
        if at(event[1]) <= last_reader:
            assert days, event
