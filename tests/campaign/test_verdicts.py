"""Chains sound and damaged, each judged by trailwatch and by `aws cloudtrail validate-logs` side by side.

AWSCLI names awscli's program, which needs an environment of its own: it pins botocore.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import S3Server
from verify import awscli
from verify.chains import HOUR, START, pairs, to_bucket
from verify.cloudtrail import CloudTrail, serving
from verify.damage import KINDS, make

from trailwatch.aws import Access
from trailwatch.store.tables import Store
from trailwatch.verify.run import verify
from trailwatch.window import Window

LOG = (
    Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign")) / "verdicts.jsonl"
)
CHAINS = int(os.environ.get("TRAILWATCH_CAMPAIGN_CHAINS", "200"))
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1")
ORGANIZATION = "o-exampleorg1"
INVALID = {"signature", "format", "key", "hash", "more"}
# What awscli does not look at: it calls a digest valid although the next one names another hash.
STRICTER = {("valid", "hash of the next digest")}
# What only trailwatch looks at.
ALONE = {"unnamed", "valid", "moved", "signature", "format", "key", "hash", "other"}


@pytest.fixture
def api(aws: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudTrail]:
    with serving() as state:
        state.keys = [pair.public() for pair in pairs()[:2]]
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", state.endpoint)
        yield state


def _kinds(seed: int, chance: random.Random) -> tuple[str, ...]:
    # Each kind alone, as often as three chains in four allow, and then several at once.
    if seed % 4 < 3:
        return (KINDS[(seed // 4 * 3 + seed % 4) % len(KINDS)],)
    return tuple(chance.sample(KINDS[1:], chance.randrange(2, 4)))


def _equal(theirs: str, ours: str) -> bool:
    # What awscli did not foresee it calls invalid in the words of the exception.
    return theirs == ours or (theirs, ours) in STRICTER or (theirs == "other" and ours in INVALID)


def _compare(seed: int, server: S3Server, bucket: str, api: CloudTrail, program: str, folder: Path) -> dict[str, Any]:
    chance = random.Random(seed)
    kinds = _kinds(seed, chance)
    organization = ORGANIZATION if seed % 7 == 3 else ""
    # SeaweedFS has room for some dozens of buckets: every chain has an account of its own in the same one.
    account = f"{seed + 1:012d}"
    chain = make(
        chance, kinds, bucket=bucket, account=account, region=chance.choice(REGIONS), organization=organization,
        prefix=chance.choice(("", "some/prefix")),
    )  # fmt: skip
    to_bucket(chain, server.store(bucket))
    api.trails = [{
        "Name": chain.trail, "TrailARN": chain.arn(), "S3BucketName": bucket, "HomeRegion": chain.home,
        "IsOrganizationTrail": True, **({"S3KeyPrefix": chain.prefix} if chain.prefix else {}),
    }]  # fmt: skip
    start = START + chance.randrange(3) * HOUR
    end = START + 10 * HOUR
    environment = server.environment() | {
        "AWS_ENDPOINT_URL_CLOUDTRAIL": api.endpoint, "AWS_ENDPOINT_URL_ORGANIZATIONS": api.endpoint,
    }  # fmt: skip
    begun = time.monotonic()
    theirs = awscli.told(program, chain, start=start, end=end, environment=environment)
    between = time.monotonic()
    store = Store.open(str(folder / f"store-{seed}"), create=True)
    verify(store, f"s3://{bucket}", access=Access(), window=Window(start, end), accounts=[account])
    done = time.monotonic()
    ours = awscli.kept(store)
    both = theirs.keys() & ours.keys()
    unequal = {
        f"{kind} {where}": [said, ours.get((kind, where), "nothing")]
        for (kind, where), said in sorted(theirs.items())
        if not _equal(said, ours.get((kind, where), "nothing"))
    }
    alone = sorted({ours[name] for name in ours.keys() - theirs.keys()})
    return {
        "seed": seed, "kinds": kinds, "objects": len(theirs), "equal": len(both) - sum(name in ours for name in unequal),
        "stricter": sum((theirs[name], ours[name]) in STRICTER for name in both), "unequal": unequal, "alone": alone,
        "damaged": sum(said not in ("valid", "gap") for said in theirs.values()),
        "awscli": round(between - begun, 2), "trailwatch": round(done - between, 2),
    }  # fmt: skip


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_verdicts_are_those_of_awscli(aws: S3Server, api: CloudTrail, tmp_path: Path) -> None:
    program = os.environ.get("AWSCLI")
    if not program:
        pytest.skip("AWSCLI does not name awscli's program: AWSCLI=/path/to/aws")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    done = {json.loads(line)["seed"] for line in LOG.read_text().splitlines()} if LOG.exists() else set()
    bucket = aws.bucket()
    for seed in range(CHAINS):
        if seed in done:
            continue
        told = _compare(seed, aws, bucket, api, program, tmp_path)
        with LOG.open("a") as out:
            out.write(json.dumps(told) + "\n")
        assert not told["unequal"], told
        assert set(told["alone"]) <= ALONE, told
