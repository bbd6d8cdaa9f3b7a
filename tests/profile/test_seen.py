"""What was ever seen: rows of activity in, rows of seen out."""

from __future__ import annotations

from datetime import date
from typing import Any

from habits import learned, used


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
