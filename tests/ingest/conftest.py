"""A folder of logs, and a store to ingest into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trails import Tree

from trailwatch.engine import Engine
from trailwatch.store.tables import Store


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty folder of logs."""
    (tmp_path / "logs").mkdir()
    return Tree(tmp_path / "logs")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store.open(str(tmp_path / "store"), create=True)


@pytest.fixture
def rows() -> Callable[..., list[tuple[Any, ...]]]:
    """Ask SQL of one table of a store."""

    def ask(store: Store, table: str, sql: str) -> list[tuple[Any, ...]]:
        with Engine() as engine:
            store.show(engine, table)
            return engine.rows(sql)

    return ask
