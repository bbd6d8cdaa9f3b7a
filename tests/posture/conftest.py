"""A store for exports of IAM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from iam import Shelf


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    one = Shelf(tmp_path / "store")
    yield one
    for engine in one.engines:
        engine.close()
