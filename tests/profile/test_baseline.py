"""What is normal: amounts, the configuration's part in it, and identities made again under an old name."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from habits import DAY, days, learned, rhythm, used

from trailwatch.config import Config, Person, Principal
from trailwatch.engine import Engine
from trailwatch.profile import baseline
from trailwatch.store.schema import ACTIVITY
from trailwatch.store.tables import Store


class TestAmounts:
    def test_median_and_distance_of_active_days(self):
        engine = learned(
            used(day, events=events) for day, events in zip(days("2026-06-01", 5), (10, 12, 11, 13, 500), strict=True)
        )
        found = engine.rows("select days, median, mad, most from usual where measure = 'events'")
        assert found == [(5, 12.0, 1.0, 500)]

    def test_writes_denials_and_distinct_actions_of_a_day(self):
        engine = learned([
            used("2026-06-01", 9), used("2026-06-01", 10), used("2026-06-01", 9, event_name="RunInstances", read_only=False),
            used("2026-06-01", 9, event_name="ListUsers", outcome="denied", address="203.0.113.0/24", events=7),
            used("2026-06-01", 9, origin="service", events=1000), used("2026-07-01", events=1000),
        ])  # fmt: skip
        assert engine.rows("select events, writes, denied, actions, addresses from daily") == [(10, 1, 7, 3, 2)]


def test_zones_and_classes_come_from_the_configuration():
    config = Config(
        people={"Alice@Example.com": Person(time_zone="Europe/Berlin", aliases=["a.b"])},
        principals={"*/role/batch": Principal(class_="workload", time_zone="Asia/Tokyo"), "*/role/x": Principal()},
    )
    assert baseline.zones(config) == {
        "alice@example.com": "Europe/Berlin", "a.b": "Europe/Berlin", "*/role/batch": "Asia/Tokyo"}  # fmt: skip
    assert baseline.classes(config) == {"*/role/batch": "workload"}


def test_a_user_made_again_under_an_old_name_starts_anew(tmp_path):
    store = Store.open(str(tmp_path), create=True)
    former = [used(day, event_name="RunInstances") for day in days("2026-05-01", 5)]
    later = [used(day, principal_id="AIDAALICE00000000002") for day in days("2026-05-20", 2)]
    table = pa.Table.from_pylist([*former, *later], schema=ACTIVITY.columns)
    with Engine(threads=1) as engine:
        engine.table("activity", table)
        store.append("activity", table)
        store.append("seen", engine.relation("seen"))
    with Engine(threads=1) as engine:
        baseline.show(store, engine, day=DAY)
        baseline.build(engine, day=DAY)
        name = "111122223333/user/alice"
        now, before = rhythm(engine, "principal", name), rhythm(engine, "principal", f"{name}#AIDAALICE00000000001")
        assert (now["first_seen"], now["active_days"]) == (date(2026, 5, 20), 2)
        assert (before["last_seen"], before["active_days"]) == (date(2026, 5, 5), 5)
        actions = "select value from seen where dimension = 'action' and principal = $name"
        assert engine.rows(actions, name=name) == [("ec2:DescribeInstances",)]
        assert engine.rows("select count(distinct dt) from activity_window where principal = $name", name=name) == [
            (2,)
        ]
        # On the day before the new one came, the former one is still the one of that name.
        baseline.show(store, engine, day=date(2026, 5, 19))
        assert engine.rows("select distinct principal from seen") == [(name,)]


def test_a_reserved_single_sign_on_role_keeps_its_history_under_a_new_id(tmp_path):
    store = Store.open(str(tmp_path), create=True)
    role = "111122223333/role/AWSReservedSSO_Admin"
    table = pa.Table.from_pylist(
        [
            used("2026-05-01", principal=role, principal_id="AROA1"),
            used("2026-05-20", principal=role, principal_id="AROA2"),
        ],
        schema=ACTIVITY.columns,
    )
    with Engine(threads=1) as engine:
        engine.table("activity", table)
        store.append("activity", table)
        store.append("seen", engine.relation("seen"))
        baseline.show(store, engine, day=DAY)
        baseline.build(engine, day=DAY, relations=["rhythm"])
        assert rhythm(engine, "principal", role)["active_days"] == 2
