"""What the digests of the sample logs say: every attack on its day, quiet on quiet days, and look-alikes left in peace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stories.chronicle import Lived

from trailwatch.digest.page import Digest
from trailwatch.finding import Finding, rank
from trailwatch.simulate import story

# The first test waits for the digests of the fixture, which are many.
pytestmark = pytest.mark.timeout(1500)
EXPECTED: Mapping[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "expected.toml").read_text())
FIRST_TEN = 10
MOST_ON_A_QUIET_DAY = 2

Told = tuple[str, str, str, str]


def told(finding: Finding) -> Told:
    return finding.severity, finding.status, finding.detection, finding.person or finding.principal


def serious(digest: Digest) -> list[Finding]:
    """The findings at medium or above of what happened on the day, in the digest's order."""
    return [finding for finding in digest.happening if rank(finding.severity) >= rank("medium")]


def covers(finding: Finding, chapter: Mapping[str, Any]) -> bool:
    return bool(set(chapter["event_ids"]) & set(finding.event_ids))


def days_of(entry: Mapping[str, Any]) -> list[date]:
    return [date.fromisoformat(day) for day in entry["dates"]]


def expected(day: date) -> list[Told]:
    return sorted(tuple(one) for one in EXPECTED["days"].get(day.isoformat(), []))


def test_each_day_says_exactly_what_is_expected_of_it(lived: Lived) -> None:
    found = {day.isoformat(): sorted(map(told, serious(digest))) for day, digest in lived.digests.items()}
    assert found == {day.isoformat(): expected(day) for day in lived.digests}


def test_nothing_is_expected_of_days_that_are_not_told(lived: Lived) -> None:
    assert {date.fromisoformat(day) for day in EXPECTED["days"]} <= lived.digests.keys()


@pytest.mark.parametrize(
    "chapter", ["root-day", "contractor-after-end", "off-hours-intruder", "new-network", "dormant-key"]
)
def test_an_attack_is_found_on_its_day_within_the_first_ten(lived: Lived, chapter: str) -> None:
    planted = lived.story[chapter]
    (day,) = days_of(planted)
    first = lived.digests[day].findings[:FIRST_TEN]
    assert [finding for finding in first if covers(finding, planted) and rank(finding.severity) >= rank("medium")]


def test_the_slow_abuse_is_within_the_first_ten_by_its_last_day(lived: Lived) -> None:
    planted = lived.story["slow-abuse"]
    found = [
        finding
        for day in days_of(planted)
        for finding in lived.digests[day].findings[:FIRST_TEN]
        if covers(finding, planted) and rank(finding.severity) >= rank("medium")
    ]
    assert found


@pytest.mark.parametrize("day", sorted(story.QUIET))
def test_a_quiet_day_is_quiet(lived: Lived, day: date) -> None:
    assert lived.digests[day].coverage.events > 100
    assert len(serious(lived.digests[day])) <= MOST_ON_A_QUIET_DAY


@pytest.mark.parametrize("chapter", ["quarterly-job", "on-call-night", "clean-up", "travel", "key-rotation"])
def test_a_lookalike_is_never_high(lived: Lived, chapter: str) -> None:
    planted = lived.story[chapter]
    days = [day for day in days_of(planted) if day in lived.digests]
    assert days
    loud = [
        told(f) for day in days for f in lived.digests[day].happening if covers(f, planted) and rank(f.severity) >= 3
    ]
    assert loud == []


@pytest.mark.parametrize("chapter", sorted(EXPECTED["incidents"]))
def test_a_story_is_one_incident(lived: Lived, chapter: str) -> None:
    planted = lived.story[chapter]
    titles: dict[str, str] = {}
    for day in days_of(planted):
        digest = lived.digests[day]
        mine = {finding.id for finding in serious(digest) if covers(finding, planted)}
        for incident in digest.incidents:
            if mine & set(incident.findings):
                titles[incident.id] = incident.title
        alone = mine - {one for incident in digest.incidents for one in incident.findings}
        assert not alone or len(mine) == 1, "findings of one story that no incident joins"
    assert list(titles.values()) == EXPECTED["incidents"][chapter]


def test_the_slow_abuse_stays_one_incident_from_day_to_day(lived: Lived) -> None:
    planted = lived.story["slow-abuse"]
    names = set()
    for day in days_of(planted):
        mine = {finding.id for finding in serious(lived.digests[day]) if covers(finding, planted)}
        names |= {incident.id for incident in lived.digests[day].incidents if mine & set(incident.findings)}
    assert len(names) == 1
