"""Logs in a bucket behind a proxy that makes faults, what a store holds without any, and the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from faults.proxy import Proxy, before
from faults.state import state
from servers import S3Server
from trails import Tree, key, record

import trailwatch as tw
from trailwatch import cli
from trailwatch.config import SourceSection

OTHER = "444455556666"
# Faults come quickly here; what is tested is that they end.
LIMITS = {"timeout": 1, "retries": 3}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration and no variable of whoever runs the tests is read."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TRAILWATCH_")]:
        monkeypatch.delenv(name)
    for name, value in LIMITS.items():
        monkeypatch.setenv(f"TRAILWATCH_SOURCE_{name.upper()}", str(value))
    return tmp_path


@pytest.fixture
def config() -> tw.Config:
    """The default configuration, with little patience."""
    return tw.Config(source=SourceSection(**LIMITS))


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts, two days, a record that comes twice, one object that really is damaged."""
    tree = Tree(tmp_path_factory.mktemp("faults") / "logs")
    for number in range(1, 7):
        day = "2026-01-05" if number % 2 else "2026-01-06"
        rows = [record(10 * number + step, eventTime=f"{day}T10:00:{step:02d}Z") for step in range(5)]
        tree.put(key(number, day=day), rows)
    tree.put(
        key(7, account=OTHER), [record(70, recipientAccountId=OTHER), record(10, eventTime="2026-01-05T10:00:00Z")]
    )
    tree.put(key(8), [record(80)], packed=False)
    return tree.root


@pytest.fixture(scope="session")
def settled(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a settled store holds that met no fault."""
    trail = tw.open(str(tmp_path_factory.mktemp("whole") / "store"), config=tw.Config(), create=True)
    account = trail.ingest(str(logs))
    assert (account.read, account.events) == (8, 33)
    trail.settle()
    found = state(trail)
    assert len(found["events"]) == 32
    return found


@pytest.fixture(scope="session")
def whole(settled: dict[str, Any]) -> dict[str, Any]:
    """The same before settle: the ids of the events, and the ledger."""
    return {"ids": [row[0] for row in settled["events"]], "ledger": settled["ledger"]}


@pytest.fixture
def proxy(aws: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy before the server, which the environment names."""
    with before(aws.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        yield proxy


@pytest.fixture
def bucket(aws: S3Server, logs: Path) -> str:
    """The logs in a bucket of their own."""
    name = aws.bucket()
    aws.fill(name, logs)
    return name


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run a command in this process, from its arguments to its exit code."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["trailwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        code = left.value.code
        assert isinstance(code, int | None)
        return Done(code or 0, *capsys.readouterr())

    return run
