"""When somebody usually comes: days and gaps, and the hours of the week in the person's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from habits import days, learned, rhythm, used

from trailwatch.engine import Engine


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
