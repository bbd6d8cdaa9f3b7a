"""What went wrong between here and S3, or on a disk, as one line with a remedy; and another attempt where one may help."""

from __future__ import annotations

import errno
import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from trailwatch.errors import StoreError

TRIES = 3
# S3 answers with an error in XML.
_TOLD = re.compile(r"<Code>(?P<code>\w+)</Code>(?:\s*<Message>(?P<message>[^<]{0,300}))?")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_STACK = re.compile(r"^(\d+: |at )")
_STATUS = re.compile(r"(?:status code:?|non-2xx status code)\W+(\d{3})")
_ABOUT = re.compile(r"^.*? in [\d.]+\S{1,3}(, after .*?)? +- +")  # differs from object to object
_PART = 416  # refused is a part of an answer whose rest is lost
_FOR_NOW = {408, _PART, 429}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REMEDIES = {
    "ExpiredToken": "new credentials: aws sso login, or another AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "set the clock of this machine: timedatectl set-ntp true",
    "SlowDown": "later again: it goes on where it stopped",
    "NoSuchBucket": "aws s3 ls",
}
T = TypeVar("T")


def reason(error: Exception) -> str:
    """Return an error as one line that is the same for all objects that it befalls."""
    text = _flat(error)
    if found := _TOLD.search(text):
        return f"{found['code']}: {found['message']}" if found["message"] else found["code"]
    if "response body" in text:
        return "the answer broke off"
    return _ABOUT.sub("no answer: ", text)[:300]


def remedy(error: Exception, *, otherwise: str) -> str:
    """Return what to try."""
    text = _flat(error)
    found = _TOLD.search(text)
    if found and found["code"] in _REMEDIES:
        return _REMEDIES[found["code"]]
    if status(error) in {401, 403}:
        return "s3:ListBucket on the bucket, s3:GetObject and kms:Decrypt on its objects; --profile, --role-arn"
    if full(error):
        return "free some space, and run it again"
    return "the network, --endpoint-url; later again" if _lost(text) else otherwise


def status(error: Exception) -> int:
    """Return the HTTP status in an error, 0 where there is none."""
    found = _STATUS.search(_flat(error))
    return int(found[1]) if found else 0


def full(error: Exception) -> bool:
    """Tell whether there was no room for what was to be written."""
    return getattr(error, "errno", None) in _FULL or "No space left" in str(error) or "File too large" in str(error)


def refused(error: Exception) -> bool:
    """Tell whether an error is an answer that will not change by asking again."""
    return isinstance(error, FileNotFoundError) or (400 <= status(error) < 500 and status(error) not in _FOR_NOW)


def unanswered(error: Exception) -> bool:
    """Tell whether the client itself has asked again and again in vain."""
    return status(error) not in {0, _PART} or "error sending request" in _flat(error)


def patiently(work: Callable[[], T], *, lost: tuple[type[Exception], ...]) -> T:
    """Do work over a network, again where it failed on the way; the work must bear to be done twice."""
    for left in reversed(range(TRIES)):
        try:
            return work()
        except lost as error:
            if not left or refused(error) or not _lost(_flat(error)):
                raise
            wait(TRIES - left)
    raise StoreError("nothing was tried")


def wait(attempt: int) -> None:
    """Sleep a little before another attempt, never in step with others."""
    time.sleep(random.uniform(0.1, 0.5) * attempt)  # noqa: S311  # not a secret


def store_error(what: str, error: Exception, *, where: str) -> StoreError:
    """Return an error of a library as one of a store."""
    return StoreError(f"{what}: {reason(error)}", where=where, hint=remedy(error, otherwise="trailwatch doctor"))


def _lost(text: str) -> bool:
    return any(word in text for word in ("error sending request", "response body", "list response", "timed out")) \
        or bool(re.search(r"status code\W+5\d\d", text))  # fmt: skip


def _flat(error: Exception) -> str:
    """Return what an error says in one line: some clients draw a coloured tree, and add the whole request."""
    text = _COLOR.sub("", str(error)).partition("\n\nDebug source")[0]
    lines = [line.strip().removeprefix("↳").strip() for line in text.splitlines()]
    return ": ".join(line for line in lines if line and not _STACK.match(line)) or type(error).__name__
