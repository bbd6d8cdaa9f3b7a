"""The sample logs by the model alone: what was planted is at the top of its day, and quiet days stay quiet."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from trailwatch import config
from trailwatch.engine import Engine
from trailwatch.ingest.collect import ingest
from trailwatch.model.score import Ranked, Scores, score
from trailwatch.profile.settle import settle
from trailwatch.store.tables import Store

SEEN_BY_THE_FOREST = ("root-day", "off-hours-intruder", "new-network", "dormant-key")


class Story:
    """The sample logs in a store, with the truth about them."""

    def __init__(self, folder: Path, store: Store) -> None:
        settings = config.load(str(folder / "trailwatch.toml"))
        self.store = store
        self.zones = {name: person.time_zone for name, person in settings.people.items() if person.time_zone}
        self.aliases = settings.aliases()
        self.chapters = {one["id"]: one for one in json.loads((folder / "story.json").read_text(encoding="utf-8"))}
        self._known: dict[date, Scores] = {}

    def days(self, chapter: str) -> list[date]:
        return [date.fromisoformat(day) for day in self.chapters[chapter]["dates"]]

    def concerns(self, chapter: str, principal: str, person: str) -> bool:
        return bool({principal, person} & set(self.chapters[chapter]["principals"]))

    def score(self, day: date) -> Scores:
        if day not in self._known:
            window = (day - timedelta(days=90), day)
            with Engine(threads=2) as engine:
                self.store.show(engine, "activity", days=window)
                self.store.show(engine, "identity_days", days=window)
                self.store.show(engine, "seen")
                self._known[day] = score(engine, day=day, zones=self.zones)
        return self._known[day]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = Path(__file__).parent.parent.parent / "sample_logs"
    store = Store.open(str(tmp_path_factory.mktemp("model") / "store"), create=True)
    told = Story(folder, store)
    ingest(store, str(folder))
    settle(store, aliases=told.aliases, threads=2)
    return told


@pytest.mark.parametrize("chapter", SEEN_BY_THE_FOREST)
def test_the_forest_alone_ranks_it_within_the_first_ten(story: Story, chapter: str) -> None:
    (day,) = story.days(chapter)
    ranking: tuple[Ranked, ...] = story.score(day).by("forest")
    places = [n for n, one in enumerate(ranking, 1) if story.concerns(chapter, one.principal, one.person)]
    assert min(places) <= 10 < len(ranking)


@pytest.mark.parametrize("chapter", SEEN_BY_THE_FOREST)
def test_it_is_an_anomaly_that_names_events_of_the_plot(story: Story, chapter: str) -> None:
    (day,) = story.days(chapter)
    found = [one for one in story.score(day).anomalies if story.concerns(chapter, one.principal, one.person)]
    assert found
    assert found[0].explained
    assert set(found[0].event_ids) & set(story.chapters[chapter]["event_ids"])


def test_slow_abuse_is_found_by_its_fifth_day(story: Story) -> None:
    days = story.days("slow-abuse")
    found = [any(story.concerns("slow-abuse", a.principal, a.person) for a in story.score(d).anomalies) for d in days]
    assert len(days) == 5
    assert any(found)


def test_quiet_days_are_nearly_empty(story: Story) -> None:
    days = [day for name, one in story.chapters.items() if one["kind"] == "quiet" for day in story.days(name)]
    found = [len(story.score(day).anomalies) for day in days]
    assert len(found) >= 5
    assert max(found) <= 2
    assert sum(found) <= len(found) / 2
