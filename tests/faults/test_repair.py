"""Damaged logs of tables and damaged files: named, mended without deleting, and read again from the trail."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from faults.state import state
from trails import Tree, key, record

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.store.health import examine
from trailwatch.store.mending import ASIDE
from trailwatch.store.shards import hold, numbers

CONFIG = tw.Config()
DAY = "2026-01-05"


@pytest.fixture(scope="module")
def source(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of the other tests, with something to find, and a record of another class."""
    root = tmp_path_factory.mktemp("repair") / "logs"
    shutil.copytree(logs, root)
    stop = record(90, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False,
                  requestParameters={"name": "org-trail"})  # fmt: skip
    role = record(
        92, eventSource="sts.amazonaws.com", eventName="AssumeRole",
        requestParameters={"roleArn": "arn:aws:iam::111122223333:role/ops", "roleSessionName": "s"},
        responseElements={"credentials": {"accessKeyId": "ASIAEXAMPLEEXAMPLE01"}},
    )  # fmt: skip
    Tree(root).put(key(9), [stop, role, record(91, eventCategory="Insight"), {"eventTime": "never"}])
    return root


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settled store of several commits, with a digest."""
    folder = tmp_path_factory.mktemp("made") / "store"
    trail = tw.open(str(folder), config=CONFIG, create=True)
    early = tmp_path_factory.mktemp("early") / "logs"
    shutil.copytree(source, early)
    trail.ingest(str(source), accounts=["444455556666"])
    trail.ingest(str(source))
    trail.digest(DAY)
    return folder


@pytest.fixture
def trail(made: Path, tmp_path: Path) -> tw.Trail:
    """A copy of the store, to be damaged."""
    return tw.open(str(shutil.copytree(made, tmp_path / "store")), config=CONFIG)


def _commit(table: str) -> Path:
    return max(Path("store", table, "_delta_log").glob("*.json"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def gone(path: Path) -> None:
    path.unlink()


def _active(trail: tw.Trail, table: str) -> Path:
    return Path(max(trail.store.files(table)))


def _everything(trail: tw.Trail) -> dict[str, object]:
    found = state(trail)
    found["told"] = [tuple(row.values()) for row in trail.sql("select id, status, severity from findings order by all")]
    return found


QUICK = {("events", cut), ("objects", cut), ("activity", cut), ("findings", cut)}
FILES = [(table, harm) for table in ("events", "objects", "sessions", "activity", "identity_days", "seen", "settled",
                                     "findings", "others", "digests") for harm in (cut,)]  # fmt: skip
FILES += [("events", harm) for harm in (empty, garbage, gone)]
LOGS = [(table, harm) for table in ("events", "objects", "activity", "settled", "findings") for harm in (cut,)]
LOGS += [("events", harm) for harm in (empty, garbage)]


def _cases(cases: list[tuple[str, Callable[[Path], None]]], quick: set[tuple[str, object]]) -> list[Any]:
    """Name the cases; each reads, mends and settles a store, so that few belong to the quick suite."""
    return [
        pytest.param(
            table, harm, id=f"{table}, {harm.__name__}", marks=() if (table, harm) in quick else pytest.mark.campaign
        )
        for table, harm in cases
    ]


@pytest.mark.parametrize(("table", "harm"), _cases(FILES, QUICK))
def test_a_damaged_file_is_named_and_made_good(trail: tw.Trail, source: Path, table, harm) -> None:
    _check(trail, source, table, _active(trail, table), harm)


@pytest.mark.parametrize(("table", "harm"), _cases(LOGS, {("events", cut)}))
def test_a_damaged_log_is_named_and_made_good(trail: tw.Trail, source: Path, table, harm) -> None:
    _check(trail, source, table, _commit(table), harm)


@pytest.mark.campaign
def test_the_first_commit_of_a_log_may_be_the_damaged_one(trail: tw.Trail, source: Path) -> None:
    for table in ("events", "objects"):
        _check(trail, source, table, min(Path("store", table, "_delta_log").glob("*.json")), cut)


def _check(trail: tw.Trail, source: Path, table: str, path: Path, harm: Callable[[Path], None]) -> None:
    whole = _everything(trail)
    files = {one for one in Path("store").rglob("*") if one.is_file()}
    harm(path)
    (hurt,) = [one for one in examine(trail.store) if one.damages]
    assert hurt.table == table
    assert path.name in " ".join(damage.text() for damage in hurt.damages)
    done = trail.repair()
    assert path.name in done.text()
    kept = {one.name for one in Path("store").rglob("*") if one.is_file()}
    assert not {one.name for one in files} - {path.name} - kept, "nothing is deleted"
    assert [one for one in examine(trail.store) if one.damages] == []
    assert trail.repair().damages == []
    account = trail.ingest(str(source))
    assert (account.failed_objects, account.balanced()) == (0, True)
    if table == "events":
        assert done.again == account.read
        # What a log named is still there; what a file held has to come again.
        assert account.read or "_delta_log" in path.parts
    trail.settle()
    if table == "digests":
        trail.digest(DAY)
    assert _everything(trail) == whole


def test_reading_what_is_damaged_is_one_sentence_that_names_the_doctor(trail: tw.Trail, command) -> None:
    for table in ("events", "activity"):
        cut(_active(trail, table))
    cut(_commit("seen"))
    for words in (
        ("sql", "select count(request) from events"),
        ("show", "alice"),
        ("digest", "--date", DAY),
        ("settle",),
    ):
        done = command(*words, "--store", "store")
        assert (done.code, done.err.count("\n")) == (1, 1), words
        assert "trailwatch doctor" in done.err
        assert "fault of trailwatch" not in done.err


def test_a_checkpoint_that_is_damaged_is_done_without(trail: tw.Trail, source: Path) -> None:
    whole = _everything(trail)
    DeltaTable("store/events").create_checkpoint()
    point = next(Path("store/events/_delta_log").glob("*.checkpoint.parquet"))
    cut(point)
    with pytest.raises(TrailwatchError, match="trailwatch doctor"):
        trail.events()
    trail.repair()
    trail.ingest(str(source))
    trail.settle()
    assert _everything(trail) == whole
    DeltaTable("store/events").create_checkpoint()
    Path("store/events/_delta_log/_last_checkpoint").write_text(json.dumps({"version": 999, "size": 1}))
    trail.repair()
    trail.ingest(str(source))
    trail.settle()
    assert _everything(trail) == whole


@pytest.mark.campaign
def test_bytes_that_rot_are_found_by_a_deep_look(trail: tw.Trail, source: Path) -> None:
    whole = _everything(trail)
    path = _active(trail, "events")
    data = bytearray(path.read_bytes())
    for place in range(60, 400):
        data[place] ^= 0x5A
    path.write_bytes(data)
    assert [one for one in examine(trail.store) if one.damages] == []
    (hurt,) = [one for one in examine(trail.store, deep=True) if one.damages]
    assert (hurt.table, path.name in hurt.damages[0].path) == ("events", True)
    trail.repair(deep=True)
    trail.ingest(str(source))
    trail.settle()
    assert _everything(trail) == whole


def test_what_was_forgotten_is_not_read_again(trail: tw.Trail, source: Path, monkeypatch) -> None:
    monkeypatch.setattr("trailwatch.upkeep.forget.digest_days", lambda _store: [])
    trail.forget("2026-01-06")
    for table in ("events", "objects"):
        cut(_active(trail, table))
    trail.repair()
    trail.ingest(str(source))
    trail.settle()
    assert {key[0].isoformat() for key in trail.store.partitions("events")} == {"2026-01-06"}


@pytest.mark.parametrize("harm", ["file", "log", "checkpoint"])
def test_what_the_log_of_the_ledger_keeps_besides_outlives_it(trail: tw.Trail, harm) -> None:
    hold(trail.store, 4, today=date(2026, 1, 7))
    kept, moment = numbers(trail.store), datetime(2026, 1, 1, tzinfo=UTC)
    assert kept[-1][1] == 4
    trail.store.mark("forgotten before", moment)
    trail.store.append("objects", _ledger_rows(trail))
    if harm == "checkpoint":
        DeltaTable("store/objects").create_checkpoint()
        for path in sorted(Path("store/objects/_delta_log").glob("*.json"))[:-1]:
            path.unlink()
    cut(_commit("objects") if harm == "log" else _active(trail, "objects"))
    trail.repair()
    assert numbers(trail.store) == kept
    assert trail.store.marked("forgotten before") == moment
    # Only what was listed before is forgotten: what the ledger lacks has to be found again.
    assert trail.store.marked("listed s3://anywhere") is None


def _ledger_rows(trail: tw.Trail) -> Any:
    with Engine() as engine:
        trail.store.show(engine, "objects")
        return engine.query("from objects limit 1")


def test_a_sound_store_is_left_alone(trail: tw.Trail) -> None:
    versions = trail.store.versions()
    assert trail.repair().text() == "Nothing is damaged."
    assert trail.store.versions() == versions
    assert not Path("store", ASIDE).exists()
