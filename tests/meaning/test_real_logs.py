"""The real logs: every event has a principal that makes sense, and every issued key that is used here is followed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions


def _records(folder: Path) -> list[dict[str, Any]]:
    return [
        record
        for path in sorted(folder.rglob("*.json.gz"))
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
    ]


@pytest.fixture(scope="module")
def invictus(shared_data: Path) -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(_records(shared_data / "invictus")))
        sessions.resolve(engine, aliases={})
        yield engine


def counts(engine: Engine, column: str) -> dict[str, int]:
    return dict(engine.rows(f"select {column}, count(*) from attributed group by all"))


def test_every_event_has_one_principal_that_is_no_session(shared_data: Path) -> None:
    records = _records(shared_data)
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(records))
        sessions.resolve(engine, aliases={})
        rows = engine.rows("select event_id, principal, session_name from attributed")
    assert len(rows) == len(records) == 3042
    assert {row[0] for row in rows} == {record["eventID"] for record in records}
    shapes = {tuple(part for part in principal.split("/")[:2]) for _, principal, _ in rows}
    assert {kind for _, kind in shapes if kind in ("user", "role")} == {"user", "role"}
    for _, principal, session in rows:
        assert principal.startswith("service/") or principal.split("/")[1] in ("user", "role"), principal
        assert not session or session not in principal
        assert "assumed-role" not in principal


def test_the_outcomes(invictus: Engine) -> None:
    found = counts(invictus, "outcome")
    assert found["throttled"] == 102
    assert found["denied"] == 44 + 16  # Client.UnauthorizedOperation and AccessDenied


def test_the_console_is_not_a_service(invictus: Engine) -> None:
    marked = invictus.rows(
        "select distinct origin from attributed where console_session = 'true' and invoked_by is null"
    )
    assert marked == [("console",)]
    services = invictus.rows("select distinct origin from attributed where identity_type = 'AWSService'")
    assert services == [("service",)]


def test_the_clients_are_few(invictus: Engine) -> None:
    # 130 agents, most of them made up by the tool for each run.
    assert len(counts(invictus, "client")) <= 10


def test_the_keys_that_sts_issued_are_followed(invictus: Engine) -> None:
    used = invictus.rows(
        "select count(distinct credential) from attributed where credential in (select issued_key from events)"
        " and event_source is not null and credential <> ''"
    )
    followed = invictus.rows("select count(*) from links where issued_event_id <> '' and first_time is not null"
                             " and kind = 'assume-role'")  # fmt: skip
    assert used == followed == [(8,)]
    assert invictus.rows(
        "select distinct person, long_term_key <> '' from attributed where session_name like 'aws-go-sdk-%'"
    ) == [("bert-jan", True)]


def test_the_keys_of_a_console_session_have_one_root(invictus: Engine) -> None:
    roots = invictus.rows(
        "select principal, count(distinct session_root), count(distinct credential) > 10 from attributed"
        " where console_session = 'true' group by principal order by principal"
    )
    assert roots == [("123837392027/user/benjamin", 1, True), ("123837392027/user/bert-jan", 2, True)]


def test_each_technique_has_its_own_christophe(shared_data: Path) -> None:
    for folder in sorted(path for path in (shared_data / "stratus").iterdir() if path.is_dir()):
        with Engine(threads=1) as engine:
            engine.table("raw_events", decode.records(_records(folder)))
            sessions.means(engine)
            people = engine.rows("select distinct principal_id from events where principal like '%/user/christophe'")
        assert len(people) <= 1, folder.name
