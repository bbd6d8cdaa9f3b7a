"""How long all detections take over a busy day: prints seconds, wall and CPU, for each kind of detection."""

from __future__ import annotations

import json
import time

import pytest

from trailwatch.detect import catalogue, context
from trailwatch.detect.scan import evaluate, scan
from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

EVENTS = 200_000

# Three hundred users, two hundred networks, a day: the base events, told apart.
BUSY = """
select * replace (
    event_id || '-' || i as event_id,
    timestamptz '2026-03-11' + to_seconds(hash(event_id, i) % 86400) as event_time,
    case when source_ip like '198.%' then '198.51.' || (i % 200) || '.' || (hash(i) % 250) else source_ip end as source_ip,
    replace(user_name, 'alice', 'user' || (hash(i, 1) % 300)) as user_name,
    access_key_id || (hash(i, 1) % 300) as access_key_id,
    case when event_source = 'iam.amazonaws.com'
        then ['ListUsers', 'GetUser', 'ListRoles', 'GetRole', 'ListPolicies'][(1 + hash(i, 2) % 5)::int]
        else event_name end as event_name)
from few, range($copies) as copies(i)
"""


@pytest.mark.bench
def test_a_day_of_200_000_events() -> None:
    records = [json.loads(path.read_text()) for path in sorted((catalogue.builtin() / "_base").glob("*.json"))]
    few = decode.records(records)
    detections = list(catalogue.load())
    with Engine(threads=2) as engine:
        engine.table("few", few)
        engine.execute(f"create table raw_events as {BUSY}", copies=-(-EVENTS // len(few)))
        sessions.resolve(engine, aliases={})
        context.build(engine)
        wall, cpu = time.perf_counter(), time.process_time()
        found = scan(engine, detections, built=True)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"\n{len(detections)} detections, {EVENTS} events: {wall:.2f} s, {cpu:.2f} s of CPU, {len(found.hits)} hits"
        )
        for shape in ("where", "count", "new", "query"):
            some = [detection for detection in detections if detection.shape == shape]
            start = time.perf_counter()
            evaluate(engine, some, history=False)
            print(f"  {shape}: {len(some)} in {time.perf_counter() - start:.2f} s")
    assert found.not_run == ()
    # Two cores: CPU is what a busy machine cannot stretch.
    assert cpu < 4
