"""A small organization as activity rows: people with habits, workloads with schedules, and acts put on top."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from trailwatch.engine import Engine
from trailwatch.store.schema import ACTIVITY, IDENTITY_DAYS

ACCOUNT = "111122223333"
DAY = date(2026, 3, 18)  # a Wednesday
READS = [("ec2", name) for name in ("DescribeInstances", "DescribeVolumes", "DescribeImages")] + [
    ("s3", "ListBuckets"), ("s3", "GetBucketAcl"), ("iam", "GetUser"), ("lambda", "ListFunctions"),
    ("cloudwatch", "DescribeAlarms"), ("logs", "DescribeLogGroups"), ("rds", "DescribeDBInstances"),
]  # fmt: skip
WRITES = [("s3", "PutBucketTagging"), ("ec2", "StartInstances"), ("lambda", "UpdateFunctionCode")]


@dataclass
class Organization:
    """Rows of activity of the days before and on DAY."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def act(
        self, day: date, hour: int, principal: str, source: str, name: str, *, person: str = "", events: int = 1,
        address: str = "198.51.100.0/24", client: str = "boto3 linux", outcome: str = "ok", key: str = "",
        region: str = "eu-central-1", read_only: bool | None = None, origin: str = "direct",
    ) -> str:  # fmt: skip
        """Add one cell and return its sample event id."""
        reads = read_only if read_only is not None else name.startswith(("Get", "List", "Describe"))
        moment = datetime(day.year, day.month, day.day, hour, 10, tzinfo=UTC)
        event = f"e{len(self.rows):06d}"
        self.rows.append({
            "dt": day, "shard": 0, "hour": hour, "account": ACCOUNT, "principal": f"{ACCOUNT}/{principal}",
            "principal_id": "", "person": person, "long_term_key": key, "identity_type": "IAMUser",
            "origin": origin, "event_source": f"{source}.amazonaws.com", "event_name": name, "region": region,
            "address": address, "client": client, "outcome": outcome, "read_only": reads, "role": "",
            "events": events, "first_time": moment, "last_time": moment + timedelta(minutes=5), "event_id": event,
        })  # fmt: skip
        return event

    def live(self, days: int = 80, people: int = 12, workloads: int = 8) -> Organization:
        """Let everybody work as usual for so many days, DAY the last of them."""
        for back in range(days, -1, -1):
            day = DAY - timedelta(days=back)
            for number in range(people):
                if day.weekday() < 5 and self.random.random() < 0.9:
                    self._work(day, number)
            for number in range(workloads):
                for hour in range(0, 24, 6):
                    source, name = READS[number % len(READS)]
                    count = int(self.random.poisson(40))
                    self.act(day, hour, f"role/job-{number}", source, name, events=count, address="10.0.0.0/24")
        return self

    def _work(self, day: date, number: int) -> None:
        person = f"person{number}"
        start = 8 + number % 2
        for source, name in [READS[(number + step) % len(READS)] for step in range(5)] + WRITES[number % 3 :][:1]:
            for hour in self.random.choice(np.arange(start, start + 9), size=2, replace=False):
                self.act(day, int(hour), f"user/{person}", source, name, person=person, client="console",
                         events=1 + int(self.random.poisson(3)), address=f"192.0.2.{number // 6}/24",
                         origin="console")  # fmt: skip

    def show(self, engine: Engine, *, order: int | None = None) -> Engine:
        """Put activity, identity_days and seen into an engine."""
        rows = list(self.rows)
        if order is not None:
            np.random.default_rng(order).shuffle(rows)
        engine.table("activity", pa.Table.from_pylist(rows, schema=ACTIVITY.columns))
        engine.build("seen")
        engine.execute(
            "create or replace table identity_days as select dt, shard, account, principal, principal_id, person, "
            "sum(events) as events, max(events) as peak_events, "
            "count(distinct event_name) filter (where read_only) as peak_reads, "
            "count(distinct event_name) as targets, 0 as resources, "
            "count(*) filter (where event_name = 'GetSecretValue') as secrets, 1 as sessions from activity group by all"
        )
        columns = engine.query("select * from identity_days limit 0").schema.names
        assert set(columns) == set(IDENTITY_DAYS.columns.names)
        return engine


@pytest.fixture
def today() -> date:
    return DAY


@pytest.fixture(scope="session")
def _lived() -> list[dict[str, Any]]:
    return Organization().live().rows


@pytest.fixture
def organization(_lived: list[dict[str, Any]]) -> Organization:
    """Twelve people and eight workloads that lived as usual for eighty days."""
    return Organization(rows=list(_lived))


@pytest.fixture
def empty() -> Organization:
    """An organization in which nothing happened."""
    return Organization()
