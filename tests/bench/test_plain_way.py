"""From S3 to rows against the way that most scripts go: boto3, gzip, json and pandas, one object after another.

    pytest -m bench -n 0 -s tests/bench/test_plain_way.py

TRAILWATCH_BENCH_EVENTS sets the number of events (50,000). Both read the same bucket of SeaweedFS in processes of their own
and leave Parquet; wall and processor time, and the peak of memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.commands import ran
from bench.test_ingest import write
from servers import S3Server

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS = int(os.environ.get("TRAILWATCH_BENCH_EVENTS", "50000"))
SIZES = (200, 12)  # records of an object

PLAIN = """
import gzip, json, sys, time
begun = time.perf_counter()
from pathlib import Path
import boto3
import pandas as pd
bucket, target = sys.argv[1:]
client = boto3.client("s3")
records = []
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    for item in page["Contents"]:
        body = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        records += json.loads(gzip.decompress(body))["Records"]
frame = pd.DataFrame(records)
for name in ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "resources", "tlsDetails"):
    if name in frame:
        frame[name] = frame[name].map(json.dumps)
frame.to_parquet(target, compression="zstd")
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(json.dumps({"seconds": time.perf_counter() - begun, "processor": time.process_time(), "peak": peak / 2**20,
                  "events": len(frame)}))
"""


@pytest.mark.parametrize("size", SIZES)
def test_against_boto3_json_and_pandas(aws: S3Server, tmp_path: Path, size: int) -> None:
    bucket = aws.bucket()
    write(tmp_path / "logs", EVENTS, size)
    objects = aws.fill(bucket, tmp_path / "logs")
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, bucket, str(tmp_path / "plain.parquet")],
        capture_output=True,
        text=True,
        check=True,
    )
    plain = json.loads(done.stdout)
    ours = ran("ingest", f"s3://{bucket}", "--store", str(tmp_path / "store"), "--quiet")
    print(f"\n{EVENTS:,} events in {objects:,} objects")
    for name, found in (("boto3, json, pandas", plain), ("trailwatch ingest", ours)):
        print(
            f"  {name:<20} {found['seconds']:6.1f} s, {found['processor']:6.1f} s of processor, {found['peak']:.2f} GB"
        )
    print(f"  trailwatch is {plain['seconds'] / ours['seconds']:.1f} × as fast, "
          f"for {plain['peak'] / ours['peak']:.1f} × less memory")  # fmt: skip
    assert plain["events"] == EVENTS - EVENTS % size
