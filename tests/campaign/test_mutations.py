"""20,000 damaged objects; resumes where it stopped, logs seed and result.

pytest -m campaign tests/campaign/test_mutations.py
"""

from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from mutations import Outcome, survive

LOG = (
    Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign")) / "mutations.jsonl"
)
INPUTS, BATCH = 20_000, 200


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_every_damaged_object_is_survived(shared_data: Path) -> None:
    found = [gzip.decompress(path.read_bytes()) for path in sorted(shared_data.rglob("*.json.gz"))]
    bodies = [body for body in found if len(body) < 400_000]
    LOG.parent.mkdir(parents=True, exist_ok=True)
    done = {json.loads(line)["seed"] for line in LOG.read_text().splitlines()} if LOG.exists() else set()
    for seed in range(INPUTS // BATCH):
        if seed in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            outcome = survive(Path(folder), bodies, random.Random(seed), BATCH)
        with LOG.open("a") as log:
            log.write(json.dumps({"seed": seed, **asdict(outcome)}) + "\n")
    results = [json.loads(line) for line in LOG.read_text().splitlines()]
    assert sum(result["inputs"] for result in results) >= INPUTS
    for name in asdict(Outcome()):
        print(f"{name}: {sum(result[name] for result in results):,}")
