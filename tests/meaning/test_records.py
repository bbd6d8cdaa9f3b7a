"""The table of small records: one for every identity type and every trap, with the columns that it must give."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

TABLES = ("identities", "traps", "outcomes", "origins", "targets")
CASES = {
    f"{table}: {name}": case
    for table in TABLES
    for name, case in tomllib.loads((Path(__file__).parent / f"{table}.toml").read_text(encoding="utf-8")).items()
}


def build(case: dict[str, Any], name: str, base: dict[str, Any]) -> dict[str, Any]:
    unknown = set(case) - {"record", "identity", "without", "null", "expect"}
    assert not unknown, f"keys that mean nothing in {name}: {unknown}"
    record = base | {"eventID": name}
    if "identity" in case:
        record["userIdentity"] = copy.deepcopy(case["identity"])
    for path in case.get("without", []):
        *above, last = path.split(".")
        place = record
        for step in above:
            place = place[step]
        del place[last]
    return record | dict.fromkeys(case.get("null", []))


@pytest.fixture(scope="module")
def rows(make: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """All records of the tables, read together: the view must not mix them up."""
    records = [build(case, name, make.record(case.get("record", {}))) for name, case in CASES.items()]
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(records))
        sessions.means(engine)
        return {row["event_id"]: row for row in engine.query("from events").to_pylist()}


@pytest.mark.parametrize("name", list(CASES))
def test_a_record_gives_the_columns_of_the_table(name: str, rows: dict[str, dict[str, Any]]) -> None:
    expected = CASES[name]["expect"]
    assert {column: rows[name][column] for column in expected} == expected


def test_every_record_is_there_once(rows: dict[str, dict[str, Any]]) -> None:
    assert set(rows) == set(CASES)


def test_text_of_meaning_is_never_null(said: Callable[..., list[dict[str, Any]]], make: SimpleNamespace) -> None:
    bare = make.record(userIdentity=None)
    for name in ("sourceIPAddress", "userAgent", "recipientAccountId", "eventType", "awsRegion"):
        del bare[name]
    (row,) = said(bare)
    texts = ("account", "principal", "principal_id", "person", "credential", "long_term_key", "origin", "outcome",
             "address", "ip_kind", "client", "session_name", "role", "target", "target_user", "action", "mfa",
             "issued_key", "identity_type")  # fmt: skip
    assert {name: row[name] for name in texts if row[name] is None} == {}
    assert row["principal"] == "/unknown"
