"""What the model costs: features of everybody, the fit, the scores of the new day and of the thirty days before it.

    pytest -m bench -n 0 -s tests/bench/test_model_cost.py

TRAILWATCH_BENCH_IDENTITIES sets the number of identities (20,000), each with ten rows of activity on each of ninety days.
Measured in a process of its own. The processor time of all threads has to fit as well where others keep the machine busy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from trailwatch.engine import Engine

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

IDENTITIES = int(os.environ.get("TRAILWATCH_BENCH_IDENTITIES", "20000"))
DAYS, ROWS = 90, 10
MINUTES, GIGABYTES = 4.0, 4.0
DAY = date(2026, 3, 30)

ACTIVITY = """
select
    d.dt, 0 as shard, ((hash(i.n, r.n, d.dt) % 9) + i.n % 12)::tinyint as hour, '111122223333' as account,
    if(i.n % 2 = 0, '111122223333/user/u' || i.n, '111122223333/role/r' || i.n) as principal, '' as principal_id,
    if(i.n % 2 = 0, 'u' || i.n, '') as person, '' as long_term_key, 'IAMUser' as identity_type, 'direct' as origin,
    's' || (hash(i.n, r.n) % 40) || '.amazonaws.com' as event_source,
    if(hash(i.n, r.n, d.dt, 1) % 50 = 0, 'Get' || (hash(i.n, d.dt) % 300), 'Describe' || (hash(i.n, r.n, 2) % 8)) as event_name,
    'eu-west-1' as region, '10.' || (i.n % 200) || '.' || if(hash(i.n, d.dt, 3) % 40 = 0, 9, 1) || '.0/24' as address,
    'boto3 linux' as client, if(hash(i.n, r.n, d.dt) % 60 = 0, 'denied', 'ok') as outcome, true as read_only, '' as role,
    1 + (hash(i.n, r.n, d.dt, 4) % 30)::bigint as events,
    d.dt::timestamp at time zone 'UTC' + to_hours((hash(i.n, r.n, d.dt) % 20)::int) as first_time,
    first_time as last_time, 'e' || i.n || '-' || r.n || '-' || d.dt as event_id
from range($people) as i(n), range($rows) as r(n),
    (select ($day - range::int)::date as dt from range($days)) as d
where d.dt between $first and $last
"""

MEASURED = """
import json, sys, time
from datetime import date, timedelta
import numpy as np
from trailwatch.engine import Engine
from trailwatch.model.scorers import fit
from trailwatch.model.refit import usable
from trailwatch.profile.features import features
from pathlib import Path
folder, day = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
start, laps = (time.perf_counter(), time.process_time()), {}
with Engine(threads=2, memory="1500MB", temporary=folder) as engine:
    for table in ("activity", "identity_days", "seen"):
        files = sorted(str(path) for path in folder.glob(table + "-*.parquet"))
        engine.execute(f"create view {table} as from read_parquet(" + repr(files) + ")")
    matrix = features(engine, day=day)
laps["features"] = time.perf_counter() - start[0]
model = fit(usable(matrix, day, ()), seed=7)
laps["fit"] = time.perf_counter() - start[0] - laps["features"]
month = matrix.scaled[matrix.day >= np.datetime64(day - timedelta(days=30))]
scores = [model.score(month[place : place + 50_000]) for place in range(0, len(month), 50_000)]
# The peak of this program alone: ru_maxrss begins with that of the process that started it.
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(json.dumps({"wall": time.perf_counter() - start[0], "cpu": time.process_time() - start[1], **laps,
                  "scored": sum(map(len, scores)), "peak": peak / 2**20}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parquet files of activity, identity_days and seen, as a store holds them."""
    where = tmp_path_factory.mktemp("model")
    with Engine(threads=2, temporary=where) as engine:
        for place in range(0, DAYS, 15):
            first, last = DAY - timedelta(days=place + 14), DAY - timedelta(days=place)
            engine.execute(
                f"copy ({ACTIVITY}) to '{where}/activity-{place:02}.parquet'",
                people=IDENTITIES, rows=ROWS, days=DAYS, day=DAY, first=first, last=last,
            )  # fmt: skip
            engine.execute(
                f"create or replace view activity as from read_parquet('{where}/activity-{place:02}.parquet')"
            )
            engine.execute(
                f"copy (select dt, shard, account, principal, principal_id, person, sum(events) as events, "
                f"max(events) as peak_events, count(distinct event_name) as peak_reads, 3 as targets, 0 as resources, "
                f"0 as secrets, 1 as sessions from activity group by all) to '{where}/identity_days-{place:02}.parquet'"
            )
            engine.view("months", relation="seen")
            engine.execute(f"copy (from months) to '{where}/seen-{place:02}.parquet'")
    return where


def test_the_model_of_a_large_organization_fits_into_minutes_and_memory(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder), DAY.isoformat()],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{IDENTITIES:,} identities: {found}")
    assert found["scored"] >= 31 * IDENTITIES
    assert min(found["wall"], found["cpu"]) < 60 * MINUTES
    assert found["peak"] < GIGABYTES
