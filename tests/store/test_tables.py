"""A store: atomic days, no lost updates, private files, pinned versions."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.store.schema import IDENTITY_DAYS
from trailwatch.store.tables import Store, StoreConflict

NAME = "identity_days"


def _rows(*days: int, principal: str = "a") -> pa.Table:
    filled = {
        "dt": [date(2026, 1, day) for day in days],
        "shard": [0] * len(days),
        "principal": [principal] * len(days),
    }
    columns = [pa.array(filled.get(field.name, [None] * len(days)), field.type) for field in IDENTITY_DAYS.columns]
    return pa.table(columns, schema=IDENTITY_DAYS.columns)


def _days(store: Store) -> list[int]:
    with Engine() as engine:
        store.show(engine, NAME)
        return [row[0].day for row in engine.rows(f"select dt from {NAME} order by dt")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), create=True)


def test_a_table_that_was_never_written_is_empty(store: Store) -> None:
    assert (store.version(NAME), store.files(NAME), _days(store)) == (-1, [], [])


def test_replacing_a_day_leaves_the_others(store: Store) -> None:
    store.append(NAME, _rows(1, 2, 2, 3))
    store.replace(NAME, _rows(2), where="dt = '2026-01-02'")
    assert _days(store) == [1, 2, 3]
    store.replace(NAME, _rows(), where="dt >= '2026-01-02'")
    assert _days(store) == [1]


def test_a_day_that_changed_after_it_was_read_is_not_overwritten(store: Store) -> None:
    store.append(NAME, _rows(1, 2))
    read = store.version(NAME)
    store.append(NAME, _rows(2, principal="late"))
    with pytest.raises(StoreConflict):
        store.replace(NAME, _rows(2), where="dt = '2026-01-02'", version=read)
    store.replace(NAME, _rows(1), where="dt = '2026-01-01'", version=read)
    assert _days(store) == [1, 2, 2]


def test_concurrent_appends_all_arrive(store: Store) -> None:
    def add(day: int) -> None:
        for _ in range(5):
            store.append(NAME, _rows(day))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(1, 5)))
    assert _days(store) == sorted([1, 2, 3, 4] * 5)


@pytest.mark.parametrize("attempt", range(12))
def test_a_table_that_several_make_at_once_is_one_table(store: Store, attempt: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda day: store.append(NAME, _rows(day)), range(1, 9)))
    assert _days(store) == list(range(1, 9))


def test_a_pinned_store_reads_what_was_there(store: Store) -> None:
    store.append(NAME, _rows(1))
    pinned = store.at(store.versions())
    store.append(NAME, _rows(2))
    assert (_days(pinned), _days(store)) == ([1], [1, 2])


def test_a_still_store_goes_on_reading_what_it_read_first(store: Store) -> None:
    store.append(NAME, _rows(1))
    still = store.still()
    assert _days(still) == [1]
    store.append(NAME, _rows(2))
    assert _days(still) == [1]
    assert _days(store) == [1, 2]
    assert _days(store.still()) == [1, 2]


def test_only_the_asked_days_are_read(store: Store) -> None:
    store.append(NAME, _rows(1, 2, 3))
    files = store.files(NAME, days=(date(2026, 1, 2), date(2026, 1, 3)))
    assert sorted(part for path in files for part in Path(path).parts if part.startswith("dt=")) == [
        "dt=2026-01-02",
        "dt=2026-01-03",
    ]


def test_files_and_folders_are_private(store: Store) -> None:
    store.append(NAME, _rows(1))
    for path in [Path(store.uri), *Path(store.uri).rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_missing_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="trailwatch ingest"):
        Store.open(str(tmp_path / "nothing"))
    with pytest.raises(StoreError, match="s3://"):
        Store.open("gs://bucket/store")


def test_a_table_of_another_layout_is_refused(store: Store, tmp_path: Path) -> None:
    from deltalake import write_deltalake

    write_deltalake(f"{store.uri}/{NAME}", pa.table({"a": [1]}))
    with pytest.raises(StoreError, match="layout"):
        store.version(NAME)
