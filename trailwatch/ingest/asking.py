"""Questions to a bucket: what broke on the way is asked again, and a server that never answers is left alone.

Requests that fail as a whole are repeated by the client itself, with growing waits; it repeats no broken answer to a
listing, and does not see that a body is shorter than what is stored.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from obstore.exceptions import BaseError

from trailwatch.ingest.items import Unreadable

IN_A_ROW = 24  # each may take minutes, and without a bound a million objects would take months
_TRIES = 3
# S3 answers with an error in XML.
_TOLD = re.compile(r"<Code>(?P<code>\w+)</Code>(?:\s*<Message>(?P<message>[^<]{0,300}))?")
# Refusals, but of a part of what came in part (416), and for the moment (408, 429).
_ANSWERED = re.compile(r"status code: 4(?!08|16|29)\d\d")
_VAIN = re.compile(r"status code: (?!416)|error sending request")
_ABOUT = re.compile(r"^.*? in [\d.]+\S{1,3}(, after .*?)? +- +")  # differs from object to object
_REMEDIES = {
    "ExpiredToken": "new credentials: aws sso login, or another AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "set the clock of this machine: timedatectl set-ntp true",
    "SlowDown": "later again: it goes on where it stopped",
}
T = TypeVar("T")


class Broken(OSError):
    """An answer that came in part."""


class Asking:
    """Asks one bucket, from several threads at once."""

    def __init__(self, *, limit: int = IN_A_ROW) -> None:
        self._limit = limit
        self._vain = 0
        self._lock = threading.Lock()

    def ask(self, question: Callable[[], T]) -> T:
        """Return the answer; a broken one is asked for again, and after too many vain attempts nothing is asked."""
        if self._vain >= self._limit:
            raise Unreadable(f"not tried: {self._limit} requests in a row got no answer")
        for left in reversed(range(_TRIES)):
            try:
                answer = question()
            except (BaseError, OSError) as error:
                if isinstance(error, FileNotFoundError) or _ANSWERED.search(str(error)):
                    self._vain = 0
                    raise
                if left and not _VAIN.search(str(error)):
                    # In step with others it would meet the same trouble again.
                    time.sleep(random.uniform(0.1, 0.5) * (_TRIES - left))  # noqa: S311  # not a secret
                    continue
                with self._lock:
                    self._vain += 1
                raise
            self._vain = 0
            return answer
        raise Unreadable("it was not asked")


def reason(error: Exception) -> str:
    """Return an error as one line that is the same for all objects that it befalls."""
    told = str(error)
    if found := _TOLD.search(told):
        return f"{found['code']}: {found['message']}" if found["message"] else found["code"]
    first = (told.strip().splitlines() or [type(error).__name__])[0]
    if "response body" in first:
        return "the answer broke off"
    return _ABOUT.sub("no answer: ", first)[:300]


def remedy(error: Exception) -> str:
    """Return what to try."""
    told = str(error)
    found = _TOLD.search(told)
    if found and found["code"] in _REMEDIES:
        return _REMEDIES[found["code"]]
    if "status code: 403" in told or "status code: 401" in told:
        return "s3:ListBucket on the bucket, s3:GetObject and kms:Decrypt on its objects; --profile, --role-arn"
    return "aws s3 ls" if isinstance(error, FileNotFoundError) else "--region, --endpoint-url"
