"""The smallest IAM policy for what is configured."""

from __future__ import annotations

import os
from typing import Any

from trailwatch import verify
from trailwatch.config import Config
from trailwatch.ingest import queue
from trailwatch.sinks import needs
from trailwatch.snapshot import accounts, live

# The first matching beginning of a region's name tells its partition.
_PARTITIONS = {
    "cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"), "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
}  # fmt: skip


def policy(config: Config) -> dict[str, Any]:
    """Return the smallest IAM policy for ingest from S3, verification, the list of the organization's accounts, snapshots, sinks and the store.

    The role that is assumed in each account needs the statement ReadIdentities alone, and DecryptLogs only works
    through S3, for objects that are encrypted with a key of KMS.
    """
    region = config.source.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    partition, domain = partition_of(region)
    place = config.source.bucket or config.source.path
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    if not place.startswith("s3://"):
        bucket, prefix = "YOUR-BUCKET", "PREFIX"
    s3, role = f"arn:{partition}:s3:::", config.snapshot.role_name or "YOUR-ROLE"
    listing = [one for one in accounts.ACTIONS if one.startswith("organizations:")]
    through = {"StringLike": {"kms:ViaService": f"s3.{region or '*'}.{domain}"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ListLogs", ["s3:ListBucket"], f"{s3}{bucket}"),
            _allow("ReadLogs", ["s3:GetObject"], f"{s3}{_below(bucket, prefix)}"),
            {**_allow("DecryptLogs", ["kms:Decrypt"], f"arn:{partition}:kms:*:*:key/*"), "Condition": through},
            *_queue(config, partition),
            *_store(config, s3),
            _allow("ListAccounts", listing, "*"),
            _allow("EnterAccounts", ["sts:AssumeRole"], f"arn:{partition}:iam::*:role/{role}"),
            _allow("WhoAmI", ["sts:GetCallerIdentity"], "*"),
            _allow("ReadKeys", [verify.ACTION], "*"),
            _allow("ReadIdentities", list(live.ACTIONS), "*"),
            *needs.statements(config, partition=partition),
        ],
    }


def partition_of(region: str) -> tuple[str, str]:
    """Return the partition of a region and the domain of its services."""
    return next((found for start, found in _PARTITIONS.items() if region.startswith(start)), ("aws", "amazonaws.com"))


def _queue(config: Config, partition: str) -> list[dict[str, Any]]:
    if not queue.is_queue(config.source.path):
        return []
    name = config.source.path.rstrip("/").rpartition("/")[2]
    return [_allow("ReadQueue", list(queue.ACTIONS), f"arn:{partition}:sqs:*:*:{name}")]


def _store(config: Config, s3: str) -> list[dict[str, Any]]:
    if not config.store.path.startswith("s3://"):
        return []
    bucket, _, prefix = config.store.path.removeprefix("s3://").partition("/")
    return [
        _allow("ListStore", ["s3:ListBucket"], f"{s3}{bucket}"),
        _allow("KeepStore", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{s3}{_below(bucket, prefix)}"),
    ]


def _below(bucket: str, prefix: str) -> str:
    return "/".join(part for part in (bucket, prefix.strip("/"), "*") if part)


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
