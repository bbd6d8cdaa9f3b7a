"""What a replay costs: every call of every user and role in a store of ten million events, judged by one set of policies.

    pytest -m bench -n 0 -s tests/bench/test_replay_cost.py

The policies hold what is dear: networks, regions, resources by patterns, a boundary, NotAction. A replay is of one
principal; here all are judged at once, so that every call of the store is judged. TRAILWATCH_BENCH_REPLAY_EVENTS sets the
size of the store (10,000,000). The replay runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from bench.bulk import bulk

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

WANTED = int(os.environ.get("TRAILWATCH_BENCH_REPLAY_EVENTS", "10000000"))
MOST_SECONDS = 60.0  # for ten million calls
FEW = 5_000_000  # below which what does not grow with the calls is most of what is measured

POLICY = [
    {"Effect": "Allow", "Action": ["s3:*", "ec2:*", "logs:*", "ssm:*"], "Resource": "*"},
    {"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:*:*:*:*prod*", "arn:aws:s3:::*", "arn:aws:iam::*:role/app-*"]},
    {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
        "NotIpAddress": {"aws:SourceIp": ["185.60.112.0/24", "18.185.0.0/16"]}, "Bool": {"aws:ViaAWSService": "false"}}},
    {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
     "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1"]}}},
]  # fmt: skip
RUN = """
import json, resource, sys, time
from trailwatch.engine import Engine
from trailwatch.policy.document import parse
from trailwatch.policy.evaluate import Policies
from trailwatch.policy.replay import MEMORY, judge
from trailwatch.profile import sessions
from trailwatch.store.tables import Store
from trailwatch.window import Window

store = Store.open(sys.argv[1])
text = json.dumps({"Version": "2012-10-17", "Statement": json.loads(sys.argv[2])})
edge = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "organizations:*", "Resource": "*"}})
begun, used = time.perf_counter(), time.process_time()
with Engine(memory=MEMORY, threads=2) as engine:
    store.show(engine, "seen")
    names = tuple(name for (name,) in engine.rows(
        "select distinct principal from seen where principal like '%/user/%' or principal like '%/role/%' order by all"))
    store.show(engine, "events", name="raw_events")
    sessions.means(engine)
    engine.execute("create view meant as from events")
    made = judge(engine, Policies((parse(text, name="p"),), (parse(edge, name="b", kind="boundary"),)), names, window=Window())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - begun, "processor": time.process_time() - used, "peak": peak,
    "principals": len(names), "judged": sum(line.calls for line in made.lines), "free": sum(made.free.values()),
    "denied": made.denied, **{outcome: made.calls(outcome) for outcome in ("allow", "would deny", "cannot tell")}}))
"""


def test_ten_million_calls_are_judged_within_a_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = bulk(tmp_path, WANTED)
    events = sum(count for found in store.partitions("events").values() for _, count in found)
    done = subprocess.run(
        [sys.executable, "-c", RUN, store.uri, json.dumps(POLICY)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    seconds = found["seconds"] * 10_000_000 / events
    with capsys.disabled():
        print(
            f"\n{platform.machine()}, {os.cpu_count()} cores, two threads; {events:,} events of {found['principals']} users and roles"
        )
        print(f"  {found['judged']:,} calls judged (allow {found['allow']:,}, would deny {found['would deny']:,}, cannot tell "
              f"{found['cannot tell']:,}), {found['free']:,} that no policy judges, {found['denied']:,} denied before")  # fmt: skip
        print(f"  {found['seconds']:.1f} s, {found['processor']:.1f} s of processor, {found['peak']:,.0f} MB at most; "
              f"{seconds:.0f} s for ten million events")  # fmt: skip
    assert found["judged"] + found["free"] + found["denied"] > 0.5 * events
    assert events < FEW or seconds <= MOST_SECONDS
