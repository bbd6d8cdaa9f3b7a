"""The calls of alice, of which policies are made, and findings that tell of some of them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import trails

import trailwatch
from trailwatch.api import Trail
from trailwatch.store.schema import TABLES

INSIDE, OUTSIDE = "198.51.100.7", "203.0.113.9"
ROLE = f"arn:aws:iam::{trails.ACCOUNT}:role/worker"
SECRET = f"arn:aws:secretsmanager:{trails.REGION}:{trails.ACCOUNT}:secret:db-AbCdEf"
KEY = f"arn:aws:kms:{trails.REGION}:{trails.ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TABLE = f"arn:aws:dynamodb:{trails.REGION}:{trails.ACCOUNT}:table/orders"
HOSTILE = "x\x1b[31m' or 1=1 --\u202e"


def call(number: int, source: str, name: str, address: str = INSIDE, **more: Any) -> dict[str, Any]:
    """One call of alice."""
    usual = {"eventSource": f"{source}.amazonaws.com", "eventName": name, "sourceIPAddress": address, "readOnly": False}
    return trails.record(number, **(usual | more))


def item(number: int, name: str, key: str, **more: Any) -> dict[str, Any]:
    """One call about an object of alice's bucket."""
    return call(number, "s3", name, requestParameters={"bucketName": "mine", "key": key}, managementEvent=False,
                resources=[{"ARN": f"arn:aws:s3:::mine/{key}"}, {"ARN": "arn:aws:s3:::mine"}], **more)  # fmt: skip


def via(service: str) -> dict[str, Any]:
    identity = trails.record()["userIdentity"] | {"invokedBy": f"{service}.amazonaws.com"}
    return {
        "userIdentity": identity,
        "sourceIPAddress": f"{service}.amazonaws.com",
        "userAgent": f"{service}.amazonaws.com",
    }


SECRET_READ, USER_DELETED, STRANGE = 20, 21, 22
RECORDS = [
    *(item(n, "GetObject", f"data/{n}") for n in range(1, 7)),
    item(7, "PutObject", "reports/one"),
    call(8, "lambda", "CreateFunction20150331", requestParameters={"functionName": "f", "role": ROLE}),
    call(9, "kms", "Decrypt", resources=[{"ARN": KEY}], **via("s3")),
    call(10, "dynamodb", "DescribeTable", resources=[{"ARN": TABLE}], **via("cloudformation")),
    call(11, "sts", "GetCallerIdentity"),
    call(12, "s3", f"Odd{HOSTILE}"),
    item(13, "HeadObject", "data/none", errorCode="NoSuchKey", errorMessage="not there"),
    item(14, "DeleteObject", "data/none", errorCode="NoSuchKey", errorMessage="not there"),
    call(15, "iam", "DeleteUser", errorCode="AccessDenied", errorMessage="not authorized to perform"),
    call(SECRET_READ, "secretsmanager", "GetSecretValue", requestParameters={"secretId": SECRET}),
    call(USER_DELETED, "iam", "DeleteUser", requestParameters={"userName": "bob"}),
    # Before the incident nobody came from there, and no finding names this call.
    call(STRANGE, "ec2", "DescribeInstances", address=OUTSIDE),
    call(23, "s3", "DeleteBucket", address=OUTSIDE, requestParameters={"bucketName": "mine"}),
    call(24, "s3", "ListBuckets", address="192.0.2.1", eventTime="2026-01-04T10:00:00Z"),
]  # fmt: skip
IDS = {number: f"00000000-0000-4000-8000-{number:012d}" for number in range(30)}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    """A settled store of the calls of alice."""
    root = tmp_path_factory.mktemp("generate")
    earlier = [call(50 + n, "s3", "ListBuckets", eventTime=f"2026-01-0{n}T10:00:00Z") for n in range(1, 5)]
    trails.Tree(root / "logs").put(trails.key(), [*RECORDS, *earlier])
    made = trailwatch.open(str(root / "store"), config=trailwatch.Config(), create=True)
    made.ingest(str(root / "logs"))
    made.settle()
    return made


@pytest.fixture
def trail(first: Trail, tmp_path: Path) -> Trail:
    """A copy of the store, to write findings and exports to."""
    shutil.copytree(first.store.uri, tmp_path / "store")
    return trailwatch.open(str(tmp_path / "store"), config=trailwatch.Config())


def append(trail: Trail, table: str, **values: Any) -> None:
    schema = TABLES[table].columns
    trail.store.append(table, pa.Table.from_pylist([{"dt": date(2026, 1, 5), **values}], schema=schema))


def finding(trail: Trail, *events: int, id: str = "f1", severity: str = "medium", **more: Any) -> None:
    append(trail, "findings", id=id, kind="activity", title=f"Odd {HOSTILE}", severity=severity, status="new", suppressed_by="",
           event_ids=[IDS[number] for number in events], count=len(events), **more)  # fmt: skip


def allowed(made: Any) -> dict[str, set[str]]:
    """Action → resources of all documents."""
    found: dict[str, set[str]] = {}
    for one in made.documents:
        for part in one["Statement"]:
            actions, resources = (
                part[key] if isinstance(part[key], list) else [part[key]] for key in ("Action", "Resource")
            )
            for action in actions:
                found.setdefault(action, set()).update(resources)
    return found
