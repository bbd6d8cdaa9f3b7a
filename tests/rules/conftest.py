"""A store of six days in which svc-reports lists users a little every day, and once very much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trails

import trailwatch
from trailwatch.api import Trail

FIRST, STORM, LAST = "2026-01-05", "2026-01-08", "2026-01-10"
DAYS = ("2026-01-05", "2026-01-06", "2026-01-07", STORM, "2026-01-09", LAST)
HOSTILE = "x\x1b[31m' or 1=1 --\u202e<script>"


def user(name: str) -> dict[str, Any]:
    """The identity of an IAM user."""
    return {
        "type": "IAMUser", "principalId": f"AIDA{name.upper():0<16.16}", "userName": name, "accountId": trails.ACCOUNT,
        "arn": f"arn:aws:iam::{trails.ACCOUNT}:user/{name}", "accessKeyId": f"AKIA{name.upper():0<16.16}",
    }  # fmt: skip


def listing(number: int, day: str, minute: int, name: str = "svc", **change: Any) -> dict[str, Any]:
    """One ListUsers call."""
    return trails.record(
        number, eventTime=f"{day}T09:{minute:02d}:00Z", eventSource="iam.amazonaws.com", eventName="ListUsers",
        userIdentity=user(name), **change)  # fmt: skip


def _days() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    number = 0
    for place, day in enumerate(DAYS):
        records = []
        # svc lists 2, 3, 4, 9, 6, 7 times; bob once a day, from elsewhere.
        for minute in range(9 if day == STORM else place + 2):
            number += 1
            records.append(listing(number, day, minute))
        number += 1
        records.append(listing(number, day, 30, "bob", sourceIPAddress="203.0.113.9"))
        found[day] = records
    number += 1
    found[LAST].append(trails.record(
        number, eventTime=f"{LAST}T12:00:00Z", eventSource="iam.amazonaws.com", eventName="DeleteUser",
        userIdentity=user("mallory"), requestParameters={"userName": HOSTILE}, userAgent=HOSTILE, readOnly=False))  # fmt: skip
    return found


@pytest.fixture(scope="session")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    """The settled store, opened without a configuration file."""
    root = tmp_path_factory.mktemp("rules")
    tree = trails.Tree(root / "logs")
    for day, records in _days().items():
        tree.put(trails.key(day=day), records)
    made = trailwatch.open(str(root / "store"), config=trailwatch.Config(), create=True)
    made.ingest(str(tree.root))
    made.settle()
    return made


@pytest.fixture
def digested(trail: Trail, tmp_path: Path) -> Trail:
    """A copy of the store, with digests of the days to come."""
    import shutil

    shutil.copytree(trail.store.uri, tmp_path / "store")
    return trailwatch.open(str(tmp_path / "store"), config=trailwatch.Config())
