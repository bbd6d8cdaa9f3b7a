"""Exports of IAM in the form in which the table `snapshots` keeps them, and a store that they are put into."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import exports
from trailwatch.digest import build
from trailwatch.engine import Engine
from trailwatch.store.schema import SNAPSHOTS
from trailwatch.store.tables import Store

ACCOUNT, OTHER, FOREIGN = "111122223333", "444455556666", "999988887777"
DAY = date(2026, 6, 1)
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def row(user: str = "alice", *, account: str = ACCOUNT, **change: Any) -> dict[str, Any]:
    """Return a row of a credential report: a user with a password, MFA and nothing else."""
    root = user == "<root_account>"
    return {
        "user": user, "arn": f"arn:aws:iam::{account}:" + ("root" if root else f"user/{user}"),
        "user_creation_time": "2024-02-01T09:00:00Z", "password_enabled": True,
        "password_last_used": "2026-05-29T08:00:00Z", "password_last_changed": "2026-04-20T09:00:00Z",
        "password_next_rotation": None, "password_never_used": False, "mfa_active": True, "access_key_1_active": False,
        "access_key_1_last_rotated": None, "access_key_1_last_used_date": None, "access_key_1_last_used_region": None,
        "access_key_1_last_used_service": None, "access_key_2_active": False, "access_key_2_last_rotated": None,
        "access_key_2_last_used_date": None, "access_key_2_last_used_region": None,
        "access_key_2_last_used_service": None,
    } | change  # fmt: skip


def user(name: str = "alice", *, account: str = ACCOUNT, **change: Any) -> dict[str, Any]:
    return {
        "Path": "/", "UserName": name, "UserId": "AIDAEXAMPLE", "Arn": f"arn:aws:iam::{account}:user/{name}",
        "CreateDate": "2024-02-01T09:00:00Z", "GroupList": ["developers"], "UserPolicyList": [],
        "AttachedManagedPolicies": [],
    } | change  # fmt: skip


def role(name: str = "app", *, account: str = ACCOUNT, statements: Any = (), **change: Any) -> dict[str, Any]:
    return {
        "Path": "/", "RoleName": name, "RoleId": "AROAEXAMPLE", "Arn": f"arn:aws:iam::{account}:role/{name}",
        "CreateDate": "2024-02-01T09:00:00Z", "AssumeRolePolicyDocument": {"Statement": statements},
        "RolePolicyList": [], "AttachedManagedPolicies": [], "RoleLastUsed": {},
    } | change  # fmt: skip


def details(*, users: Any = (), groups: Any = (), roles: Any = (), policies: Any = ()) -> dict[str, Any]:
    return {
        "UserDetailList": list(users), "GroupDetailList": list(groups), "RoleDetailList": list(roles),
        "Policies": list(policies),
    }  # fmt: skip


class Shelf:
    """A store with exports, the relations made of them, and digests."""

    def __init__(self, path: Any) -> None:
        self.store = Store.open(str(path), create=True)
        self.engines: list[Engine] = []

    def put(self, kind: str, body: Any, *, day: date = DAY, hour: int = 4, account: str = ACCOUNT) -> None:
        self._append(kind, day, hour, account, {"status": "good", "reason": "", "body": json.dumps(body)})

    def fail(self, kind: str, reason: str, *, day: date = DAY, hour: int = 4, account: str = ACCOUNT) -> None:
        self._append(kind, day, hour, account, {"status": "failed", "reason": reason, "body": ""})

    def _append(self, kind: str, day: date, hour: int, account: str, values: dict[str, str]) -> None:
        taken = datetime.combine(day, time(hour), UTC)
        one = {
            "dt": day,
            "account": account,
            "kind": kind,
            "taken_at": taken,
            "source": "live",
            "digest": kind,
            **values,
        }
        self.store.append("snapshots", pa.Table.from_pylist([one], schema=SNAPSHOTS.columns))

    def engine(self, *, day: date = DAY, config: Config | None = None, **options: Any):
        engine = Engine(threads=1)
        self.engines.append(engine)
        self.exports = exports.show(self.store, engine, day=day)
        exports.build(engine, config, day=day, **options)
        return engine

    def rows(self, relation: str, *, order: str = "all", **options: Any) -> list[dict[str, Any]]:
        return self.engine(**options).query(f"select * from {relation} order by {order}").to_pylist()

    def digest(self, day: date = DAY, config: Config | None = None):
        now = datetime.combine(day, time(23, 30), UTC)
        return build.build(self.store, day=day, config=copy.deepcopy(config or Config()), now=now)
