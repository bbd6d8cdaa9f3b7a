"""What the model is worth: the forest alone against single days, and what is missed when the model is off."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stories.chronicle import Lived

from trailwatch import api
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.model.score import Scores, score
from trailwatch.profile import baseline
from trailwatch.store.schema import IDENTITY_DAYS

# The first test waits for the digests of the fixture, which are many.
pytestmark = pytest.mark.timeout(1500)
Story = Mapping[str, dict[str, Any]]
FIRST_TEN = 10
SLOW = [date(2026, 8, 3) + timedelta(days=step) for step in range(5)]


def scored(trail: api.Trail, day: date) -> Scores:
    """The model's view of a day: nothing but the profiles is read, so no detection can have a part in it."""
    with Engine() as engine:
        baseline.show(trail.store, engine, day=day, window=90)
        engine.execute("create or replace view activity as from activity_window")
        trail.store.show(engine, IDENTITY_DAYS.name, days=(day - timedelta(days=90), day))
        return score(engine, day=day, zones=baseline.zones(trail.config))


@pytest.mark.parametrize("chapter", ["root-day", "off-hours-intruder", "new-network", "dormant-key"])
def test_the_forest_alone_ranks_a_loud_attack_within_the_first_ten(
    settled: api.Trail, story: Story, chapter: str
) -> None:
    (planted,) = story[chapter]["principals"]
    (day,) = story[chapter]["dates"]
    ranking = scored(settled, date.fromisoformat(day)).by("forest")
    assert len(ranking) > 2 * FIRST_TEN
    places = [place for place, one in enumerate(ranking, 1) if planted in (one.principal, one.person)]
    assert min(places, default=len(ranking)) <= FIRST_TEN


def told(digest: Any, events: set[str]) -> list[str]:
    """The detections whose findings at medium or above cover any of the events."""
    return sorted({f.detection for f in digest.happening if rank(f.severity) >= 2 and events & set(f.event_ids)})


def test_the_slow_abuse_is_found_by_its_last_day(lived: Lived) -> None:
    events = set(lived.story["slow-abuse"]["event_ids"])
    found = {day: told(lived.digests[day], events) for day in SLOW}
    assert any(found.values()), found


def test_without_the_model_the_slow_abuse_is_missed(
    settled: api.Trail, story: Story, tmp_path: Path, sample_logs: Path
) -> None:
    shutil.copytree(settled.store.uri, tmp_path / "store")
    off = msgspec.structs.replace(settled.config, model=msgspec.structs.replace(settled.config.model, enabled=False))
    trail = api.open(str(tmp_path / "store"), config=off)
    events = set(story["slow-abuse"]["event_ids"])
    digests = {day: trail.digest(day) for day in SLOW}
    assert all("unusual-day" in {one.detection for one in digest.coverage.unable} for digest in digests.values())
    assert {day: told(digest, events) for day, digest in digests.items()} == {day: [] for day in SLOW}
