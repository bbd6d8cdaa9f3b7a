"""Verification against awscli's own, each as a process of its own on the same bucket: seconds, ratio, peak memory.

AWSCLI names awscli's program; TRAILWATCH_BENCH_VERIFY_LOGS how many logs an hour has (24 hours).
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import obstore
import pytest
from verify.chains import HOUR, START, Chain, pairs, stamp
from verify.cloudtrail import serving

import trailwatch

LOGS = int(os.environ.get("TRAILWATCH_BENCH_VERIFY_LOGS", "100"))
HOURS = 24


def _chain(bucket: str) -> Chain:
    chain, chance = Chain(bucket=bucket), random.Random(1)
    for hour in range(HOURS):
        end = START + (hour + 1) * HOUR
        chain.digests.append(
            chain._digest(end, [chain.log(chance, end) for _ in range(LOGS)], pairs()[0], backfill=False)
        )
    return chain.write()


def _run(words: list[str], environment: dict[str, str], folder: Path) -> tuple[float, float, str]:
    begun = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-2000:]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, cpu, done.stdout


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_verify_beside_awscli(aws, tmp_path) -> None:
    program = os.environ.get("AWSCLI")
    if not program:
        pytest.skip("AWSCLI does not name awscli's program: AWSCLI=/path/to/aws")
    bucket = aws.bucket()
    chain, store = _chain(bucket), aws.store(bucket)
    for key, stored in chain.objects.items():
        obstore.put(store, key, stored.data, attributes=stored.metadata or None)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    ours = [
        sys.executable,
        "-m",
        "trailwatch",
        "verify",
        f"s3://{bucket}",
        "--from",
        "2026-01-05",
        "--to",
        "2026-01-05",
    ]
    theirs = [
        program, "cloudtrail", "validate-logs", "--trail-arn", chain.arn(), "--start-time", stamp(START), "--end-time",
        stamp(START + 25 * HOUR), "--region", chain.region, "--s3-bucket", bucket,
    ]  # fmt: skip
    with serving() as api:
        api.keys = [pair.public() for pair in pairs()[:2]]
        environment = clean | aws.environment() | {
            "AWS_ENDPOINT_URL_CLOUDTRAIL": api.endpoint, "PYTHONPATH": str(Path(trailwatch.__file__).parent.parent),
        }  # fmt: skip
        ratios = []
        for attempt in range(2):
            slow, slow_cpu, said = _run(theirs, {**environment, "PYTHONPATH": ""}, tmp_path)
            assert f"{HOURS * LOGS}/{HOURS * LOGS} log files valid" in said
            fast, fast_cpu, told = _run([*ours, "--store", f"store-{attempt}"], environment, tmp_path)
            assert f"{HOURS * LOGS:,} valid" in told
            again, _, _ = _run([*ours, "--store", f"store-{attempt}"], environment, tmp_path)
            ratios.append(slow / fast)
            print(f"\n{HOURS * LOGS:,} logs, {HOURS} digests: awscli {slow:.1f} s ({slow_cpu:.1f} CPU), trailwatch {fast:.1f} s "
                  f"({fast_cpu:.1f} CPU), again {again:.1f} s; {slow / fast:.1f} ×")  # fmt: skip
    assert min(ratios) > 1
