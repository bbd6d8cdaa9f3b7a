"""Which resources a call was about: what its record names, else IAM's templates filled from its parameters.

What is not known becomes a hole, so that a policy is never said to cover it unless it covers everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from trailwatch.actions import Template, templates
from trailwatch.policy import patterns
from trailwatch.policy.patterns import ANY, HOLE

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_PLACES = ("Partition", "Account", "Region")
# What services call the parameter, where neither the variable nor the kind of resource says it.
_CALLED = {
    ("s3", "ObjectName"): ("key",),
    ("s3", "BucketName"): ("bucketName",),
    ("sqs", "QueueName"): ("queueUrl", "queueName"),
    ("sns", "TopicName"): ("topicArn", "name"),
    ("rds", "DbInstanceName"): ("dBInstanceIdentifier",),
    ("rds", "DbClusterInstanceName"): ("dBClusterIdentifier",),
    ("rds", "SnapshotName"): ("dBSnapshotIdentifier",),
    ("rds", "ClusterSnapshotName"): ("dBClusterSnapshotIdentifier",),
    ("secretsmanager", "SecretId"): ("secretId", "name"),
    ("ssm", "ParameterNameWithoutLeadingSlash"): ("name",),
    ("ecs", "ServiceName"): ("service", "serviceName"),
    ("ecs", "ClusterName"): ("cluster", "clusterName"),
    ("states", "StateMachineName"): ("stateMachineArn", "name"),
    ("cloudtrail", "TrailName"): ("name", "trailName"),
    ("events", "RuleName"): ("name", "rule"),
    ("ecr", "RepositoryName"): ("repositoryName",),
    ("logs", "LogGroupName"): ("logGroupName",),
}
# These names stand behind a path that the parameters leave out, or before letters that the service adds.
_BEHIND = ("NameWithPath",)
_BEFORE = {("secretsmanager", "SecretId")}
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@lru_cache(maxsize=5_000)
def parameters(action: str) -> tuple[str, ...]:
    """Return the request parameters that may tell the resource of an action."""
    found = [
        name for kind in templates(action) for variable in _variables(kind) for name in _names(action, kind, variable)
    ]
    return tuple(dict.fromkeys(name for name in found if _SAFE.fullmatch(name)))


def resources(
    action: str, arns: Sequence[str], asked: Mapping[str, str], *, account: str, region: str
) -> tuple[str, ...]:
    """Return the resources that IAM asks about for a call, with holes where they are not known.

    Kinds that an action need not work on are looked at only where it names no kind that it must; which of several it
    was about is then told by what the record and the parameters fit best.
    """
    kinds = templates(action)
    if not kinds:
        return ("*",)
    named = {kind.kind: [arn for arn in arns if _fits(kind, arn)] for kind in kinds}
    places = {"Partition": _partition(region), "Account": account, "Region": region}
    filled = {
        kind.kind: named[kind.kind] or _below(kind, arns) or [_filled(action, kind, asked, places)] for kind in kinds
    }
    required = [kind for kind in kinds if kind.required]
    if required:
        return tuple(dict.fromkeys(arn for kind in required for arn in filled[kind.kind]))
    if found := [arn for kind in kinds for arn in named[kind.kind]]:
        return tuple(dict.fromkeys(found))
    told = [
        kind for kind in kinds if _below(kind, arns) or any(_value(action, kind, v, asked) for v in _variables(kind))
    ]
    open_ = {kind.kind: sum(arn.count(HOLE) for arn in filled[kind.kind]) for kind in told}
    best = [kind for kind in told if open_[kind.kind] == min(open_.values())]
    return tuple(filled[best[0].kind]) if len(best) == 1 else (HOLE,)


def _variables(kind: Template) -> list[str]:
    return [name for name in _VARIABLE.findall(kind.arn) if name not in _PLACES]


def _names(action: str, kind: Template, variable: str) -> list[str]:
    prefix = action.partition(":")[0]
    bare = variable.removesuffix("WithPath").removesuffix("WithoutLeadingSlash")
    stem = "".join(part.capitalize() if place else part for place, part in enumerate(re.split(r"[-_ ]", kind.kind)))
    plain = bare[:1].lower() + bare[1:]
    # Of several variables the last one is the resource itself; what its name is, its id is not.
    alone = len(variables := _variables(kind)) == 1
    kinds = [
        *([f"{stem}Name"] if alone or not variable.endswith("Id") else []),
        *([f"{stem}Id"] if alone or not variable.endswith("Name") else []),
    ]  # fmt: skip
    given = [
        *_CALLED.get((prefix, variable), ()),
        plain,
        f"{plain}Arn",
        *(kinds if variable == variables[-1] else []),
        f"{stem}Arn",
        f"{stem}ARN",
    ]
    return [*given, "resourceArn", "resourceARN", "arn"]


def _value(action: str, kind: Template, variable: str, asked: Mapping[str, str]) -> str:
    return next((asked[name] for name in _names(action, kind, variable) if asked.get(name)), "")


def _filled(action: str, kind: Template, asked: Mapping[str, str], places: Mapping[str, str]) -> str:
    prefix = action.partition(":")[0]
    made: dict[str, str] = dict(places)
    for variable in _variables(kind):
        value = _value(action, kind, variable, asked)
        if value.startswith("arn:"):
            # The parameter is the whole ARN, of this kind of resource or of another.
            if _fits(kind, value):
                return value
            value = ""
        value = value.rpartition("/")[2] if "://" in value else value
        value = value.removeprefix("/") if variable.endswith("WithoutLeadingSlash") else value
        if variable.endswith(_BEHIND) and value:
            value = HOLE + value
        if (prefix, variable) in _BEFORE and value:
            value += HOLE
        made[variable] = value or HOLE
    return _VARIABLE.sub(lambda found: made.get(found[1]) or HOLE, kind.arn)


@lru_cache(maxsize=20_000)
def _fits(kind: Template, arn: str) -> bool:
    return patterns.matches(_VARIABLE.sub(ANY, kind.arn).replace("*", ANY), arn) is True


def _below(kind: Template, arns: Sequence[str]) -> list[str]:
    """Return what lies in a bucket that the record names, where it does not name the object."""
    if kind.arn != "arn:${Partition}:s3:::${BucketName}/${ObjectName}":
        return []
    return [f"{arn}/{HOLE}" for arn in arns if re.fullmatch(r"arn:[a-z-]+:s3:::[^/*?]+", arn)]


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
