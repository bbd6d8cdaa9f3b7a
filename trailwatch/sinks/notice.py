"""One finding on its way to a sink, and what went wrong on a way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from trailwatch.errors import TrailwatchError
from trailwatch.finding import Finding

TOLD = ("new", "risen", "reopened")
"""The statuses that are news; what goes on as before was told already."""


@dataclass(frozen=True)
class Notice:
    """A finding as the digest of a day tells it."""

    day: date
    finding: Finding

    @property
    def key(self) -> str:
        """What is sent once: this finding of this day with this status and severity."""
        return f"{self.finding.id}:{self.day.isoformat()}:{self.finding.status}:{self.finding.severity}"


@dataclass(frozen=True)
class Message:
    """What goes out in one piece: its notices, and the words or bytes as they are sent."""

    notices: tuple[Notice, ...]
    shown: str  # what --dry-run prints
    body: Any = None  # the same as the way sends it

    @property
    def id(self) -> str:
        """A name that the same notices always have, so that a receiver can tell a repetition."""
        return stable(one.key for one in self.notices)


class SinkError(TrailwatchError):
    """Something that a place does not take.

    `later` says that nothing more is worth trying in this run; otherwise only this message was refused. `took` says
    that the message went out all the same, if not to everybody.
    """

    def __init__(self, what: str, *, where: str, hint: str = "", later: bool = True, took: bool = False) -> None:
        self.later, self.took = later, took
        super().__init__(what, where=where, hint=hint)


class Way(Protocol):
    """How one kind of sink packs notices and sends them."""

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return the messages that tell the notices."""

    def send(self, message: Message) -> set[str]:
        """Send a message; return the keys of notices in it that were refused. Raises SinkError where nothing was taken."""


def stable(parts: Iterable[str]) -> str:
    """Return a short name of some texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def batches(notices: list[Notice], most: int) -> Iterable[tuple[Notice, ...]]:
    """Return notices in groups of at most `most`."""
    return (tuple(notices[start : start + most]) for start in range(0, len(notices), most))
