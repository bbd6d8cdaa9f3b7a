"""A finding in the AWS Security Finding Format: the mapping stands here and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trailwatch.findings.titles import plain
from trailwatch.sinks.notice import Notice

SEVERITY = {"info": "INFORMATIONAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "critical": "CRITICAL"}
TYPE = {
    "activity": "TTPs", "anomaly": "Unusual Behaviors/User",
    "posture": "Software and Configuration Checks/AWS Security Best Practices",
    "coverage": "Software and Configuration Checks/AWS Security Best Practices",
}  # fmt: skip
MOST_RESOURCES = 32


def asff(notice: Notice, *, account: str, region: str, partition: str, now: datetime) -> dict[str, Any]:
    """Return a finding as Security Hub takes it into an account; the same finding has the same Id for good."""
    one = notice.finding
    own = one.account or account
    described = " ".join(part for part in (one.why, one.next) if part) or one.title
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"trailwatch/{own}/{one.id}",
        "ProductArn": f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": f"trailwatch/{one.detection}",
        "AwsAccountId": account,
        "Types": [TYPE[one.kind]],
        "FirstObservedAt": _time(one.first_time),
        "LastObservedAt": _time(one.last_time),
        "CreatedAt": _time(one.first_time),
        # What is taken in again with the same Id is an update where this is later.
        "UpdatedAt": _time(now),
        "Severity": {"Label": SEVERITY[one.severity], "Original": one.severity},
        "Title": plain(one.title, longest=256),
        "Description": plain(described, longest=1024),
        "ProductFields": {
            name: plain(value, longest=1024)
            for name, value in {
                "trailwatch/principal": one.principal, "trailwatch/person": one.person, "trailwatch/status": one.status,
                "trailwatch/practices": ", ".join(one.practices), "trailwatch/attack": ", ".join(one.attack),
                "trailwatch/day": notice.day.isoformat(), "trailwatch/events": ", ".join(one.event_ids[:10]),
                "trailwatch/addresses": ", ".join(top.value for top in one.addresses),
            }.items() if value
        },
        "Resources": [
            {"Type": "AwsAccount", "Id": f"AWS::::Account:{own}", "Partition": partition, "Region": region},
            *({"Type": "Other", "Id": plain(top.value, longest=512), "Partition": partition}
              for top in one.targets[: MOST_RESOURCES - 1] if top.value.strip()),
        ],
        "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"},
    }  # fmt: skip


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
