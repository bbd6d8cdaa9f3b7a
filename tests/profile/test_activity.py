"""Records in, rows of activity and identity days out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile.sessions import resolve
from trailwatch.store.schema import ACTIVITY, IDENTITY_DAYS

Rows = list[dict[str, Any]]


@pytest.fixture
def made() -> Callable[[str, Rows], Rows]:
    def made(relation: str, items: Rows) -> Rows:
        with Engine(threads=1) as engine:
            engine.table("raw_events", decode.records(items))
            resolve(engine, aliases={})
            engine.lend("activity_made", engine.relation("activity"))
            engine.build("identities")
            schema = (ACTIVITY if relation == "activity" else IDENTITY_DAYS).columns
            return engine.relation(relation).select(schema.names).cast(schema).to_pylist()

    return made


def test_calls_of_one_hour_are_one_row_with_its_first_event_as_the_example(made, records):
    items = [records.call("2026-01-05T10:59"), records.call("2026-01-05T10:01"), records.call("2026-01-05T11:00")]
    rows = sorted(made("activity", items), key=lambda row: row["hour"])
    assert [(row["hour"], row["events"]) for row in rows] == [(10, 2), (11, 1)]
    first = rows[0]
    assert first["event_id"] == items[1]["eventID"]
    assert (first["first_time"].minute, first["last_time"].minute) == (1, 59)
    assert {key: first[key] for key in ("account", "principal", "principal_id", "person", "long_term_key", "origin")} == {
        "account": "111122223333", "principal": "111122223333/user/alice", "principal_id": "AIDAALICEEXAMPLE0001",
        "person": "alice", "long_term_key": "AKIAALICEEXAMPLE0001", "origin": "direct",
    }  # fmt: skip
    assert (first["event_source"], first["event_name"], first["region"], first["address"], first["outcome"]) == (
        "ec2.amazonaws.com", "DescribeInstances", "eu-central-1", "198.51.100.0/24", "ok")  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"eventName": "RunInstances", "readOnly": False}, {"errorCode": "AccessDenied"}, {"awsRegion": "eu-west-1"},
        {"sourceIPAddress": "203.0.113.9"}, {"userAgent": "Boto3/1.34 Python/3.12 Linux/6.1"},
        {"eventTime": "2026-01-05T12:00:00Z"}, {"eventSource": "s3.amazonaws.com"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_differs_has_a_row_of_its_own(made, records, change):
    assert len(made("activity", [records.call("2026-01-05T10:00"), records.call("2026-01-05T10:00") | change])) == 2


def test_the_date_of_an_api_is_no_part_of_the_action(made, records):
    (row,) = made("activity", [records.call("2026-01-05T10:00", "GetFunction20150331v2", source="lambda")])
    assert row["event_name"] == "GetFunction"


def test_a_role_that_was_assumed_is_an_edge(made, records):
    (row,) = made("activity", [records.assume("2026-01-05T10:00", "ASIADEPLOYEXAMPLE001")])
    assert row["role"] == "111122223333/role/deploy"


def test_the_verb_says_whether_a_call_reads_where_the_record_does_not(made, records):
    names = {
        "DescribeInstances": True,
        "RunInstances": False,
        "GetObject": True,
        "ListUsers": True,
        "DeleteTrail": False,
    }
    items = [{k: v for k, v in records.call("2026-01-05T10:00", name).items() if k != "readOnly"} for name in names]
    assert {row["event_name"]: row["read_only"] for row in made("activity", items)} == names


def test_a_record_with_little_in_it_is_still_counted(made):
    bare = {
        "eventID": "00000000-0000-4000-8000-000000000001", "eventTime": "2026-01-05T10:00:00Z",
        "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances", "eventVersion": "1.08",
    }  # fmt: skip
    (row,) = made("activity", [bare])
    assert row["events"] == 1
    assert {row[key] for key in ("person", "long_term_key", "region", "address", "client", "role")} == {""}
    (day,) = made("identity_days", [bare])
    assert (day["events"], day["peak_events"], day["targets"], day["resources"], day["sessions"]) == (1, 1, 0, 0, 0)


def test_peaks_are_within_ten_minutes_wherever_they_lie(made, records):
    spread = [records.call(f"2026-01-05T{hour:02d}:00") for hour in range(20)]
    burst = [records.call(f"2026-01-05T10:{minute}", name) for minute, name in
             ((55, "DescribeVpcs"), (57, "DescribeImages"), (59, "DescribeHosts"))]  # fmt: skip
    later = [records.call("2026-01-05T11:04", "DescribeTags"), records.call("2026-01-05T11:05", "RunInstances")]
    (day,) = made("identity_days", [*spread, *burst, *later])
    # 10:55 to 11:04 holds three of the burst, the call at 11:00 and the first of the later ones.
    assert (day["events"], day["peak_events"], day["peak_reads"]) == (25, 5, 5)


def test_the_same_action_again_is_one_of_the_distinct_reads(made, records):
    items = [records.call(f"2026-01-05T10:0{minute}") for minute in range(5)]
    (day,) = made("identity_days", items)
    assert (day["peak_events"], day["peak_reads"]) == (5, 1)


def test_targets_resources_and_secrets_are_distinct(made, records):
    def secret(name: str, arn: str) -> dict[str, Any]:
        return records.call(
            "2026-01-05T10:00", "GetSecretValue", source="secretsmanager", requestParameters={"secretId": name},
            resources=[{"ARN": arn, "type": "AWS::SecretsManager::Secret", "accountId": "111122223333"}],
        )  # fmt: skip

    start = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"
    items = [secret("a", f"{start}a"), secret("a", f"{start}a"), secret("b", f"{start}b")]
    items.append(records.call("2026-01-05T10:00", "StopInstances", requestParameters={"instanceId": "i-0abc"}))
    (day,) = made("identity_days", items)
    assert (day["secrets"], day["targets"], day["resources"]) == (2, 3, 2)


def test_sessions_count_those_of_one_hour(made, records):
    def use(when: str, key: str) -> dict[str, Any]:
        return records.use(when, key, issued="2026-01-05T09:00", session="job")

    items = [use("2026-01-05T10:00", "ASIAEXAMPLE000000001"), use("2026-01-05T10:30", "ASIAEXAMPLE000000002"),
             use("2026-01-05T12:00", "ASIAEXAMPLE000000003")]  # fmt: skip
    (day,) = made("identity_days", items)
    assert day["sessions"] == 2


def test_what_a_service_does_by_itself_has_no_identity_day(made, records):
    service = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    item = records.call("2026-01-05T10:00", userIdentity=service, sourceIPAddress="autoscaling.amazonaws.com")
    assert made("identity_days", [item]) == []
    assert [row["origin"] for row in made("activity", [item])] == ["service"]
