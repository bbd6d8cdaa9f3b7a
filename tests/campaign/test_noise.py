"""Sixty quiet days of 200 identities: how many findings at medium or above a day, and which detection made them.

TRAILWATCH_NOISE_SEED=101 pytest -m campaign -n 0 -s tests/campaign/test_noise.py

Resumes day by day; seeds up to 20 are for tuning, 101 and above are for judging only.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import noise
import pytest

FOLDER = Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign"))
LOG = FOLDER / "noise.jsonl"
SEED = int(os.environ.get("TRAILWATCH_NOISE_SEED", "101"))
DAYS = int(os.environ.get("TRAILWATCH_NOISE_DAYS", str(noise.ORGANIZATION.quiet)))
AT_MOST = 2


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_quiet_days_of_an_organisation_are_quiet() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = [one for line in LOG.read_text().splitlines() if (one := json.loads(line))["seed"] == SEED] if (
        LOG.exists()
    ) else []  # fmt: skip
    done = {result["day"] for result in results}
    trail = noise.settled(FOLDER / f"noise-{SEED}", SEED, noise.ORGANIZATION)
    days = noise.ORGANIZATION.days
    people = noise.identities(trail, days)
    assert people >= 200
    for day in days[:DAYS]:
        if day.isoformat() in done:
            continue
        start = time.monotonic()
        found = noise.told(trail.digest(day))
        results.append(
            {"seed": SEED, "day": day.isoformat(), "seconds": round(time.monotonic() - start, 1), "found": found}
        )
        with LOG.open("a") as log:
            log.write(json.dumps(results[-1]) + "\n")
    print(f"seed {SEED}, {people} identities\n{noise.table(results)}")
    assert median(len(result["found"]) for result in results) <= AT_MOST
    if len(results) >= noise.ORGANIZATION.quiet:
        shutil.rmtree(FOLDER / f"noise-{SEED}")
