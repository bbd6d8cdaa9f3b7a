"""Whether trailwatch can work here: the permissions that it needs, and how store and configuration are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trailwatch import verify
from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.sinks import needs
from trailwatch.snapshot import accounts, live
from trailwatch.store.tables import Store


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is well, and what was seen."""

    name: str
    good: bool
    says: str


def policy(config: Config) -> dict[str, Any]:
    """Return the smallest IAM policy for ingest from S3, verification, the list of the organization's accounts, snapshots, and sinks.

    The role that is assumed in each account needs the last statement alone.
    """
    bucket, _, prefix = config.source.path.removeprefix("s3://").partition("/")
    if not config.source.path.startswith("s3://"):
        bucket, prefix = "YOUR-BUCKET", "PREFIX"
    objects = "/".join(part for part in (bucket, prefix.strip("/"), "*") if part)
    role = config.snapshot.role_name or "YOUR-ROLE"
    listing = [one for one in accounts.ACTIONS if one.startswith("organizations:")]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ListLogs", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{bucket}"},
            {"Sid": "ReadLogs", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{objects}"},
            {"Sid": "ListAccounts", "Effect": "Allow", "Action": listing, "Resource": "*"},
            {"Sid": "EnterAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": f"arn:aws:iam::*:role/{role}"},
            {"Sid": "WhoAmI", "Effect": "Allow", "Action": ["sts:GetCallerIdentity"], "Resource": "*"},
            {"Sid": "ReadKeys", "Effect": "Allow", "Action": [verify.ACTION], "Resource": "*"},
            {"Sid": "ReadIdentities", "Effect": "Allow", "Action": list(live.ACTIONS), "Resource": "*"},
            *needs.statements(config),
        ],
    }  # fmt: skip


def check(config: Config, *, store: Store, now: datetime) -> list[Check]:
    """Look at the configuration and the store: what is there, how old it is, and what is missing."""
    return [
        Check("configuration", True, f"source {config.source.path or 'not set'}"),
        *_tables(store),
        *_snapshots(store, config, now),
    ]


def _tables(store: Store) -> list[Check]:
    try:
        versions = store.versions()
    except TrailwatchError as error:
        return [Check("store", False, str(error))]
    days = sorted(key[0] for key in store.partitions("events"))
    digests = sorted(key[0] for key in store.partitions("digests"))
    told = f"events of {days[0]} to {days[-1]}" if days else "no events yet: trailwatch ingest SOURCE"
    made = f"newest digest of {digests[-1]}" if digests else "no digest yet"
    return [Check("store", bool(days), f"{store.uri}, {len(versions)} tables, {told}, {made}")]


def _snapshots(store: Store, config: Config, now: datetime) -> list[Check]:
    with Engine() as engine:
        store.show(engine, "snapshots")
        rows = engine.rows(
            "select account, kind, max(taken_at) filter (where status = 'good') as good, "
            "arg_max(status, taken_at) as last_status, arg_max(reason, taken_at) as reason "
            "from snapshots where account <> '' and kind <> '' group by all order by all"
        )
    if not rows:
        return [Check("snapshots", False, "none: trailwatch snapshot")]
    oldest = now - timedelta(days=config.snapshot.max_age_days)
    checks = []
    for account, kind, good, status, reason in rows:
        well = status == "good" and good >= oldest
        says = f"last good {good:%Y-%m-%d %H:%MZ}" if good else "none is good"
        checks.append(
            Check(
                f"snapshot {account} {kind}",
                well,
                says + ("" if status == "good" else f"; the newest failed: {reason}"),
            )
        )
    return checks
