"""The machine fails: a full disk, no memory, a signal, two runs at once, a store of another version."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from faults.state import state

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import EngineError, StoreError
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

ROOT = Path(tw.__file__).parent.parent
LIMIT = """
import resource, signal, sys
name, value = getattr(resource, sys.argv.pop(1)), int(sys.argv.pop(1))
resource.setrlimit(name, (value, value))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from trailwatch.cli import main
main()
"""


def _command(*arguments: object, code: str = "from trailwatch.cli import main; main()") -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate(timeout=200)
    return process.returncode, told


def _completes(store: str, logs: Path, settled: dict[str, Any]) -> None:
    trail = tw.open(store, config=tw.Config(), create=True)
    trail.ingest(str(logs))
    trail.settle()
    assert state(trail) == settled


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 KB, which the first commit does not fill and the run does."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        # What a full disk does to whoever is not root, the test of RLIMIT_FSIZE below shows everywhere.
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_one_sentence_and_the_store_goes_on(small_disk: Path, logs, settled, command, tmp_path) -> None:
    store = small_disk / "store"
    done = [command(*words, "--store", store) for words in (("ingest", logs), ("settle",))]
    failed = [one for one in done if one.code]
    assert failed
    for one in failed:
        assert (one.code, one.err.count("\n")) == (1, 1), one.err
        assert "space" in one.err
        assert "fault of trailwatch" not in one.err
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    _completes(str(store), logs, settled)


def test_a_file_that_may_not_grow_is_one_sentence_and_the_store_goes_on(logs, settled, tmp_path) -> None:
    store = str(tmp_path / "store")
    code, told = _ended(_command("RLIMIT_FSIZE", 3_000, "ingest", logs, "--store", store, code=LIMIT))
    assert (code, told.count("\n")) == (1, 1), told
    assert "Traceback" not in told
    _completes(store, logs, settled)


def test_too_few_addresses_are_one_sentence_and_not_a_hang(logs, tmp_path) -> None:
    store = tmp_path / "store"
    code, told = _ended(_command("RLIMIT_AS", 1_200 * 2**20, "ingest", logs, "--store", store, code=LIMIT))
    assert (code, store.exists()) == (1, False)
    assert told == (
        "trailwatch: ulimit -v: this process may use 1,200 MB of addresses, and its libraries hang or end it below 3 GB. "
        "Try: ulimit -v unlimited, and a limit of memory by cgroups\n"
    )


def test_memory_that_python_lacks_is_one_sentence(command, monkeypatch) -> None:
    def greedy(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("trailwatch.upkeep.door.Upkeep.forget", greedy)
    Store.open("store", create=True)
    done = command("forget", "--before", "2026-01-01", "--store", "store")
    assert (done.code, done.err.count("\n"), "not enough memory" in done.err) == (1, 1, True)


def test_memory_that_the_engine_lacks_is_one_sentence() -> None:
    with Engine(memory="20MB", spill=False) as engine, pytest.raises(EngineError, match="more memory") as told:
        engine.rows("select list(range) from range(20000000) group by range % 7")
    assert len(str(told.value).splitlines()) == 1
    rows = pa.table({"text": ["x" * 1_000_000 for _ in range(40)]})
    with Engine(memory="20MB", spill=False) as engine, pytest.raises(EngineError, match="more memory"):
        engine.table("rows", rows)


def test_what_does_not_fit_into_memory_goes_to_a_private_folder_that_goes_away(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Engine(memory="50MB", threads=1) as engine:
        engine.execute("create table much as select md5(range::varchar) as text from range(3000000)")
        [(place,)] = engine.rows("select current_setting('temp_directory')")
        assert any(Path(place).iterdir())
        assert Path(place).stat().st_mode & 0o777 == 0o700
    assert not Path(place).exists()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("which", [
    pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.campaign),
])  # fmt: skip
def test_a_signal_ends_a_run_at_once_and_the_next_one_goes_on(
    proxy, bucket, logs, settled, tmp_path, which, config, monkeypatch
) -> None:
    from faults.proxy import Fault

    # A server that never answers holds all threads; whoever cancels does not wait for it.
    proxy.faults.append(Fault("stuck", when=lambda request: request.path.endswith(".json.gz")))
    monkeypatch.setenv("TRAILWATCH_SOURCE_TIMEOUT", "60")
    store = str(tmp_path / "store")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = _command("ingest", f"s3://{bucket}", "--store", store)
    finally:
        signal.signal(signal.SIGINT, before)
    end = time.monotonic() + 100
    while not any(request.path.endswith(".json.gz") for request in proxy.seen):
        assert time.monotonic() < end
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(which)
    begun = time.monotonic()
    code, told = _ended(running)
    assert time.monotonic() - begun < 20
    assert (code, told) == (130, "trailwatch: cancelled; what was committed stays, run it again to go on\n")
    proxy.mend()
    trail = tw.open(store, config=config, create=True)
    trail.ingest(f"s3://{bucket}")
    trail.settle()
    assert state(trail) == settled


def test_two_runs_at_once_both_end_well_and_nothing_is_doubled(logs, settled, tmp_path) -> None:
    store = str(tmp_path / "store")
    runs = [_command("run", logs, "--store", store, "--quiet") for _ in range(2)]
    for code, told in [_ended(run) for run in runs]:
        assert code == 0, told
    trail = tw.open(store, config=tw.Config())
    trail.settle()
    assert state(trail) == settled


@pytest.mark.parametrize(("layout", "columns", "told"), [
    ("trailwatch layout 0", TABLES["events"].columns, "older trailwatch"),
    ("trailwatch layout 99", TABLES["events"].columns, "newer trailwatch"),
    ("trailwatch layout 1", TABLES["events"].columns.remove(5), "older trailwatch"),
    ("something else", TABLES["events"].columns, "not one of trailwatch"),
], ids=["older", "newer", "other columns", "foreign"])  # fmt: skip
def test_a_store_of_another_version_is_refused_and_left_alone(layout, columns, told, logs, command, tmp_path) -> None:
    write_deltalake("store/events", columns.empty_table(), description=layout)
    for words in (("ingest", logs), ("sql", "select 1 from events"), ("settle",)):
        done = command(*words, "--store", "store")
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert told in done.err
        assert "Try: " in done.err
    assert DeltaTable("store/events").version() == 0


def test_a_table_with_a_column_more_is_of_a_newer_version() -> None:
    import pyarrow as pa

    more = TABLES["events"].columns.append(pa.field("a_column_to_come", pa.string()))
    write_deltalake("store/events", more.empty_table(), description="trailwatch layout 1")
    with pytest.raises(StoreError, match=r"newer trailwatch.*a_column_to_come"):
        Store.open("store").version("events")
