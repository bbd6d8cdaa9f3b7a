"""Deliveries that come late, days on which the job did not run, and digests made again: nothing twice, nothing lost."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trailwatch import api
from trailwatch.digest.page import Digest
from trailwatch.finding import rank

# The first test waits for the digests of the fixture, which are many.
pytestmark = pytest.mark.timeout(1500)
ATTACK = date(2026, 7, 28)
# Enough of the days before for identities to be known; the model has its own tests.
FIRST, LAST = date(2026, 7, 6), date(2026, 8, 1)
KEY_DAY = re.compile(r"_(\d{8})T\d{4}Z_")
# What the intruder of that day did, whatever else was thought of it.
ACTS = {"access-key-for-other", "admin-granted"}


def day_of(path: Path) -> date:
    found = KEY_DAY.search(path.name)
    return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date() if found else date.min


@pytest.fixture(scope="module")
def intruder(story: Mapping[str, dict[str, Any]]) -> set[str]:
    return set(story["off-hours-intruder"]["event_ids"])


@pytest.fixture(scope="module")
def withheld(sample_logs: Path, intruder: set[str]) -> list[Path]:
    """The objects that hold the attack."""
    paths = [path for path in sorted(sample_logs.rglob("*.json.gz")) if day_of(path) == ATTACK]
    found = [
        path for path in paths
        if intruder & {record["eventID"] for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]}
    ]  # fmt: skip
    assert found
    return found


def deliver(sample_logs: Path, folder: Path, paths: list[Path]) -> None:
    """Lay objects at their keys in a folder, as a bucket would get them."""
    for path in paths:
        target = folder / path.relative_to(sample_logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


@pytest.fixture(scope="module")
def trail_of(
    tmp_path_factory: pytest.TempPathFactory, sample_logs: Path, settled: api.Trail, withheld: list[Path]
) -> Any:
    """A function that opens a copy of a store whose logs lack the attack's objects, beside its bucket."""
    base = tmp_path_factory.mktemp("base")
    usual = [path for path in sample_logs.rglob("*.json.gz") if FIRST <= day_of(path) <= LAST and path not in withheld]
    deliver(sample_logs, base / "bucket", usual)
    config = msgspec.structs.replace(settled.config, model=msgspec.structs.replace(settled.config.model, enabled=False))
    trail = api.open(str(base / "store"), config=config, create=True)
    assert trail.ingest(str(base / "bucket")).balanced()
    trail.settle()

    def copy(where: Path) -> tuple[api.Trail, Path]:
        shutil.copytree(base, where, dirs_exist_ok=True)
        return api.open(str(where / "store"), config=config), where / "bucket"

    return copy


def telling(digests: Mapping[date, Digest], events: set[str]) -> Counter[str]:
    """How often each detection at medium or above told of the events as something that happened."""
    return Counter(
        finding.detection for digest in digests.values() for finding in digest.happening
        if rank(finding.severity) >= 2 and events & set(finding.event_ids)
    )  # fmt: skip


def statuses(trail: api.Trail, days: list[date]) -> list[tuple[Any, ...]]:
    """What the store says of the findings of some days."""
    query = "select dt, id, detection, status, severity, count from findings order by all"
    return [tuple(row.values()) for row in trail.sql(query) if row["dt"] in days]


def stale(trail: api.Trail) -> dict[date, bool]:
    return {row["dt"]: row["stale"] for row in trail.sql("select dt, stale from digests")}


def july(*days: int) -> list[date]:
    return [date(2026, 7, day) for day in days]


def test_an_attack_delivered_three_days_late_is_told_once_with_its_true_time(
    trail_of: Any, tmp_path: Path, sample_logs: Path, withheld: list[Path], intruder: set[str]
) -> None:
    trail, bucket = trail_of(tmp_path)
    before = {day: trail.digest(day) for day in july(27, 28, 29, 30)}
    assert not telling(before, intruder)
    deliver(sample_logs, bucket, withheld)
    assert trail.ingest(str(bucket)).balanced()
    after = {day: trail.digest(day) for day in (*july(31), date(2026, 8, 1))}
    times = telling(after, intruder)
    assert times.keys() >= ACTS
    assert set(times.values()) == {1}, times
    first = after[date(2026, 7, 31)]
    assert first.coverage.late_events > 0
    for finding in first.happening:
        if intruder & set(finding.event_ids):
            assert finding.late, finding.detection
            assert finding.status == "new"
            assert finding.first_time.date() == finding.last_time.date() == ATTACK
    told_before = statuses(trail, july(27, 28, 29, 30))
    for day in july(28, 30):
        assert not intruder & {event for finding in trail.digest(day).findings for event in finding.event_ids}
    assert statuses(trail, july(27, 28, 29, 30)) == told_before
    assert not any(stale(trail).values())


def test_two_days_without_the_job_are_made_up_for(
    trail_of: Any, tmp_path: Path, sample_logs: Path, withheld: list[Path], intruder: set[str]
) -> None:
    late, bucket = trail_of(tmp_path / "late")
    deliver(sample_logs, bucket, withheld)
    late.ingest(str(bucket))
    late.digest(july(27)[0])
    noon = datetime(2026, 7, 30, 12, tzinfo=UTC)
    assert late.due(now=noon) == july(28, 29, 30), "two days that are over, and today so far"
    made_up = {day: late.digest(day) for day in july(28, 29)}
    times = telling(made_up, intruder)
    assert times.keys() >= ACTS
    assert set(times.values()) == {1}, times
    assert not any(digest.coverage.undigested for digest in made_up.values())
    for finding in made_up[ATTACK].happening:
        assert not finding.late
        assert finding.first_time.date() == ATTACK


def test_a_digest_made_again_changes_no_later_status(
    trail_of: Any, tmp_path: Path, sample_logs: Path, withheld: list[Path], intruder: set[str]
) -> None:
    trail, bucket = trail_of(tmp_path)
    deliver(sample_logs, bucket, withheld)
    trail.ingest(str(bucket))
    for day in july(28, 29, 30):
        trail.digest(day)
    kept, later = statuses(trail, july(28, 29, 30)), statuses(trail, july(29, 30))
    assert {row[2] for row in kept} >= ACTS
    trail.digest(ATTACK)
    assert statuses(trail, july(28, 29, 30)) == kept
    assert stale(trail) == dict.fromkeys(july(28, 29, 30), False)
    # With another rule book the day says something else: later days keep what they said and are marked.
    rules = msgspec.structs.replace(trail.config.rules, off=sorted(ACTS))
    other = api.open(trail.store.uri, config=msgspec.structs.replace(trail.config, rules=rules))
    again = other.digest(ATTACK)
    assert not ACTS & {finding.detection for finding in again.happening}
    assert statuses(trail, july(29, 30)) == later
    assert stale(trail) == {ATTACK: False, **dict.fromkeys(july(29, 30), True)}
