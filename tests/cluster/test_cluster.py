"""Workers of dask do what one process does: the same store and the same digest, also when one of them is killed."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cluster import work
from servers import S3Server

import trailwatch as tw
from trailwatch import cli, cluster
from trailwatch.aws import Access
from trailwatch.config import StoreSection
from trailwatch.digest import apart
from trailwatch.engine import Engine
from trailwatch.errors import ClusterError, MissingExtra, SourceError
from trailwatch.ingest import team
from trailwatch.profile import batches
from trailwatch.progress import Silent
from trailwatch.simulate import write
from trailwatch.store.tables import Store
from trailwatch.workers import Here, Workers

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # a killed worker leaves its sockets open
    pytest.mark.timeout(900),  # processes start and start again, on a machine that may have other work
]

DAY = "2026-06-03"
CONFIG = tw.Config()
# What differs from run to run although the page says the same.
VOLATILE = {"made_at", "versions", "reads", "last_ingest"}
PROOF = {
    "events": "select event_id from events order by all",
    "sessions": "select * exclude (shard) from sessions order by all",
    "activity": "select * exclude (event_id, shard) from activity order by all",
    "identity_days": "select * exclude (shard) from identity_days order by all",
    "seen": "select * from seen order by all",
    "objects": "select bucket, split_part(key, 'AWSLogs', -1), status, events from objects order by all",
}


def tables(store: Store) -> dict[str, Any]:
    """What a store holds."""
    with Engine() as engine:
        for table in PROOF:
            store.show(engine, table)
        found: dict[str, Any] = {table: engine.rows(text) for table, text in PROOF.items()}
    assert all(found.values())
    found["objects"] = [row[1:] for row in found["objects"]]
    return found


def state(store: Store) -> dict[str, Any]:
    """What a store holds, and says of the day."""
    with Engine() as engine:
        for table in ("findings", "digests"):
            store.show(engine, table)
        bodies = [body for (body,) in engine.rows("select body from digests")]
        findings = engine.rows("select id, status, severity, count from findings order by all")
    assert bodies
    assert findings
    return {**tables(store), "findings": findings, "digest": [steady(msgspec.json.decode(body)) for body in bodies]}


def steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


class Killer(Silent):
    """Kills a worker in the middle of its work, once in each piece of work."""

    def __init__(self, workers: Workers) -> None:
        self.client: Any = workers._client  # type: ignore[attr-defined]
        self.killed: list[str] = []
        self.label = ""
        self.steps: dict[str, int] = {}
        self.totals: dict[str, int] = {}

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:  # noqa: ARG002
        self.label = label
        self.totals[label] = self.totals.get(label, 0) + (total or 0)

    def advance(self, steps: int = 1, **figures: int) -> None:  # noqa: ARG002
        self.steps[self.label] = self.steps.get(self.label, 0) + steps
        if self.label in ("list", *self.killed):
            return
        end = time.monotonic() + 20
        while not (busy := [address for address, work in self.client.processing().items() if work]):
            assert time.monotonic() < end, "no worker is in the middle of anything"
        pids = self.client.run(os.getpid, workers=busy[:1])
        os.kill(pids[busy[0]], signal.SIGKILL)
        self.killed.append(self.label)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write(folder, days=3, start=date(2026, 6, 1), story=False)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> dict[str, Any]:
    """What one process makes of the logs."""
    trail = tw.open(str(tmp_path_factory.mktemp("alone") / "store"), config=CONFIG, create=True)
    trail.ingest(str(logs))
    trail.digest(DAY)
    return state(trail.store)


@pytest.fixture
def bucket(aws: S3Server, logs: Path) -> str:
    name = aws.bucket()
    aws.fill(name, logs / "AWSLogs", prefix="AWSLogs/")
    return f"s3://{name}"


@pytest.fixture(scope="module")
def started(seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Two processes that find the server through their environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seaweed.environment().items():
            patch.setenv(name, value)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with cluster.workers(count=2) as workers:
            yield workers


@pytest.fixture
def two(started: Workers, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """The processes, and parts so small that there are several."""
    monkeypatch.setattr(team, "SMALLEST", 8192)
    monkeypatch.setattr(batches, "FEW", 200)
    monkeypatch.setattr(apart, "LARGE", 1)
    return started


def test_a_killed_worker_costs_time_and_no_data(two, bucket, alone) -> None:
    trail = tw.open(f"{bucket}/store", config=tw.Config(store=StoreSection(shards=3)), create=True)
    trail._workers = two
    killer = Killer(two)
    account = trail.ingest(bucket, progress=killer)
    assert account.balanced()
    assert account.events == len(alone["events"])
    trail.settle(progress=killer)
    assert killer.killed == ["ingest", "settle"]
    # What is shown comes to its end once, although a part was done twice.
    assert {label: killer.steps[label] for label in killer.killed} == {
        label: killer.totals[label] for label in killer.killed
    }
    assert killer.totals["ingest"] == account.read
    assert len({key[1] for key in trail.store.partitions("activity")}) == 3
    trail.digest(DAY)
    assert state(trail.store) == alone
    again = trail.ingest(bucket, start="2026-05-01")
    assert (again.read, again.known) == (0, account.read)


def test_a_scan_by_workers_finds_the_same(two, logs, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "workers", lambda **_: _given(two))
    together = tw.scan(str(logs), config=CONFIG)
    monkeypatch.setattr(cluster, "workers", lambda **_: _given(Here()))
    page = tw.scan(str(logs), config=CONFIG)
    assert page.findings
    assert steady(together.as_dict()) == steady(page.as_dict())


class _given:  # noqa: N801 — stands where a function stands
    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    def __enter__(self) -> Workers:
        return self.workers

    def __exit__(self, *_: object) -> None:
        """Leave the workers to their fixture."""


def test_the_command_line_works_with_a_scheduler(logs, tmp_path, alone, monkeypatch, capsys) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address="127.0.0.1:0",
                      scheduler_kwargs={"dashboard": False}) as there:  # fmt: skip
        for words in (("ingest", str(logs)), ("settle",)):
            line = ["trailwatch", *words, "--store", str(tmp_path / "s"), "--scheduler", there.scheduler_address]
            monkeypatch.setattr("sys.argv", line)
            with pytest.raises(SystemExit) as left:
                cli.main()
            assert not left.value.code, capsys.readouterr().err
    found = tables(Store.open(str(tmp_path / "s")))
    assert found == {name: alone[name] for name in found}
    assert found["seen"]


def test_an_error_of_a_worker_says_all_that_it_says_here(two) -> None:
    with pytest.raises(SourceError, match=r"^there: cannot be read\. Try: another place$"):
        list(two.map(work.fail, [1]))


def test_a_part_that_kills_every_worker_is_an_error(two, monkeypatch) -> None:
    monkeypatch.setattr(two._client.cluster.scheduler, "allowed_failures", 0)  # type: ignore[attr-defined]
    with pytest.raises(ClusterError, match="lost with its worker again and again"):
        list(two.map(work.die, [1]))


def test_work_that_no_worker_is_left_for_is_an_error(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "LEFT", "1s")
    with cluster.workers(count=2) as workers:
        client: Any = workers._client  # type: ignore[attr-defined]
        client.retire_workers(list(client.scheduler_info(n_workers=-1)["workers"]))
        with pytest.raises(ClusterError, match="no worker was left for 1s"):
            list(workers.map(abs, [1]))


def test_nobody_else_on_the_machine_can_send_work(started) -> None:
    from distributed import Client

    address: str = started._client.scheduler.address  # type: ignore[attr-defined]
    assert address.startswith("tls://127.0.0.1:")
    for guess in (address, address.replace("tls:", "tcp:")):
        with pytest.raises((OSError, TypeError)):
            Client(guess, timeout="1s", set_as_default=False)


def test_credentials_do_not_travel(aws) -> None:
    access = Access()
    assert access.credentials().secret_key == aws.secret_key
    assert aws.secret_key.encode() not in pickle.dumps((access, access.bucket(aws.bucket())))


def test_without_the_extra_the_remedy_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trailwatch-cloudtrail\[cluster\]'"), cluster.workers(count=2):
        pass


def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", "1s")
    with (
        pytest.raises(ClusterError, match="the scheduler cannot be reached"),
        cluster.workers(scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_nobody_loads_dask_who_does_not_use_it() -> None:
    program = "import sys, trailwatch.api, trailwatch.cli.daily; print('distributed' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
