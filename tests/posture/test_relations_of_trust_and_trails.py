"""What the relations say of partners in trust policies and of trails that cannot deliver, from exports as AWS writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.config import Config, Organization
from trailwatch.detect import catalogue, exports, posture
from trailwatch.detect.exports import Export
from trailwatch.engine import Engine
from trailwatch.store.schema import SNAPSHOTS, TEXT, TIME

ACCOUNT, SISTER, PARTNER, STRANGER = "111122223333", "222233334444", "444455556666", "777788889999"
TAKEN = datetime(2026, 6, 1, 4, tzinfo=UTC)


def _role(name: str, account: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return {"RoleName": name, "Path": "/", "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": f"AROA{name}",
            "CreateDate": "2026-05-01T00:00:00Z", "AssumeRolePolicyDocument": {"Statement": [statement]}}  # fmt: skip


def _trail(name: str, error: str | None) -> dict[str, Any]:
    return {"Name": name, "TrailARN": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{name}", "HomeRegion": "eu-west-1",
            "IsMultiRegionTrail": True, "IsLogging": True, "LogFileValidationEnabled": True, "EventSelectors": [],
            "AdvancedEventSelectors": [], "LatestDeliveryError": error}  # fmt: skip


BODIES = {
    "authorization-details": {
        "UserDetailList": [],
        "GroupDetailList": [],
        "Policies": [],
        "RoleDetailList": [
            _role("vendor", PARTNER),
            _role("vendor-with-id", PARTNER, StringEquals={"sts:ExternalId": "f3b1"}),
            _role("sister", SISTER),
            _role("stranger", STRANGER),
        ],
    },
    "trails": [_trail("refused", "AccessDenied"), _trail("works", None), _trail("old-answer", "")],
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The relations of one account, made from two exports."""
    rows = [
        {"account": ACCOUNT, "kind": kind, "taken_at": TAKEN, "source": "live", "status": "good", "reason": "",
         "digest": kind, "body": json.dumps(body), "dt": TAKEN.date()}
        for kind, body in BODIES.items()
    ]  # fmt: skip
    newest = pa.schema([("account", TEXT), ("kind", TEXT), ("taken_at", TIME)])
    with Engine(threads=1) as one:
        one.table("snapshots", pa.Table.from_pylist(rows, schema=SNAPSHOTS.columns))
        one.table(
            "newest", pa.Table.from_pylist([{key: row[key] for key in newest.names} for row in rows], schema=newest)
        )
        config = Config(organization=Organization(accounts={SISTER: "sister"}, partners=[PARTNER]))
        exports.build(one, config, day=date(2026, 6, 1))
        yield one


def test_a_partner_is_known_and_yet_not_the_organization(engine: Engine) -> None:
    rows = engine.rows("select role_name, own, partner, external_id from iam_trust order by role_name")
    assert rows == [
        ("sister", True, False, False), ("stranger", False, False, False),
        ("vendor", True, True, False), ("vendor-with-id", True, True, True),
    ]  # fmt: skip


def test_a_trail_tells_its_delivery_error_and_an_empty_one_is_none(engine: Engine) -> None:
    rows = engine.rows("select trail, delivery_error from iam_trails order by trail")
    assert rows == [("old-answer", ""), ("refused", "AccessDenied"), ("works", "")]


def test_each_is_found_once(engine: Engine) -> None:
    names = ("role-trusts-partner-without-external-id", "role-trusts-unknown-account", "trail-delivery-failing")
    kinds = [Export(ACCOUNT, kind, TAKEN) for kind in BODIES]
    found = posture.evaluate(engine, [catalogue.load()[name] for name in names], kinds)
    assert not found.not_run
    assert [(one.detection, one.principal, one.target) for one in found.found] == [
        (names[0], f"{ACCOUNT}/role/vendor", f"arn:aws:iam::{PARTNER}:root"),
        (names[1], f"{ACCOUNT}/role/stranger", f"arn:aws:iam::{STRANGER}:root"),
        (names[2], "", "refused"),
    ]
