"""The sample logs lived through: ingested, settled, and digests of the days that a story or a quiet day needs, in order."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stories.chronicle import Lived

from trailwatch import api

# The quiet days and those of attacks and look-alikes. Days between them are left out: a digest costs seconds.
DAYS = tuple(date(2026, 7, day) for day in (3, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31)) + tuple(
    date(2026, 8, day) for day in (1, 3, 4, 5, 6, 7, 8, 10, 11, 12)
)


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path) -> api.Trail:
    """A store of the sample logs without any digest; whoever writes to it takes a copy."""
    where = tmp_path_factory.mktemp("settled") / "store"
    trail = api.open(str(where), config=str(sample_logs / "trailwatch.toml"), create=True)
    account = trail.ingest(str(sample_logs))
    assert account.balanced()
    trail.settle()
    return trail


@pytest.fixture(scope="session")
def story(sample_logs: Path) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in json.loads((sample_logs / "story.json").read_text())}


@pytest.fixture(scope="session")
def lived(
    settled: api.Trail, story: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, sample_logs: Path
) -> Lived:
    where = tmp_path_factory.mktemp("lived") / "store"
    shutil.copytree(settled.store.uri, where)
    trail = api.open(str(where), config=str(sample_logs / "trailwatch.toml"))
    return Lived(trail, {day: trail.digest(day) for day in DAYS}, story)
