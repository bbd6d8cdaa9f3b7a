"""Questions to a bucket: what broke on the way is asked again, and a server that never answers is left alone.

Requests that fail as a whole are repeated by the client itself, with growing waits; it repeats no broken answer to a
listing, and does not see that a body is shorter than what is stored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from obstore.exceptions import BaseError

from trailwatch.ingest.items import Unreadable
from trailwatch.store import trouble

IN_A_ROW = 24  # each may take minutes, and without a bound a million objects would take months
T = TypeVar("T")


class Broken(OSError):
    """An answer that came in part."""


class Asking:
    """Asks one bucket, from several threads at once."""

    def __init__(self, *, limit: int = IN_A_ROW) -> None:
        self._limit = limit
        self._vain = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Asking], tuple[()], dict[str, int]]:
        # A worker counts for itself what it asks in vain.
        return (Asking, (), {"_limit": self._limit})

    def ask(self, question: Callable[[], T]) -> T:
        """Return the answer; a broken one is asked for again, and after too many vain attempts nothing is asked."""
        if self._vain >= self._limit:
            raise Unreadable(f"not tried: {self._limit} requests in a row got no answer")
        for left in reversed(range(trouble.TRIES)):
            try:
                answer = question()
            except (BaseError, OSError) as error:
                if trouble.refused(error):
                    self._vain = 0
                    raise
                if left and not trouble.unanswered(error):
                    trouble.wait(trouble.TRIES - left)
                    continue
                with self._lock:
                    self._vain += 1
                raise
            self._vain = 0
            return answer
        raise Unreadable("it was not asked")
