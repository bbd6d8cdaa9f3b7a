"""A store that somebody else wrote to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trailwatch.store.schema import SEEN
from trailwatch.store.tables import Store


@pytest.mark.parametrize("form", ["{up}/outside.parquet", "{outside}", "file://{outside}", "..%2F..%2Foutside.parquet"])
def test_a_table_names_no_file_outside_of_the_store(tmp_path: Path, form: str) -> None:
    outside = tmp_path / "outside.parquet"
    pq.write_table(SEEN.columns.empty_table(), outside)
    store = Store.open(str(tmp_path / "store"), create=True)
    store.append("seen", pa.Table.from_pylist([{"month": date(2026, 1, 1)}], schema=SEEN.columns))
    folder = tmp_path / "store" / "seen"
    entry = {"path": form.format(up="../..", outside=outside), "size": outside.stat().st_size, "partitionValues": {"month": "2026-01-01"},
             "modificationTime": 1, "dataChange": True}  # fmt: skip
    number = len(list((folder / "_delta_log").glob("*.json")))
    (folder / "_delta_log" / f"{number:020d}.json").write_text(json.dumps({"add": entry}) + "\n")
    files = Store.open(str(tmp_path / "store")).files("seen")
    assert len(files) == 2
    assert all(Path(file).resolve().is_relative_to(folder.resolve()) for file in files)
