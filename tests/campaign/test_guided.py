"""Bytes guided by coverage, 50,000 for each of five readers; needs `pip install atheris`, and skips aloud without it.

pytest -m campaign tests/campaign/test_guided.py; beside the 100,000 of test_fuzz.py and test_mutations.py.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOG = Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign")) / "guided.jsonl"
RUNS, SEEDS = 10_000, 5


@pytest.mark.campaign
@pytest.mark.timeout(0)
@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="atheris is not installed")
@pytest.mark.parametrize("target", ["split", "export", "key", "rule", "policy"])
def test_no_bytes_bring_a_reader_down(target: str, tmp_path: Path) -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    lines = LOG.read_text().splitlines() if LOG.exists() else []
    done = {(line["target"], line["seed"]) for line in map(json.loads, lines)}
    for seed in range(1, SEEDS + 1):
        if (target, seed) in done:
            continue
        ran = subprocess.run(
            [sys.executable, str(ROOT / "tests" / "fuzzing" / "guided.py"), target, str(RUNS), str(seed)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"seed {seed}: {ran.stdout[-3000:]} {ran.stderr[-2000:]}"
        with LOG.open("a") as out:
            out.write(json.dumps({"target": target, "seed": seed, "inputs": RUNS}) + "\n")
