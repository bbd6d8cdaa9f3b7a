"""Kin: links are worked out from few session rows, and are what they would be from all rows of three days."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.profile.kin import kin
from trailwatch.store.schema import SESSIONS

MORNING = datetime.fromisoformat("2026-01-05T10:00:00+00:00")
DAYS = [date(2026, 1, 5) + timedelta(days=ahead) for ahead in range(4)]
KEYS = [
    "ASIA{}A",
    "ASIA{}B",
    "ASIA{}C",
    "ASIA{}D",
    "AROA{}:alice@2026-01-05T10:00:00Z",
    "AROA{}:alice@2026-01-06T10:00:01Z",
]
WORLDS = 300  # of rows that have nothing in common


def session(chance: random.Random, world: int) -> dict[str, Any]:
    """Return a row of few names and few seconds, so that rows of one world meet in every way."""
    ahead = chance.randrange(4)
    time = MORNING + timedelta(days=ahead, seconds=chance.choice([0, 1, 2, 3, 400]))
    issued = chance.random() < 0.5
    keys = [key.format(world) for key in KEYS]
    roles = [f"{world:012d}/role/{name}" for name in ("deploy", "admin", "audit")]
    kind = chance.choice(["assume-role", "console", "switch-role"] if issued else ["", "console-key"])
    return {
        "dt": DAYS[ahead], "shard": chance.randrange(2), "credential": chance.choice(keys), "kind": kind,
        "account": roles[0][:12], "principal": chance.choice(roles), "principal_id": chance.choice(["", "AROA1"]),
        "session_name": chance.choice(["", "alice", "bob"]), "person": chance.choice(["", "alice"]),
        "parent_credential": chance.choice(["", "", "", "AKIA1", *keys]),
        "parent_principal": chance.choice(["", *roles]), "parent_person": chance.choice(["", "carol"]),
        "source_identity": "", "issued_event_id": f"{world}e{chance.randrange(10)}" if issued else "",
        "issued_time": time, "shared_event_id": chance.choice(["", f"{world}s1", f"{world}s2"]) if issued else "",
        "subject": "", "first_time": None if issued else time + timedelta(seconds=5),
        "last_time": None if issued else time + timedelta(minutes=30), "events": 0 if issued else 3,
        "addresses": [] if issued else ["192.0.2.0/24"],
    }  # fmt: skip


def links(rows: list[dict[str, Any]], *, apart: bool) -> list[tuple[Any, ...]]:
    """Return the links that the credentials of each day find, from kin alone or from all rows."""
    with Engine(threads=1) as engine:
        engine.table("stored", pa.Table.from_pylist(rows, schema=SESSIONS.columns))
        engine.execute("create table near_sessions as select row_number() over () as number, * from stored")
        found = kin(engine.relation("session_ties"))
        engine.table("kin", found if apart else found.set_column(1, "kin", pa.array([0] * len(rows), pa.int64())))
        engine.table("days", pa.table({"day": pa.array(DAYS, pa.date32())}))
        engine.build("sessions_window")
        engine.build("links_of_days", relation="links")
        engine.build("day_links")
        return engine.rows(
            "select l.* from day_links as l semi join near_sessions as s on s.dt = l.day and s.credential = l.credential "
            "order by l::varchar"
        )


def test_what_is_left_out_changes_no_link() -> None:
    chance = random.Random(7)
    rows = [session(chance, world) for world in range(WORLDS) for _ in range(chance.randrange(2, 9))]
    assert links(rows, apart=True) == links(rows, apart=False)


def test_strangers_are_left_out_and_long_chains_are_followed() -> None:
    texts = [("a", "", ""), ("b", "a", ""), ("c", "b", ""), ("x", "", "s"), ("y", "", "s"), ("z", "", "")]
    moments = [MORNING + timedelta(hours=place) for place in range(6)]
    columns = {name: [row[place] for row in texts]
               for place, name in enumerate(("credential", "parent_credential", "shared_event_id"))}  # fmt: skip
    rows = pa.table(
        {"number": range(6), **columns, "principal": ["p"] * 6, "session_name": [""] * 6,
         "issued_time": pa.array(moments, SESSIONS.columns.field("issued_time").type),
         "named_time": pa.array([None] * 5 + [moments[5]], SESSIONS.columns.field("issued_time").type)}
    )  # fmt: skip
    assert kin(rows)["kin"].to_pylist() == [0, 0, 0, 3, 3, 5]


def test_a_chain_of_a_hundred_thousand_sessions_is_one_kin() -> None:
    # Whoever takes on one role from another, again and again, must not be able to hold settle up.
    count, time = 100_000, SESSIONS.columns.field("issued_time").type
    order = random.Random(7).sample(range(count), count)
    rows = pa.table(
        {"number": range(count), "credential": [f"c{place}" for place in order],
         "parent_credential": [f"c{place - 1}" for place in order], "shared_event_id": [""] * count,
         "principal": [f"p{place}" for place in order], "session_name": [""] * count,
         "issued_time": pa.array([MORNING] * count, time), "named_time": pa.array([None] * count, time)}
    )  # fmt: skip
    assert set(kin(rows)["kin"].to_pylist()) == {0}


def test_nothing_has_no_kin() -> None:
    with Engine(threads=1) as engine:
        engine.table("near_sessions", SESSIONS.columns.empty_table().add_column(0, "number", pa.array([], pa.int64())))
        assert kin(engine.relation("session_ties")).num_rows == 0
