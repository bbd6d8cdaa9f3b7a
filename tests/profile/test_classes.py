"""What kind of identity somebody is, and who the peers are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from habits import days, learned, used


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
