"""The command line called as a person calls it, and a store of ten days of the sample logs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import trailwatch
from trailwatch import cli

STORY, QUIET = "2026-07-28", "2026-07-27"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, from its arguments to its exit code."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["trailwatch", *map(str, arguments)])
        mask = os.umask(0o022)
        try:
            with pytest.raises(SystemExit) as left:
                cli.main()
        finally:
            os.umask(mask)
        code = left.value.code
        assert isinstance(code, int | None)
        return Done(code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start a command in a process of its own."""

    def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        environment = os.environ | {"PYTHONPATH": str(Path(trailwatch.__file__).parent.parent)}
        return subprocess.Popen(
            [sys.executable, "-m", "trailwatch", *map(str, arguments)], cwd=tmp_path, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    return start


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration and no variable of whoever runs the tests is read."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TRAILWATCH_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="session")
def settings(sample_logs: Path) -> Path:
    """The configuration beside the sample logs."""
    return sample_logs / "trailwatch.toml"


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path, settings: Path) -> Path:
    """A settled store of ten days of the sample logs, for commands that only read and make digests."""
    folder = tmp_path_factory.mktemp("kept") / "store"
    trail = trailwatch.open(str(folder), config=str(settings), create=True)
    account = trail.ingest(str(sample_logs), start="2026-07-20", end="2026-07-29")
    assert account.events
    assert account.balanced()
    trail.settle()
    return folder


@pytest.fixture
def at(kept: Path, settings: Path) -> tuple[object, ...]:
    """The options that name the store and its configuration."""
    return ("--store", kept, "--config", settings)
