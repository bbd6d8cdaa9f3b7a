"""What to take away from an identity, and what that is worth: risk removed, and calls that would break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trailwatch.actions import SENSITIVITY, level
from trailwatch.policy.granted import Granted, spelled
from trailwatch.policy.reviewed import Step, Unused, Way

MANY = 2_000  # actions; who was granted so many was granted nothing in particular
WAY_RISK = 10.0  # of each way to more than was given
CHANGING = ("Write", "Permissions management")
# Use of data leaves a record only where the trail logs data events.
DATA = frozenset((
    "s3:getobject", "s3:putobject", "s3:deleteobject", "s3:getobjectversion", "s3:deleteobjectversion", "s3:listbucket",
    "s3:listbucketversions", "s3:getobjecttagging", "s3:putobjecttagging", "s3:getobjectacl", "s3:putobjectacl",
    "s3:abortmultipartupload", "s3:listmultipartuploadparts", "lambda:invokefunction", "dynamodb:getitem",
    "dynamodb:putitem", "dynamodb:updateitem", "dynamodb:deleteitem", "dynamodb:query", "dynamodb:scan",
    "dynamodb:batchgetitem", "dynamodb:batchwriteitem", "sqs:sendmessage", "sqs:receivemessage", "sqs:deletemessage",
    "sns:publish", "kinesis:getrecords", "kinesis:putrecord", "kinesis:putrecords", "logs:putlogevents",
    "cloudwatch:putmetricdata", "firehose:putrecord", "firehose:putrecordbatch", "states:sendtasksuccess",
))  # fmt: skip


def in_the_dark(actions: Iterable[str], *, wide: bool) -> Iterable[str]:
    """Yield what nobody can know of an identity whose use of data is not logged."""
    names = [spelled(action) for action in sorted(actions)]
    if names and not wide:
        yield f"whether {', '.join(names)} was used: the trail logs no data events of it"


def steps(
    principal: str, allowed: Granted, by_service: Mapping[str, set[str]], calls: Mapping[str, int], unused: Sequence[Unused],
    idle: Mapping[str, Sequence[str]], ways: Sequence[Way],
) -> Iterable[Step]:  # fmt: skip
    """Yield what to take away: what was never used, and what was used now and then but gives much."""
    gone = {action for one in unused for action in by_service[one.service]}
    gone |= {action.lower() for names in idle.values() for action in names}
    if unused:
        largest = sorted(unused, key=lambda one: -_risk(by_service[one.service]))
        shown = ", ".join(f"{one.service}{' but for its data' * one.but_data}" for one in largest[:6]) + (
            f" and {len(largest) - 6} more" if len(largest) > 6 else ""
        )
        actions = {action for one in unused for action in by_service[one.service]}
        closed = [way for way in ways if any(action.lower() in actions for action in way.actions)]
        yield Step(
            principal,
            f"{_counted(len(unused), 'service')} that it never used: {shown}",
            _risk(actions) + WAY_RISK * len(closed),
            0,
        )
    for service, names in idle.items():
        closed = [way for way in ways if any(action in names for action in way.actions)]
        what = f"{_counted(len(names), 'changing action')} of {service} that it never used, {_short(names)}"
        yield Step(principal, what, _risk(names) + WAY_RISK * len(closed), 0)
    # What is used now and then may still be worth more than it breaks.
    for action in sorted(allowed.actions - gone):
        closed = [way for way in ways if action in (one.lower() for one in way.actions)]
        count = calls.get(action, 0)
        if count and (closed or level_of(action) == "Permissions management"):
            note = f", which closes {', '.join(way.id for way in closed)}" if closed else ""
            yield Step(principal, f"{spelled(action)}{note}", _risk([action]) + WAY_RISK * len(closed), count)


def _short(names: Sequence[str]) -> str:
    return "as " + ", ".join(name.partition(":")[2] for name in names[:3])


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def level_of(action: str) -> str:
    """Return the access level of an action."""
    prefix, _, name = action.partition(":")
    return level(f"{prefix}.amazonaws.com", name)


def _risk(actions: Iterable[str]) -> float:
    return sum(SENSITIVITY.get(level_of(action), 0.5) for action in actions)
