"""Records of a small organisation, and stores of them, through the real decoder."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.store.tables import Store

Record = dict[str, Any]

ACCOUNT = "111122223333"
ALICE = {
    "type": "IAMUser", "principalId": "AIDAALICEEXAMPLE0001", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "accountId": ACCOUNT, "accessKeyId": "AKIAALICEEXAMPLE0001", "userName": "alice",
}  # fmt: skip


def at(text: str) -> datetime:
    """2026-01-05T10:00 → a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Records:
    """Makes records with ids of their own."""

    def __init__(self) -> None:
        self.made = 0

    def call(self, when: str, name: str = "DescribeInstances", *, source: str = "ec2", **changes: Any) -> Record:
        """One call by alice with her access key, unless told otherwise."""
        self.made += 1
        record: Record = {
            "eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{self.made:012d}",
            "eventTime": at(when).strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": f"{source}.amazonaws.com",
            "eventName": name, "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": True,
            "awsRegion": "eu-central-1", "recipientAccountId": ACCOUNT, "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64 prompt/off command/ec2",
            "readOnly": name.startswith(("Describe", "List", "Get")), "userIdentity": copy.deepcopy(ALICE),
            "requestParameters": None, "responseElements": None,
        }  # fmt: skip
        return record | changes

    def assume(
        self, when: str, key: str, *, role: str = "deploy", session: str = "alice-session", **changes: Any
    ) -> Record:
        """Alice assumes a role and is given a temporary key."""
        return self.call(
            when, "AssumeRole", source="sts", readOnly=True,
            requestParameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "roleSessionName": session},
            responseElements={
                "credentials": {"accessKeyId": key, "expiration": "Jan 6, 2026, 4:41:37 PM"},
                "assumedRoleUser": {
                    "assumedRoleId": f"AROADEPLOYEXAMPLE001:{session}",
                    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
                },
            },
        ) | changes  # fmt: skip

    def use(self, when: str, key: str, *, issued: str, role: str = "deploy", session: str = "alice-session",
            name: str = "RunInstances", **changes: Any) -> Record:  # fmt: skip
        """Somebody uses the temporary key of a role."""
        identity = {
            "type": "AssumedRole", "principalId": f"AROADEPLOYEXAMPLE001:{session}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}", "accountId": ACCOUNT, "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROADEPLOYEXAMPLE001",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "accountId": ACCOUNT, "userName": role,
                },
                "attributes": {"creationDate": at(issued).strftime("%Y-%m-%dT%H:%M:%SZ"), "mfaAuthenticated": "false"},
            },
        }  # fmt: skip
        return self.call(when, name, userIdentity=identity, **changes)


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def put() -> Callable[..., None]:
    """Append records to a store as an ingest does: one object, one moment of ingest."""

    def put(store: Store, items: Iterable[Record], *, object_id: int = 1, ingested: str = "2026-02-01T00:00",
            shards: int = 1) -> None:  # fmt: skip
        rows = decode.records(list(items), shards=shards)
        assert rows.num_rows == len(list(items))
        for name, value in (("object_id", object_id), ("ingested_at", at(ingested))):
            place = rows.schema.get_field_index(name)
            field = rows.schema.field(place)
            rows = rows.set_column(place, field, pa.array([value] * rows.num_rows, field.type))
        store.append("events", rows)

    return put


@pytest.fixture
def new_store(tmp_path: Path) -> Callable[[str], Store]:
    return lambda name="store": Store.open(str(tmp_path / name), create=True)


def contents(store: Store, table: str) -> list[str]:
    """All rows of a table as text, in order of text."""
    with Engine(threads=1) as engine:
        store.show(engine, table)
        return [row for (row,) in engine.rows(f"select r::varchar from {table} as r order by 1")]


@pytest.fixture
def snapshot() -> Callable[[Store], dict[str, list[str]]]:
    """Everything that settle makes, the order of rows and files apart."""
    return lambda store: {table: contents(store, table)
                          for table in ("sessions", "activity", "identity_days", "seen")}  # fmt: skip


@pytest.fixture
def story(records: Records) -> list[list[Record]]:
    """Six days in three deliveries: calls with a key, sessions across midnight, a chain of roles, an unknown session."""
    first = [
        records.call("2026-01-05T10:00"), records.call("2026-01-05T10:01", "RunInstances"),
        records.assume("2026-01-05T22:00", "ASIADEPLOYEXAMPLE001"),
        records.use("2026-01-05T22:30", "ASIADEPLOYEXAMPLE001", issued="2026-01-05T22:00"),
        records.use("2026-01-06T02:30", "ASIADEPLOYEXAMPLE001", issued="2026-01-05T22:00"),
        records.use("2026-01-07T09:00", "ASIADEPLOYEXAMPLE001", issued="2026-01-05T22:00"),
    ]  # fmt: skip
    second = [
        records.use("2026-01-06T03:00", "ASIAUNKNOWNEXAMPLE01", issued="2026-01-06T02:59", session="i-0abc1234def567890"),
        records.call("2026-01-31T23:59"), records.call("2026-02-01T00:01"),
        records.call("2026-02-01T00:02", "ListUsers", source="iam", errorCode="AccessDenied"),
    ]  # fmt: skip
    third = [
        records.call("2026-01-06T11:00"), records.call("2026-02-03T11:00", "GetSecretValue", source="secretsmanager",
                                                       requestParameters={"secretId": "prod/db"}),
    ]  # fmt: skip
    return [first, second, third]


@pytest.fixture
def moment() -> Callable[[str], datetime]:
    return at


@pytest.fixture
def day_after() -> Callable[[str, int], str]:
    """A moment so many days later, as text."""
    return lambda when, days: (at(when) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def rows() -> Callable[..., list[tuple[Any, ...]]]:
    """Ask a store something in SQL over the named tables."""

    def rows(store: Store, sql: str, *tables: str) -> list[tuple[Any, ...]]:
        with Engine(threads=1) as engine:
            for table in tables:
                store.show(engine, table)
            return engine.rows(sql)

    return rows
