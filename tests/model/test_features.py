"""The matrix: rows in, rows out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from trailwatch.engine import Engine
from trailwatch.profile.columns import NAMES
from trailwatch.profile.features import HIGHEST, LOWEST, Matrix, features


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as one:
        yield one


def _raw(matrix: Matrix, day: date, person: str, *names: str, principal: str = "") -> dict[str, float]:
    mask = (matrix.day == np.datetime64(day)) & (matrix.person == person)
    if principal:
        mask &= np.char.endswith(matrix.principal.astype(str), principal)
    (row,) = matrix.raw[mask]
    return {name: round(float(row[NAMES.index(name)]), 3) for name in names}


def test_one_row_per_identity_and_active_day(engine: Engine, organization: Any, today: date) -> None:
    matrix = features(organization.show(engine), day=today)
    expected = {
        (row["dt"], row["principal"], row["person"])
        for row in organization.rows
        if row["dt"] >= today - timedelta(days=45)
    }
    rows = list(zip(matrix.day.tolist(), matrix.principal.tolist(), matrix.person.tolist(), strict=True))
    assert set(rows) == expected
    assert len(rows) == len(expected)
    assert rows == sorted(rows)
    assert np.isfinite(matrix.scaled).all()
    assert LOWEST <= matrix.scaled.min() < matrix.scaled.max() <= HIGHEST


def test_the_numbers_of_one_day(engine: Engine, empty: Any, today: date) -> None:
    week_ago = today - timedelta(days=7)
    for person in ("ann", "bob"):
        empty.act(week_ago, 9, f"user/{person}", "s3", "ListBuckets", person=person, events=2)
    empty.act(today, 9, "user/ann", "s3", "ListBuckets", person="ann", events=3)
    empty.act(today, 9, "user/ann", "iam", "CreateUser", person="ann", events=1, address="203.0.113.0/24")
    empty.act(today, 9, "user/ann", "s3", "PutBucketAcl", person="ann", events=4, outcome="denied", origin="via-service",
              address="cloudformation.amazonaws.com")  # fmt: skip
    found = _raw(features(empty.show(engine), day=today), today, "ann", "events", "writes", "actions", "sensitive",
                 "denied", "new_actions", "new_address_share", "new_client", "off_day", "root_use")  # fmt: skip
    assert found == {
        "events": round(np.log1p(8), 3), "writes": round(np.log1p(5), 3), "actions": round(np.log1p(3), 3),
        "sensitive": round(np.log1p(2), 3), "denied": round(np.log1p(4), 3), "new_actions": round(np.log1p(2), 3),
        "new_address_share": 0.25, "new_client": 0.0, "root_use": 0.0,
        # Active on one weekday of the same name, of one that passed.
        "off_day": round(-np.log(1.5 / 2), 3),
    }  # fmt: skip


def test_what_services_do_alone_and_failed_sign_ins_teach_nothing(engine: Engine, empty: Any, today: date) -> None:
    empty.act(today, 9, "user/ann", "s3", "ListBuckets", person="ann")
    empty.act(today, 9, "user/ann", "kms", "Decrypt", person="ann", origin="service")
    empty.act(today, 3, "user/ann", "signin", "ConsoleLogin", person="ann", outcome="denied", address="203.0.113.0/24")
    empty.act(today, 3, "user/bob", "signin", "ConsoleLogin", person="bob", outcome="denied", address="203.0.113.0/24")
    matrix = features(empty.show(engine), day=today)
    assert matrix.person.tolist() == ["ann"]
    assert _raw(matrix, today, "ann", "events", "actions") == {"events": 0.693, "actions": 0.693}


def test_hours_and_weekdays_are_those_of_the_persons_zone(engine: Engine, empty: Any, today: date) -> None:
    for back in range(60, -1, -1):
        day = today - timedelta(days=back)
        if day.weekday() < 5:  # 22:30 to 02:30 UTC: the morning in Tokyo
            for hour in (23, 0, 1) if back else (0, 12):
                empty.act(day, hour, "user/aki", "s3", "ListBuckets", person="aki")
    empty.show(engine)
    features(engine, day=today, zones={"aki": "Asia/Tokyo"})
    found = dict(engine.rows("select utc_hour, hour_surprise from features_hours where dt = $day", day=today))
    assert found[0] < 0.5
    assert found[12] > 4
    local = engine.rows(
        "select distinct local_hour from features_local where zone = 'Asia/Tokyo' and utc_hour = 0 and dt = $day",
        day=today,
    )
    assert local == [(9,)]


def test_what_the_whole_team_begins_on_one_day_is_no_surprise(engine: Engine, organization: Any, today: date) -> None:
    for number in range(12):
        organization.act(today, 10, f"user/person{number}", "bedrock", "InvokeModel", person=f"person{number}",
                         address="203.0.113.0/24")  # fmt: skip
    organization.act(
        today, 10, "user/person1", "kms", "ScheduleKeyDeletion", person="person1", address="203.0.113.0/24"
    )
    matrix = features(organization.show(engine), day=today)
    now = matrix.where((matrix.day == np.datetime64(today)) & (matrix.peer == "person"))
    adopted = now.scaled[now.person != "person1"]
    assert np.abs(adopted[:, NAMES.index("address_rarity")]).max() < 1
    surprise = now.scaled[:, NAMES.index("peer_surprise")]
    assert surprise[now.person == "person1"][0] > surprise[now.person != "person1"].max() + 1


def test_values_seen_long_ago_are_not_new(engine: Engine, organization: Any, today: date) -> None:
    organization.act(today - timedelta(days=300), 10, "user/person4", "iam", "CreateUser", person="person4")
    for person in ("person4", "person5"):
        organization.act(today, 10, f"user/{person}", "iam", "CreateUser", person=person)
    matrix = features(organization.show(engine), day=today)
    assert _raw(matrix, today, "person4", "new_actions")["new_actions"] == 0
    assert _raw(matrix, today, "person5", "new_actions")["new_actions"] > 0


def test_hostile_names_are_only_values(engine: Engine, organization: Any, today: date) -> None:
    name = "x'; drop table activity; --"
    organization.act(today, 10, f"user/{name}", "iam", "Get\x1f\x00'\"Thing", person=name, client="<script>")
    matrix = features(organization.show(engine), day=today, zones={name: "Asia/Kolkata"})
    assert name in matrix.person
    assert engine.rows("select count(*) > 0 from activity") == [(True,)]
