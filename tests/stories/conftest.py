"""The sample logs lived through: ingested, settled, and a digest for each day of the last weeks, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from trailwatch import api
from trailwatch.digest.page import Digest

FIRST, LAST = date(2026, 7, 20), date(2026, 8, 14)


@dataclass(frozen=True)
class Lived:
    """A store of the sample logs, its digests by day, and what was planted."""

    trail: api.Trail
    digests: Mapping[date, Digest]
    story: Mapping[str, dict[str, Any]]


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path) -> Lived:
    trail = api.open(
        str(tmp_path_factory.mktemp("lived") / "store"), config=str(sample_logs / "trailwatch.toml"), create=True
    )
    account = trail.ingest(str(sample_logs))
    assert account.balanced()
    digests = {}
    for step in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=step)
        digests[day] = trail.digest(day)
    story = {entry["id"]: entry for entry in json.loads((sample_logs / "story.json").read_text())}
    return Lived(trail, digests, story)
