"""What a write leaves in the log of a table: the log is read whole by every reader, so it must stay small."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store


@pytest.mark.parametrize(("table", "column"), [("digests", "body"), ("findings", "body"), ("others", "raw")])
def test_the_log_does_not_repeat_what_a_page_or_a_record_says(tmp_path: Path, table: str, column: str) -> None:
    store = Store.open(str(tmp_path / "store"), create=True)
    said = "what was said of this day " * 2000
    row = {"dt": date(2026, 3, 11), column: said}
    store.append(table, pa.Table.from_pylist([row], schema=TABLES[table].columns))
    log = "".join(path.read_text() for path in (tmp_path / "store" / table / "_delta_log").glob("*.json"))
    assert "numRecords" in log
    assert said[:40] not in log
