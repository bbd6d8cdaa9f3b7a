"""Small trails for tests: records, bodies of objects, keys, and a folder of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-west-1"
DAY = "2026-01-05"


def record(number: int = 1, **difference: Any) -> dict[str, Any]:
    """Return one event as CloudTrail writes it."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLEEXAMPLE001", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
            "accountId": ACCOUNT, "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "alice",
        },
        "eventTime": f"{DAY}T10:00:{number % 60:02d}Z", "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
        "awsRegion": REGION, "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.13.5",
        "requestParameters": {"Host": "s3.amazonaws.com"}, "responseElements": None,
        "requestID": f"REQUEST{number:06d}", "eventID": f"00000000-0000-4000-8000-{number:012d}", "readOnly": True,
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    } | difference  # fmt: skip


def text(records: Sequence[dict[str, Any]]) -> bytes:
    """Return records as the body of an object."""
    return json.dumps({"Records": list(records)}, separators=(",", ":")).encode()


def key(
    number: int = 1, *, day: str = DAY, account: str = ACCOUNT, region: str = REGION, kind: str = "CloudTrail",
    organization: str = "", prefix: str = "",
) -> str:  # fmt: skip
    """Return a key in the layout of a trail."""
    year, month, date = day.split("-")
    tree = "/".join(part for part in ("AWSLogs", organization, account) if part)
    name = f"{account}_{kind}_{region}_{year}{month}{date}T10{number % 60:02d}Z_{number:016d}.json.gz"
    return f"{prefix}{tree}/{kind}/{region}/{year}/{month}/{date}/{name}"


@dataclass(frozen=True)
class Tree:
    """A folder of logs."""

    root: Path

    def put(self, at: str, body: bytes | Sequence[dict[str, Any]], *, packed: bool = True) -> Path:
        """Write one object."""
        path = self.root / at
        path.parent.mkdir(parents=True, exist_ok=True)
        data = body if isinstance(body, bytes) else text(body)
        path.write_bytes(gzip.compress(data, 1) if packed else data)
        return path
