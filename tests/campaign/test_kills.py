"""kill -9 at random moments of ingest, settle and digest; run again: the same events, no doubles, the same digest."""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trailwatch import api
from trailwatch.engine import Engine
from trailwatch.simulate import write
from trailwatch.store.tables import Store

LOG = Path(os.environ.get("TRAILWATCH_CAMPAIGN", Path(tempfile.gettempdir()) / "trailwatch-campaign")) / "kills.jsonl"
KILLS = 500
FIRST = int(os.environ.get("TRAILWATCH_KILLS_SEED", "0"))  # two processes with seeds of their own share a log
IMPORTS = 1.0  # processor seconds in which Python starts and nothing is done yet
WORK = """
import sys
import trailwatch as tw
t = tw.open(sys.argv[1], config=sys.argv[2] + "/trailwatch.toml", create=True)
t.ingest(sys.argv[2])
t.settle()
for day in sys.argv[3:]:
    t.digest(day)
"""
# What differs from run to run although the page says the same.
VOLATILE = {"made_at", "versions", "reads", "last_ingest", "complete_until", "doubles"}
PROOF = {
    "events": "select event_id, count(*) from events group by all order by all",
    "activity": "select * exclude (event_id) from activity order by all",
    "seen": "select * from seen order by all",
    "findings": "select dt, id, status, severity, count from findings order by all",
}


def _start(store: Path, logs: Path, days: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(store), str(logs), *days],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=Path(api.__file__).parent.parent,
    )  # fmt: skip


def _finish(store: Path, logs: Path, days: tuple[str, ...]) -> float:
    """Let a run finish, and return the processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = _start(store, logs, days)
    _, errors = work.communicate()
    assert work.returncode == 0, errors.decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _killed(work: subprocess.Popen[bytes], moment: float) -> bool:
    """Kill a run after so much processor time, whatever else the machine does; tell whether it was still at work."""
    while work.poll() is None:
        if _spent(work.pid) >= moment:
            work.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    work.communicate()
    return work.returncode == -signal.SIGKILL


def _spent(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # it ended this moment
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _state(store: Path) -> dict[str, Any]:
    opened = Store.open(str(store))
    with Engine() as engine:
        for name in PROOF:
            opened.show(engine, name)
        state: dict[str, Any] = {name: engine.rows(sql) for name, sql in PROOF.items()}
        opened.show(engine, "digests")
        bodies = engine.rows("select dt, body from digests order by dt, made_at")
    state["digests"] = {str(day): _steady(json.loads(body)) for day, body in bodies}
    return state


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def _kill_and_finish(folder: Path, logs: Path, days: tuple[str, ...], moments: Iterable[float]) -> tuple[Any, int]:
    """Kill run after run after so much processor time, let the last one finish, and return the state and how many were killed."""
    store, killed = folder / "store", 0
    for moment in moments:
        if not _killed(_start(store, logs, days), moment):
            break
        killed += 1
    _finish(store, logs, days)
    return _state(store), killed


def test_a_killed_run_goes_on_without_loss_or_doubles(tmp_path: Path) -> None:
    logs, days = tmp_path / "logs", ("2026-06-05",)
    write(logs, days=5, start=date(2026, 6, 1), story=False)
    duration = _finish(tmp_path / "whole" / "store", logs, days)
    expected = _state(tmp_path / "whole" / "store")
    assert all(count == 1 for _, count in expected["events"])
    for share in (0.35, 0.55, 0.75):  # processor time differs by some tenths from run to run
        folder = tmp_path / f"killed-{share}"
        assert _kill_and_finish(folder, logs, days, [share * duration]) == (expected, 1)


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_five_hundred_kills(tmp_path: Path) -> None:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in LOG.read_text().splitlines()] if LOG.exists() else []
    logs, days = tmp_path / "logs", ("2026-06-05",)
    write(logs, days=5, start=date(2026, 6, 1), story=False)
    duration = _finish(tmp_path / "whole" / "store", logs, days)
    expected = _state(tmp_path / "whole" / "store")
    count, seeds = sum(one["killed"] for one in done), {one["seed"] for one in done}
    for seed in itertools.count(FIRST):
        if count >= KILLS:
            break
        if seed in seeds:
            continue
        dice = random.Random(seed)
        # Also runs that are killed while they mend what an earlier kill left.
        moments = [round(dice.uniform(IMPORTS, duration), 2) for _ in range(dice.randint(1, 8))]
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            state, killed = _kill_and_finish(Path(folder), logs, days, moments)
        told = {"seed": seed, "moments": moments, "of": round(duration, 2), "killed": killed, "same": state == expected}
        with LOG.open("a") as out:
            out.write(json.dumps(told) + "\n")
        assert told["same"], told
        count += killed
