"""Every way to leave has its own code."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from trails import Tree, key, record

STORY = "2026-07-28"
ATTACK = record(2, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False,
                requestParameters={"name": "org-trail"})  # fmt: skip


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Logs with a trail that is stopped, and one object that is cut off."""
    tree = Tree(tmp_path / "logs")
    whole = tree.put(key(1), [record(1), ATTACK])
    tree.put(key(2), [record(3)]).write_bytes(whole.read_bytes()[:80])
    return tree.root


def test_fine(command, at) -> None:
    done = command("digest", "--date", STORY, *at)
    assert done.code == 0
    assert "alice@example.com" in done.out
    assert done.err == ""


def test_an_error(command) -> None:
    done = command("digest", "--store", "nowhere")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("trailwatch: nowhere: there is no store here")
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("digest", "--fail-on", "huge"), ("digest", "--date", "2026-13-45"), ("sql", "select 1", "--from", "garbage"),
        ("nothing",), ("ingest", "--format", "xml"), ("run", ".", "--format", "html"), ("digest", "--date", "2999-01-01"),
        ("sql", "select 1", "--from", "2026-02-01", "--to", "2026-01-01"),
    ],
)  # fmt: skip
def test_usage(command, at, arguments) -> None:
    options = at if arguments[0] in {"digest", "sql"} else ()
    done = command(*arguments, *options)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


def test_findings(command, at) -> None:
    assert command("digest", "--date", STORY, "--fail-on", "high", *at).code == 3
    assert command("digest", "--date", "2026-07-27", "--fail-on", "critical", *at).code == 0


def test_gaps(command, broken) -> None:
    assert command("ingest", broken, "--store", "store").code == 0
    again = command("ingest", broken, "--store", "other", "--strict")
    assert again.code == 4
    assert "1 failed" in again.out


def test_gaps_win_over_findings(command, broken) -> None:
    both = ("--strict", "--fail-on", "low")
    assert command("scan", broken, "--fail-on", "low").code == 3
    assert command("scan", broken, *both).code == 4
    command("ingest", broken, "--store", "store")
    assert command("digest", "--store", "store", "--date", "2026-01-05", "--fail-on", "low").code == 3
    assert command("digest", "--store", "store", "--date", "2026-01-05", *both).code == 4


def test_cancelled(process, sample_logs, tmp_path) -> None:
    # A suite that a shell runs in the background ignores Ctrl-C, and what it starts would too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = process("ingest", sample_logs, "--store", "store")
    finally:
        signal.signal(signal.SIGINT, before)
    end = time.monotonic() + 60
    while not (tmp_path / "store").is_dir():
        assert time.monotonic() < end
        assert running.poll() is None
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == b""
    assert err.decode() == "trailwatch: cancelled; what was committed stays, run it again to go on\n"


def test_a_fault_is_one_sentence_and_debug_shows_the_rest(command, at, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("odd\x1b[2J")

    monkeypatch.setattr("trailwatch.investigate.questions.Questions.sql", fail)
    done = command("sql", "select 1", *at)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "KeyError" in done.err
    assert "\x1b" not in done.err
    assert "Traceback" in command("sql", "select 1", "--debug", *at).err


def test_a_folder_that_cannot_be_written_is_one_sentence(command, sample_logs, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    done = command("ingest", sample_logs, "--store", tmp_path / "file" / "store")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
