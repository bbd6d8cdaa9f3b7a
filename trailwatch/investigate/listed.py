"""Rows as dictionaries, without pandas: to import it takes longer than most questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dicts(rows: pa.Table) -> list[dict[str, Any]]:
    """Return rows as dictionaries, moments in UTC; `to_pylist` would import pandas to make them."""
    moments = {field.name for field in rows.schema if pa.types.is_timestamp(field.type) and field.type.tz}
    for place, name in enumerate(rows.column_names):
        if name in moments:
            rows = rows.set_column(place, name, rows[name].cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
    found: list[dict[str, Any]] = rows.to_pylist()
    for row in found:
        for name in moments:
            if row[name] is not None:
                row[name] = _EPOCH + timedelta(microseconds=row[name])
    return found
