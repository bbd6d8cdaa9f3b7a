"""What a digest looks at, and in how much memory."""

from __future__ import annotations

import os
from datetime import date

import pytest

from trailwatch.digest import view
from trailwatch.store.tables import Store

DAY = date(2026, 6, 3)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([], 1_000),
        ([("a.parquet", 400_000), ("b.parquet", 500_000)], 1_000),
        ([("a.parquet", 1_400_000), ("b.parquet", 200_000)], 1_600),
    ],
)
def test_a_large_day_gets_more_memory(tmp_path, monkeypatch, files, wanted) -> None:
    store = Store.open(str(tmp_path / "store"), create=True)
    found = {(DAY, 0): files, (date(2026, 6, 2), 0): [("other.parquet", 10**9)]}
    monkeypatch.setattr(store, "partitions", lambda _: found)
    assert view.memory(store, DAY) == f"{wanted}MB"


def test_no_day_gets_more_than_the_machine_has(tmp_path, monkeypatch) -> None:
    store = Store.open(str(tmp_path / "store"), create=True)
    monkeypatch.setattr(store, "partitions", lambda _: {(DAY, 0): [("a.parquet", 10**12)]})
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 10**6
    assert 0.5 * machine < int(view.memory(store, DAY).removesuffix("MB")) < machine
