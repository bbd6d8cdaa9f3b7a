"""A tabular result that shows itself in a notebook and turns into a frame, Arrow, CSV or JSON."""

from __future__ import annotations

import csv
import io
import itertools
import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.investigate.guard import memory_within

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
_MEMORY, _BYTES = "4GB", 4 * 10**9
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 — the wide forms count too


class Rows:
    """Rows of a query: `.df()` for pandas, `.arrow()` for pyarrow, `len()` and iteration for the rest."""

    def __init__(self, table: pa.Table, *, title: str = "") -> None:
        # A row is a dictionary to whoever reads it, so that two columns of one name would be one.
        self._table = table.rename_columns(_distinct(table.column_names))
        self.title = title

    def df(self) -> pd.DataFrame:
        """Return the rows as a pandas frame; times are UTC."""
        with _representable():
            frame: pd.DataFrame = self._table.to_pandas()
        return frame

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; times are UTC."""
        return self._table

    def sql(self, query: str, *, seconds: float = 60.0) -> Rows:
        """Ask the rows in SQL, under the name `rows`; without access to files or the network."""
        with Engine(memory=_MEMORY, spill=False) as engine:
            engine.table("rows", self._table)
            engine.lock([])
            with memory_within(_BYTES):
                return Rows(engine.ask(query, seconds=seconds))

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._dicts())

    def __repr__(self) -> str:
        return self.text(limit=SHOWN)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(plain(value))}</td>" for value in row.values()) + "</tr>"
            for row in self._dicts(SHOWN)
        )
        note = f"<caption>{escape(self._note(SHOWN))}</caption>"
        return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def text(self, *, limit: int | None = None, width: int = 60) -> str:
        """Return the rows as a plain table; long cells are cut at `width` and say so with an ellipsis."""
        rows = self._dicts(limit)
        names = [plain(name) for name in self.columns]
        cells = [names, *([_cut(plain(value), width) for value in row.values()] for row in rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
        lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in cells]
        lines.insert(1, "  ".join("─" * size for size in widths))
        return "\n".join([*lines, self._note(limit)])

    def csv(self) -> str:
        """Return the rows as CSV; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([_inert(name) for name in self.columns])
        for row in self._dicts():
            writer.writerow([_inert(value) for value in row.values()])
        return out.getvalue()

    def json(self) -> str:
        """Return the rows as JSON, one object a row."""
        encoder = msgspec.json.Encoder(enc_hook=plain, decimal_format="number")
        return msgspec.json.format(encoder.encode(self._dicts()), indent=1).decode()

    def parquet(self) -> bytes:
        """Return the rows as a Parquet file."""
        import pyarrow.parquet as pq

        out = pa.BufferOutputStream()
        with _representable():
            pq.write_table(self._table, out, compression="zstd")
        return bytes(out.getvalue())

    def _dicts(self, limit: int | None = None) -> list[dict[str, Any]]:
        with _representable():
            found: list[dict[str, Any]] = self._table.slice(0, limit).to_pylist()
        return found

    def _note(self, limit: int | None) -> str:
        shown = min(len(self), limit or len(self))
        count = f"{shown} of {len(self)} rows" if shown < len(self) else f"{len(self)} row{'s' * (len(self) != 1)}"
        times = any(pa.types.is_timestamp(field.type) for field in self._table.schema)
        return " · ".join(part for part in (self.title, count, "times in UTC" if times else "") if part)


@contextmanager
def _representable() -> Iterator[None]:
    """Tell of values that SQL has and the other side has not: times before the year 1 or after 9999, spans, unions."""
    try:
        yield
    except (OverflowError, ValueError, pa.ArrowException) as error:
        what = f"a value cannot be shown so: {str(error).splitlines()[0]}"
        raise EngineError(what, where="sql", hint="cast(… as varchar)") from error


def _distinct(names: Sequence[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        others = (f"{name}_{number}" for number in itertools.count(1))
        made.append(name if name not in made else next(other for other in others if other not in {*made, *names}))
    return made


def plain(value: object) -> str:
    """Return a value as text without control characters, so that it can be shown anywhere."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        value = json.dumps(value, default=plain, ensure_ascii=False)
    return "".join(sign if unicodedata.category(sign)[0] != "C" else "·" for sign in str(value))


def _inert(value: object) -> object:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = plain(value)
    return f"'{text}" if str(value).startswith(_FORMULA) else text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
