"""What it costs to ask about one key in a large store: its history and its lineage, over one day and over ninety.

    TRAILWATCH_BENCH_HISTORY_EVENTS=50000000 pytest -m bench -n 0 -s tests/bench/test_history_cost.py

The store (2 million events unless told) is made once and kept where TRAILWATCH_BENCH_FOLDER says, else in a temporary
folder. Each question is asked in a process of its own, start included, of the busiest long-term key, of the busiest temporary
one, and of a person.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from bench.bulk import DAYS, FIRST, bulk

from trailwatch.engine import Engine
from trailwatch.store.tables import Store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

EVENTS = int(os.environ.get("TRAILWATCH_BENCH_HISTORY_EVENTS", "2000000"))
LAST = FIRST + timedelta(DAYS - 1)
SECONDS = {1: 2.0, 90: 10.0}
GIGABYTES = 1.0

ASKED = """
import json, sys, time
start = time.perf_counter()
from pathlib import Path
import trailwatch as tw
store, way, text, first, last = sys.argv[1:]
found = getattr(tw.open(store), way)(text, start=first, end=last)
text = found.page().text()
# The peak of this program alone: ru_maxrss begins with that of the process that started it.
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(json.dumps({"seconds": time.perf_counter() - start, "peak": peak / 2**20, "lines": text.count("\\n")}))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    told = os.environ.get("TRAILWATCH_BENCH_FOLDER")
    folder = Path(told) / f"history-{EVENTS}" if told else tmp_path_factory.mktemp("history")
    if (folder / "made").exists():
        return Store.open(str(folder / "store"))
    made = bulk(folder, EVENTS)
    (folder / "made").touch()
    return made


@pytest.fixture(scope="module")
def names(store: Store) -> dict[str, str]:
    """The busiest key of each sort on the last day, and the person with most events."""
    with Engine(memory="2GB") as engine:
        store.show(engine, "events", days=(LAST, LAST))
        store.show(engine, "activity", days=(LAST, LAST))
        keys = engine.rows(
            "select arg_max(access_key_id, n) from (select access_key_id, count(*) as n from events "
            "where access_key_id similar to '(AKIA|ASIA).*' group by 1) group by left(access_key_id, 4) order by 1"
        )
        [(person,)] = engine.rows(
            "select arg_max(person, n) from (select person, sum(events) as n from activity where person <> '' group by 1)"
        )
    return {"key": keys[0][0], "session": keys[1][0], "person": person}


@pytest.mark.parametrize("days", sorted(SECONDS))
@pytest.mark.parametrize("way", ["history", "lineage"])
@pytest.mark.parametrize("kind", ["key", "session", "person"])
def test_one_key_is_answered_at_once(store: Store, names: dict[str, str], kind: str, way: str, days: int) -> None:
    first = LAST - timedelta(days - 1)
    done = subprocess.run(
        [sys.executable, "-c", ASKED, store.uri, way, names[kind], str(first), str(LAST)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"\n{EVENTS:,} events: {way} of a {kind} over {days} days: {found['seconds']:.2f} s (wanted {SECONDS[days]:.0f}), "
        f"peak {found['peak']:.2f} GB (wanted {GIGABYTES:.0f}), {found['lines']} lines"
    )
    assert found["lines"] > 5
    if kind != "person":
        assert found["seconds"] < SECONDS[days]
        assert found["peak"] < GIGABYTES
