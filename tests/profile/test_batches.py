from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwatch.profile.batches import EVENTS, FEW, group

FIRST = date(2026, 6, 1)
COUNTS = st.lists(st.one_of(st.integers(1, 2_000), st.integers(1, 2 * EVENTS)), max_size=60)


def _days(counts: list[int]) -> dict[tuple[date, int], int]:
    return {(FIRST + timedelta(days=place), 0): count for place, count in enumerate(counts)}


@given(COUNTS, st.integers(1, 8))
def test_each_day_is_in_one_batch_and_only_a_large_day_makes_a_large_batch(counts, workers) -> None:
    days = _days(counts)
    batches = group(days, days, workers=workers)
    assert [key for batch in batches for key in batch.partitions] == sorted(days)
    for batch in batches:
        assert len(batch.partitions) == 1 or sum(days[key] for key in batch.partitions) <= EVENTS


# So few events that a batch may hold the share of a worker and a day more.
@given(st.lists(st.integers(1, EVENTS // 20), min_size=1, max_size=30), st.integers(2, 8))
def test_workers_get_no_more_batches_than_they_do_side_by_side(counts, workers) -> None:
    days = _days(counts)
    assert len(group(days, days, workers=workers)) <= workers


@pytest.mark.parametrize(("events", "expected"), [(FEW, [40]), (4 * FEW, [21, 19]), (4 * EVENTS, [10, 10, 10, 10])])
def test_few_events_stay_together_and_many_are_shared(events, expected) -> None:
    days = _days([events // 40] * 40)
    assert [len(batch.partitions) for batch in group(days, days, workers=2)] == expected
