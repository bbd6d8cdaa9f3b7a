"""80,000 fuzzed keys, configurations, exports, rules and policies; resumes where it stopped, logs seed and result.

pytest -m campaign tests/campaign/test_fuzz.py [-k rules]; with test_mutations.py it is 100,000.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from fuzzing.areas import AREAS, Area, Outcome
from fuzzing.run import survive

LOG = Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign"))
BATCH = 200


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_everything_is_read_or_refused(area: Area) -> None:
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / f"fuzz-{area.name}.jsonl"
    done = {json.loads(line)["seed"] for line in log.read_text().splitlines()} if log.exists() else set()
    for seed in range(AREAS[area] // BATCH):
        if seed in done:
            continue
        outcome = survive(area, seed, BATCH)
        with log.open("a") as out:
            out.write(json.dumps({"seed": seed, **asdict(outcome)}) + "\n")
    results = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(result["inputs"] for result in results) >= AREAS[area]
    for name in asdict(Outcome()):
        print(f"{name}: {(max if name == 'slowest' else sum)(result[name] for result in results):,}")
