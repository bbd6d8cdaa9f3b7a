"""From tables of a store to what is drawn: counts, the own zone, first uses, and whole chains of sessions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.charts.gather import gather
from trailwatch.config import Config, Person
from trailwatch.store.schema import TABLES
from trailwatch.store.tables import Store

DAY = date(2026, 7, 28)
ALICE, ROLE = "alice@example.com", "111122223333/role/Admin"
CONFIG = Config(people={ALICE: Person(time_zone="Europe/Berlin")})


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 7, day, hour, tzinfo=UTC)


def _rows(table: str, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES[table].columns)


def _activity(day: int, hour: int, **change: Any) -> dict[str, Any]:
    values = {"dt": date(2026, 7, day), "shard": 0, "hour": hour, "principal": ROLE, "person": ALICE, "origin": "direct",
              "outcome": "ok", "events": 5, "event_source": "iam.amazonaws.com", "event_name": "ListUsers"}  # fmt: skip
    return {**values, **change}


def _seen(value: str, month: int, days: list[int], first: datetime, **change: Any) -> dict[str, Any]:
    values = {"month": date(2026, month, 1), "principal": ROLE, "person": ALICE, "dimension": "address", "value": value,
              "first_time": first, "last_time": first, "days": len(days), "events": 1, "days_seen": days}  # fmt: skip
    return {**values, **change}


def _session(name: str, parent: str = "", **change: Any) -> dict[str, Any]:
    values = {"dt": DAY, "shard": 0, "credential": name, "kind": "assume-role", "account": "111122223333", "principal": ROLE,
              "session_name": "s", "person": "", "parent_credential": parent, "parent_person": "", "parent_principal": "",
              "issued_time": _at(28, 9), "first_time": _at(28, 9), "last_time": _at(28, 10), "events": 3}  # fmt: skip
    return {**values, **change}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store.open(str(tmp_path_factory.mktemp("store")), create=True)
    made.append("activity", _rows(
        "activity", _activity(27, 9), _activity(28, 23), _activity(28, 23, outcome="denied", events=2),
        _activity(28, 5, origin="service", events=900), _activity(28, 6, origin="via-service", events=10),
        _activity(29, 9), _activity(28, 9, person="bob@example.com", principal="111122223333/user/bob"),
    ))  # fmt: skip
    made.append("seen", _rows(
        "seen", _seen("198.51.100.0/24", 2, [3], datetime(2026, 2, 3, tzinfo=UTC)),
        _seen("198.51.100.0/24", 7, [27, 28], _at(27, 9)), _seen("203.0.113.0/24", 7, [28, 29], _at(28, 23)),
        _seen("iam:ListUsers", 7, [28], _at(28, 9), dimension="action"),
        *(_seen(f"10.0.{number}.0/24", 7, [1], _at(1, 1)) for number in range(40)),
    ))  # fmt: skip
    made.append("sessions", _rows(
        "sessions", _session("ASIATOP", person=ALICE), _session("ASIAMIDDLE", "ASIATOP", principal="111122223333/role/Deploy"),
        _session("ASIAEND", "ASIAMIDDLE", principal="444455556666/role/Prod"), _session("ASIAOTHER", principal="444455556666/role/X"),
    ))  # fmt: skip
    return made


@pytest.fixture(scope="module")
def alice(store: Store) -> Any:
    return gather(store, [("person", ALICE), ("principal", "1/role/unknown")], day=DAY, config=CONFIG)


def test_calls_are_counted_by_day_without_those_of_services(alice) -> None:
    assert [(one.day.day, one.events, one.refused) for one in alice[ALICE].days] == [(27, 5, 0), (28, 17, 2)]


def test_hours_are_those_of_the_own_zone_and_only_where_somebody_was_there(alice) -> None:
    # 23 UTC on Tuesday is 1 in the morning of Wednesday in Berlin; what a service did at 6 is nobody's hour.
    assert [(one.slot, one.days, one.marked) for one in alice[ALICE].hours] == [(11, 1, False), (48 + 1, 1, True)]
    assert alice[ALICE].zone == "Europe/Berlin"


def test_networks_are_known_since_their_first_day_ever(alice) -> None:
    known = {one.value: one for one in alice[ALICE].uses}
    assert known["198.51.100.0/24"].first == date(2026, 2, 3)
    assert known["198.51.100.0/24"].days == (date(2026, 7, 27), DAY)
    assert known["203.0.113.0/24"].days == (DAY,), "what comes later is not known yet"
    assert "iam:ListUsers" not in known
    assert len(known) <= 6


def test_sessions_are_the_whole_chain_and_nobody_elses(alice) -> None:
    assert {one.credential for one in alice[ALICE].sessions} == {"ASIATOP", "ASIAMIDDLE", "ASIAEND"}


def test_a_role_in_the_middle_has_what_stands_above_and_below(store) -> None:
    (role,) = gather(store, [("principal", "111122223333/role/Deploy")], day=DAY).values()
    assert {one.credential for one in role.sessions} == {"ASIATOP", "ASIAMIDDLE", "ASIAEND"}


def test_who_did_nothing_has_nothing_to_draw(alice) -> None:
    assert not alice["1/role/unknown"]


def test_a_role_is_found_by_its_own_name(store) -> None:
    (role,) = gather(store, [("principal", ROLE)], day=DAY, window=1).values()
    assert [one.day for one in role.days] == [DAY]
    assert gather(store, [], day=DAY) == {}


def test_a_pathless_folder_is_not_read(tmp_path: Path) -> None:
    made = Store.open(str(tmp_path / "empty"), create=True)
    assert not gather(made, [("person", ALICE)], day=DAY)[ALICE]
