"""The same store gives the same page, letter by letter, however its rows lie and however many processors work on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trailwatch import api
from trailwatch.engine import Engine
from trailwatch.store.tables import Store

pytestmark = pytest.mark.timeout(600)
DAY = "2026-07-28"

TOLD = """
import os, sys
if int(sys.argv[3]):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[3])])
import trailwatch as tw
digest = tw.open(sys.argv[1], config=sys.argv[2]).digest(sys.argv[4])
print(digest.render("json"))
print("\\f")
print(digest.render())
"""


def digest(store: str, config: Path, *, processors: int) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-c", TOLD, store, str(config), str(processors), DAY],
        capture_output=True, text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": str(processors or 2), "PYTHONHASHSEED": str(processors)},
    )  # fmt: skip
    body, text = done.stdout.split("\n\f\n")
    return json.loads(body), text


def shuffled(store: Store) -> None:
    """Lay the rows of the tables that a digest reads in another order."""
    order = np.random.default_rng(11)
    for table, column, first in (
        ("events", "dt", DAY), ("sessions", "dt", "2026-07-20"), ("activity", "dt", "2026-04-20"),
        ("identity_days", "dt", "2026-04-20"), ("seen", "month", "2026-01-01"),
    ):  # fmt: skip
        where = f"{column} >= '{first}'"
        with Engine() as engine:
            store.show(engine, table)
            rows = engine.query(f"from {table} where {where}")
        assert len(rows) > 100
        store.replace(table, rows.take(order.permutation(len(rows))), where=where)


def test_order_and_processors_change_no_letter_of_a_digest(
    settled: api.Trail, sample_logs: Path, tmp_path: Path
) -> None:
    pages = []
    for name, processors in (("one", 1), ("two", 0)):
        store = str(shutil.copytree(settled.store.uri, tmp_path / name))
        if name == "two":
            shuffled(Store.open(store))
        pages.append(digest(store, sample_logs / "trailwatch.toml", processors=processors))
    (first, text), (second, again) = pages
    assert text == again
    # What a digest read is named by the versions of the tables, and these count the rewriting above.
    for body in (first, second):
        assert body.pop("made_at")
        assert body["coverage"].pop("reads")
        assert body.pop("versions")
    assert first == second
