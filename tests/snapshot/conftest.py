"""A store, and exports put into it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import trailwatch as tw

NOW = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)


@pytest.fixture
def trail(tmp_path: Path) -> tw.Trail:
    """An empty store."""
    return tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration and no variable of whoever runs the tests is read."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TRAILWATCH_")]:
        monkeypatch.delenv(name)
