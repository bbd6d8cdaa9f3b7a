"""What is normal: rows of activity in, rows of rhythm, hours, amounts, classes and peers out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.config import Config, Person, Principal
from trailwatch.engine import Engine
from trailwatch.profile import baseline
from trailwatch.store.schema import ACTIVITY
from trailwatch.store.tables import Store

DAY = date(2026, 7, 1)
PLAIN: dict[str, Any] = {
    "shard": 0, "account": "111122223333", "principal": "111122223333/user/alice", "principal_id": "AIDAALICE00000000001",
    "person": "alice", "long_term_key": "", "identity_type": "IAMUser", "origin": "direct",
    "event_source": "ec2.amazonaws.com", "event_name": "DescribeInstances", "region": "eu-central-1",
    "address": "198.51.100.0/24", "client": "aws-cli/2 linux", "outcome": "ok", "read_only": True, "role": "",
    "events": 1, "event_id": "e",
}  # fmt: skip


def used(day: date | str, hour: int = 9, **changes: Any) -> dict[str, Any]:
    """One row of activity."""
    when = date.fromisoformat(day) if isinstance(day, str) else day
    time = datetime(when.year, when.month, when.day, hour, 30, tzinfo=UTC)
    return {**PLAIN, "dt": when, "hour": hour, "first_time": time, "last_time": time, **changes}


def days(first: str, count: int, step: int = 1) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=number * step) for number in range(count)]


def learned(rows: Iterable[dict[str, Any]], *, day: date = DAY, **options: Any) -> Engine:
    """An engine with the baseline of a day, as a store would give it."""
    engine = Engine(threads=1)
    table = pa.Table.from_pylist(list(rows), schema=ACTIVITY.columns)
    engine.table("activity", table)
    engine.table("seen", engine.relation("seen"))
    engine.table("activity_window", table)
    baseline.build(engine, day=day, **options)
    return engine


def rhythm(engine: Engine, kind: str, value: str) -> dict[str, Any] | None:
    rows = engine.query(
        "select * from rhythm where kind = $kind and value = $value", kind=kind, value=value
    ).to_pylist()
    return rows[0] if rows else None


class TestSeen:
    def seen(self, *rows: dict[str, Any]) -> list[tuple[Any, ...]]:
        engine = learned(rows)
        return engine.rows("select dimension, value, days, events from seen order by dimension, value")

    def test_every_dimension_has_its_value(self):
        found = self.seen(used("2026-06-01", long_term_key="AKIAALICEEXAMPLE0001", role="111122223333/role/deploy"))
        assert {(dimension, value) for dimension, value, *_ in found} == {
            ("account", "111122223333"), ("action", "ec2:DescribeInstances"), ("address", "198.51.100.0/24"),
            ("client", "aws-cli/2 linux"), ("id", "AIDAALICE00000000001"), ("key", "AKIAALICEEXAMPLE0001"),
            ("region", "eu-central-1"), ("role", "111122223333/role/deploy"), ("service", "ec2.amazonaws.com"),
        }  # fmt: skip

    def test_days_and_events_add_up_within_a_month_and_months_stay_apart(self):
        engine = learned(
            [used("2026-05-31"), used("2026-06-01", 9), used("2026-06-01", 15, events=4), used("2026-06-03")]
        )
        found = engine.rows("select month, days, events, days_seen from seen where dimension = 'region' order by month")
        assert found == [(date(2026, 5, 1), 1, 1, [31]), (date(2026, 6, 1), 2, 6, [1, 3])]

    def test_what_a_service_passed_on_says_what_but_neither_where_nor_with_what(self):
        found = {dimension for dimension, *_ in self.seen(used("2026-06-01", origin="via-service"))}
        assert {"action", "service", "region", "account"} <= found
        assert not {"address", "client"} & found

    def test_a_service_by_itself_and_a_failed_sign_in_leave_nothing(self):
        failed = {"event_source": "signin.amazonaws.com", "event_name": "ConsoleLogin", "outcome": "denied"}
        assert self.seen(used("2026-06-01", origin="service"), used("2026-06-02", **failed)) == []

    def test_a_denied_call_was_made_all_the_same(self):
        assert ("action", "ec2:DescribeInstances", 1, 1) in self.seen(used("2026-06-01", outcome="denied"))

    def test_absent_values_are_no_values(self):
        found = self.seen(used("2026-06-01", region="", address="", client="", person="", principal_id=""))
        assert {dimension for dimension, *_ in found} == {"account", "action", "service"}


class TestRhythm:
    def test_of_a_quarterly_job_is_a_quarter(self):
        engine = learned(used(day) for day in ("2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01"))
        found = rhythm(engine, "principal", "111122223333/user/alice")
        assert (found["active_days"], found["usual_gap"], found["longest_gap"], found["gap"]) == (5, 91.5, 92.0, 91.0)
        assert (found["first_seen"], found["last_seen"]) == (date(2025, 4, 1), date(2026, 4, 1))

    def test_of_a_daily_one_is_a_day_whatever_it_did_that_day(self):
        engine = learned(
            [*(used(day) for day in days("2026-06-01", 20)), used("2026-06-20", 18, event_name="RunInstances")]
        )
        found = rhythm(engine, "person", "alice")
        assert (found["active_days"], found["usual_gap"], found["longest_gap"], found["gap"]) == (20, 1.0, 1.0, 11.0)

    def test_one_day_has_no_rhythm_yet(self):
        found = rhythm(learned([used("2026-06-01")]), "principal", "111122223333/user/alice")
        assert (found["active_days"], found["usual_gap"], found["longest_gap"], found["gap"]) == (1, None, None, 30.0)

    def test_the_day_itself_and_later_ones_are_not_known_yet(self):
        engine = learned([used("2026-06-25"), used("2026-07-01"), used("2026-07-09")])
        found = rhythm(engine, "principal", "111122223333/user/alice")
        assert (found["active_days"], found["last_seen"], found["gap"]) == (1, date(2026, 6, 25), 6.0)
        assert rhythm(learned([used("2026-07-01")]), "principal", "111122223333/user/alice") is None

    def test_the_last_time_is_exact_where_the_month_is_over_and_noon_within_the_months_of_the_day(self):
        over = rhythm(learned([used("2026-06-25", 17)]), "person", "alice")
        assert over["last_time"] == datetime(2026, 6, 25, 17, 30, tzinfo=UTC)
        within = rhythm(learned([used("2026-07-02", 17), used("2026-07-09")], day=date(2026, 7, 5)), "person", "alice")
        assert within["last_time"] == datetime(2026, 7, 2, 12, 0, tzinfo=UTC)

    def test_keys_and_roles_have_their_own(self):
        engine = learned([
            used("2026-05-01", long_term_key="AKIAALICEEXAMPLE0001"), used("2026-06-01", role="111122223333/role/deploy"),
            used("2026-06-30"),
        ])  # fmt: skip
        assert rhythm(engine, "key", "AKIAALICEEXAMPLE0001")["gap"] == 61.0
        assert rhythm(engine, "role", "111122223333/role/deploy")["gap"] == 30.0
        assert rhythm(engine, "principal", "111122223333/user/alice")["gap"] == 1.0


class TestHabits:
    def share(self, engine: Engine, hour: int, kind: str = "person", value: str = "alice") -> float:
        return engine.rows(
            "select share from habits where kind = $kind and value = $value and hour_of_week = $hour",
            kind=kind, value=value, hour=hour,
        )[0][0]  # fmt: skip

    def test_nine_in_berlin_is_nine_in_winter_and_in_summer(self):
        # Mondays at 09:00 local: 08 UTC until 29 March 2026, 07 UTC after it.
        winter = [used(day, 8) for day in days("2026-02-02", 8, 7)]
        summer = [used(day, 7) for day in days("2026-03-30", 8, 7)]
        engine = learned([*winter, *summer], zones={"ALICE": "Europe/Berlin"})
        own = engine.rows("select hour_of_week, own, weeks, time_zone from habits where value = 'alice' and own > 0")
        assert own == [(9, 16, 16, "Europe/Berlin")]

    def test_without_a_zone_the_week_is_utc(self):
        engine = learned(used(day, 8) for day in days("2026-02-02", 8, 7))
        assert engine.rows("select hour_of_week, time_zone from habits where value = 'alice' and own > 0") == [
            (8, "UTC")
        ]

    def test_half_hour_zones_keep_their_hours(self):
        engine = learned([used("2026-06-01", 3)], zones={"alice": "Asia/Kolkata"})  # Monday 03:30 UTC is 09:00 there
        assert engine.rows("select hour_of_week from habits where value = 'alice' and own > 0") == [(9,)]

    def test_a_usual_hour_and_its_neighbours_stand_out_and_never_seen_is_not_impossible(self):
        engine = learned(used(day, 9) for day in days("2026-05-04", 8, 7))
        usual, beside, never = (self.share(engine, hour) for hour in (9, 10, 27))
        assert usual == beside == pytest.approx(9 / 64)
        assert 0 < never < usual / 8

    def test_the_week_is_a_ring(self):
        engine = learned(used(day, 23) for day in days("2026-05-03", 8, 7))  # Sundays, the last hour
        assert self.share(engine, 0) == self.share(engine, 167) > self.share(engine, 1)

    def test_a_burst_counts_as_one_hour(self):
        engine = learned([*(used(day, 9) for day in days("2026-05-04", 8, 7)), used("2026-05-05", 3, events=100_000)])
        assert self.share(engine, 27) < self.share(engine, 9) / 3

    def test_what_services_did_later_is_not_a_habit(self):
        engine = learned([used("2026-06-01", 3, origin="via-service"), used("2026-06-02", 9)])
        assert engine.rows("select sum(own) from habits where value = 'alice'") == [(1,)]

    def test_a_workload_without_a_person_has_its_own_week(self):
        engine = learned([used("2026-06-01", 3, person="", principal="111122223333/role/batch")])
        assert engine.rows("select distinct kind, value from habits") == [("principal", "111122223333/role/batch")]

    def test_the_longest_pattern_names_the_zone(self):
        zones = {"*/role/*": "UTC", "*/role/tokyo-*": "Asia/Tokyo"}
        engine = learned([used("2026-06-01", 0, person="", principal="111122223333/role/tokyo-1")], zones=zones)
        assert engine.rows("select hour_of_week from habits where own > 0") == [(9,)]


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


class TestClasses:
    def kind(self, rows: Iterable[dict[str, Any]], **options: Any) -> tuple[str, str]:
        return learned(rows, **options).rows("select class, evidence from classes")[0]

    def test_a_console_makes_a_human(self):
        assert self.kind([used("2026-06-01", origin="console", client="console")]) == (
            "human", "console on 1 of 1 days, changes of IAM on 0")  # fmt: skip

    def test_changes_of_iam_make_an_admin(self):
        changes = {"event_source": "iam.amazonaws.com", "event_name": "CreateUser", "read_only": False}
        rows = [used("2026-06-01", origin="console"), used("2026-06-02", **changes), used("2026-06-03")]
        assert self.kind(rows)[0] == "admin"

    def test_terraform_and_a_name_of_a_pipeline_make_a_pipeline(self):
        assert self.kind([used("2026-06-01", client="terraform")])[0] == "pipeline"
        assert (
            self.kind([used("2026-06-01", principal="111122223333/role/github-actions", client="boto3 linux")])[0]
            == "pipeline"
        )

    def test_a_job_of_each_night_is_a_workload_and_office_hours_by_key_are_human(self):
        nightly = [used(day, 3, principal="111122223333/user/backup") for day in days("2026-06-01", 21)]
        office = [used(day, hour) for day in days("2026-06-01", 26) if day.weekday() < 5 for hour in range(8, 16)]
        assert self.kind(nightly)[0] == "workload"
        assert self.kind(office)[0] == "human"

    @pytest.mark.parametrize(
        ("principal", "expected"),
        [("service/ec2.amazonaws.com", "service"), ("111122223333/external/999988887777", "vendor"),
         ("111122223333/root", "admin")],
    )  # fmt: skip
    def test_the_form_of_a_principal_decides(self, principal: str, expected: str):
        assert self.kind([used("2026-06-01", principal=principal, person="")])[0] == expected

    def test_what_is_declared_counts_and_the_longest_pattern_first(self):
        declared = {"*/user/*": "workload", "*/user/ali*": "vendor"}
        assert self.kind([used("2026-06-01", origin="console")], classes=declared) == (
            "vendor",
            "declared for */user/ali*",
        )


class TestPeers:
    def peers(self, rows: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str, int]]:
        found = learned(rows).rows("select person, principal, basis, peer_group, members from peers")
        return {person or principal: (basis, group, members) for person, principal, basis, group, members in found}

    def test_five_persons_of_a_permission_set_are_peers_in_whatever_account(self):
        rows = [
            used("2026-06-01", person=f"p{number}", origin="console",
                 principal=f"{111122223333 + number % 2}/role/AWSReservedSSO_Admin")
            for number in range(5)
        ]  # fmt: skip
        assert self.peers(rows)["p3"] == ("permission set", "AWSReservedSSO_Admin", 5)

    def test_four_are_too_few_and_the_class_takes_them(self):
        rows = [
            used("2026-06-01", person=f"p{n}", origin="console", principal="111122223333/role/ops") for n in range(4)
        ]
        rows += [used("2026-06-01", person="u", origin="console", principal="111122223333/user/u")]
        assert self.peers(rows)["p3"] == ("class in account", "human in 111122223333", 5)

    def test_the_last_resort_is_the_account(self):
        assert self.peers([used("2026-06-01")])["alice"] == ("account", "111122223333", 1)


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
