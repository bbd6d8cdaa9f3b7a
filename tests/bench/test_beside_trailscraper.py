"""A role's policy out of logs beside trailscraper, which reads all of them for each question.

    TRAILSCRAPER=/path/to/trailscraper pytest -m bench -n 0 -s tests/bench/test_beside_trailscraper.py

TRAILWATCH_BENCH_EVENTS sets the number of events (200,000). Commands in processes of their own on the same folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from bench.commands import ran
from bench.test_ingest import write

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS = int(os.environ.get("TRAILWATCH_BENCH_EVENTS", "200000"))
ACCOUNT, ROLE = "210987654321", "web-app"
ONCE = ("ingest", "settle")


def _theirs(program: str, logs: Path) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Return the seconds of each of trailscraper's commands, and the policy."""
    role, text, seconds = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "", {}
    for words in (["select", "--log-dir", str(logs), "--filter-assumed-role-arn", role], ["generate"]):
        begun = time.perf_counter()
        text = subprocess.run([program, *words], input=text, capture_output=True, text=True, check=True).stdout
        seconds[words[0]] = time.perf_counter() - begun
    return seconds, json.loads(text)


def test_a_policy_beside_trailscraper(trailscraper: str, tmp_path: Path) -> None:
    logs, store, policy = tmp_path / "logs", str(tmp_path / "store"), tmp_path / "policy.json"
    write(logs, EVENTS, 500)
    ours = {
        "ingest": ran("ingest", str(logs), "--store", store, "--quiet"),
        "settle": ran("settle", "--store", store, "--quiet"),
        "policy generate": ran("policy", "generate", f"{ACCOUNT}/role/{ROLE}", "--store", store, "--format", "policy",
                               "--output", str(policy)),
    }  # fmt: skip
    theirs, made = _theirs(trailscraper, logs)
    print(f"\n{EVENTS:,} events")
    for by, commands in (
        ("trailwatch", {name: one["seconds"] for name, one in ours.items()}),
        ("trailscraper", theirs),
    ):
        print(f"  {by:<14}", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in commands.items()))
    whole, again = sum(theirs.values()), ours["policy generate"]["seconds"]
    first = sum(one["seconds"] for one in ours.values())
    print(f"  the first role: {whole / first:.1f} × as fast; each one after it: {whole / again:.0f} ×")
    assert made["Statement"]
    assert json.loads(policy.read_text())["Statement"]
