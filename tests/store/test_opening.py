"""A version of a table is there, is gone, or could not be read just now; these three are never taken for each other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from ages import age
from deltalake import DeltaTable

from trailwatch.errors import StoreError
from trailwatch.store.opening import VersionGone
from trailwatch.store.retention import vacuum
from trailwatch.store.schema import MARKS
from trailwatch.store.tables import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Six versions of the marks, of which 3 and 5 are checkpoints: each has another file than the one before."""
    made = Store.open(str(tmp_path / "store"), create=True)
    for number in range(1, 6):
        row = dict.fromkeys(MARKS.columns.names) | {"dt": date(2026, 1, 5), "finding": f"f{number}"}
        made.replace("marks", pa.Table.from_pylist([row], schema=MARKS.columns), where="true")
        if number == 3:
            DeltaTable(f"{made.uri}/marks").create_checkpoint()
    age(made, 30)  # a file goes when a week has passed since a newer version did without it
    DeltaTable(f"{made.uri}/marks").create_checkpoint()
    return made


def _commit(store: Store, number: int) -> Path:
    return Path(store.uri, "marks", "_delta_log", f"{number:020}.json")


def test_a_version_whose_log_is_gone_is_not_an_empty_table(store: Store) -> None:
    assert len(store.files("marks", version=2)) == 1
    for number in range(3):
        _commit(store, number).unlink()
    for number in range(3):
        with pytest.raises(VersionGone, match=f"version {number} of table marks is no longer kept"):
            store.files("marks", version=number)
    assert len(store.files("marks")) == 1


def test_a_vacuum_ends_where_a_version_that_is_wanted_cannot_be_read(store: Store) -> None:
    every = set(Path(store.uri, "marks").rglob("*.parquet"))
    _commit(store, 2).write_text("{")
    with pytest.raises(StoreError, match="table marks cannot be opened"):
        vacuum(store, pinned=[{"marks": 2}])
    assert set(Path(store.uri, "marks").rglob("*.parquet")) == every


def test_a_vacuum_takes_no_heed_of_a_version_that_is_gone(store: Store) -> None:
    held = set(store.files("marks", version=4)) | set(store.files("marks"))
    before = {str(path) for path in Path(store.uri, "marks").glob("dt=*/*.parquet")}
    for number in range(3):
        _commit(store, number).unlink()
    vacuum(store, pinned=[{"marks": 1}, {"marks": 4}])
    left = {str(path) for path in Path(store.uri, "marks").glob("dt=*/*.parquet")}
    assert held <= left < before
