"""What the sinks of AWS share: how an account is reached, and which refusals are worth another run."""

from __future__ import annotations

from trailwatch.aws import Access, Refused
from trailwatch.config import SourceSection
from trailwatch.sinks.notice import SinkError

# Refusals of the message itself: others may still be taken.
_OF_THE_MESSAGE = frozenset({
    "InvalidParameter", "InvalidParameterException", "ParameterValueInvalid", "InvalidInputException", "InvalidInput",
    "ValidationException", "ValidationError", "MessageRejected", "BadRequestException", "BatchRequestTooLong",
    "BatchRequestTooLongException", "LimitExceededException",
})  # fmt: skip


def access(source: SourceSection, *, region: str = "", role_arn: str = "", endpoint_url: str = "") -> Access:
    """Return the access of a sink: the credentials at hand, in a role of its own, not in the one that reads the logs."""
    return Access(source.profile, region or source.region, role_arn, endpoint_url or source.endpoint_url)


def failed(error: Refused, *, where: str) -> SinkError:
    """Return a refusal of AWS as the failure of a sink."""
    return SinkError(error.what, where=where, hint=error.hint, later=error.code not in _OF_THE_MESSAGE)


def region_of(arn: str) -> str:
    """Return the region of an ARN."""
    return (arn.split(":") + [""] * 4)[3]
