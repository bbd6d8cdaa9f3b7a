"""The tables of a store in other engines: they open as they are. For Athena, the statements that make them known."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from trailwatch.errors import ConfigError
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

EXAMPLE = "s3://YOUR-BUCKET/STORE"
DATABASE = "trailwatch"


def athena(store: Store) -> str:
    """Return the statements with which Athena knows the tables of a store on S3; they stay right as the store grows."""
    if store.local:
        raise ConfigError("Athena reads stores on S3, and this is a folder", where="--athena", hint="--store s3://…")
    return statements(store.uri, store.versions())


def statements(uri: str, tables: Iterable[str] = TABLES) -> str:
    """Return the statements for some tables; their columns stand beside as Athena will show them."""
    parts = [f"create database if not exists {DATABASE};"]
    for name in tables:
        columns = ", ".join(f"{field.name} {kind(field.type)}" for field in TABLES[name].columns)
        place = f"{uri}/{name}/".replace("'", "''")
        parts.append(
            f"-- {columns}\ncreate external table if not exists {DATABASE}.{name}\n  location '{place}'\n"
            "  tblproperties ('table_type' = 'DELTA');"
        )
    return "\n\n".join(parts) + "\n"


def kind(of: pa.DataType) -> str:
    """Return the name that Athena has for a type."""
    if pa.types.is_list(of):
        return f"array<{kind(of.value_type)}>"
    return _KINDS[str(of)]


_KINDS = {"string": "string", "int64": "bigint", "int32": "int", "int8": "tinyint", "bool": "boolean",
          "double": "double", "binary": "binary", "date32[day]": "date", "timestamp[us, tz=UTC]": "timestamp"}  # fmt: skip

PAGE = f"""\
## In other engines

Every table is a Delta table (reader version 1, no extensions), so other engines open it as it is, each commit whole or
not at all. They see what the record said; what it means (`principal`, `person`, `outcome` of an event) is worked out by
`trailwatch sql`, and stands in `activity`, `sessions` and `seen` for all engines. Tests read the same counts and the same
profile through DuckDB, Polars and Spark's API.

Polars (`pip install polars deltalake`):

```python
import polars as pl

profile = (
    pl.scan_delta("STORE/activity")
    .filter(pl.col("dt") == pl.lit("2026-07-28").str.to_date())
    .group_by("principal", "event_source", "event_name", "outcome")
    .agg(pl.col("events").sum())
    .collect()
)
```

Spark with Delta Lake, or Sail without Java (`pip install pysail pyspark-client`, then `sail spark server`):

```python
from pyspark.sql import SparkSession

spark = SparkSession.builder.remote("sc://localhost:50051").getOrCreate()
profile = (
    spark.read.format("delta")
    .load("STORE/activity")
    .where("dt = date '2026-07-28'")
    .groupBy("principal", "event_source", "event_name", "outcome")
    .sum("events")
    .toArrow()
)
```

Athena, once for each store; `trailwatch sql --athena --store {EXAMPLE}` prints it with the store's own place:

```sql
{{statements}}```
"""


def page() -> str:
    """Return the part of the documentation that is about other engines."""
    return PAGE.replace("{statements}", statements(EXAMPLE))
