"""A condition that was proposed or refused, with what it was proved on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

NEEDED = 0.999  # of the held-out calls
HISTORY_DAYS = 30
FITTED_DAYS = 5  # with calls, in the first part: a job that ran twice shows no habit
MOST_IDS = 1_000  # of one line of denied calls

Place = Literal["permissions", "trust"]


@dataclass(frozen=True)
class Denied:
    """Past calls that are alike and that a condition would have denied."""

    action: str
    origin: str  # the address or endpoint that they came from
    region: str
    calls: int
    last_time: datetime
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """A statement fitted on the first part of a window, not proved yet; without one it is refused already."""

    about: str
    keys: tuple[str, ...]
    rule: str  # how it was fitted, or why there is nothing to fit
    statements: tuple[Mapping[str, Any], ...] = ()
    exempt: tuple[str, ...] = ()
    place: Place = "permissions"
    event: str = ""  # the only event that a statement of a trust policy is about


@dataclass(frozen=True)
class Condition:
    """One condition: proposed, or refused with the reason."""

    about: str
    keys: tuple[str, ...]
    place: Place
    proposed: bool
    reason: str  # why it is refused, or how it was fitted
    statements: tuple[Mapping[str, Any], ...] = ()
    exempt: tuple[str, ...] = ()
    judged: int = 0  # held-out calls
    allowed: int = 0
    unknown: int = 0  # of which nobody can tell
    denied: tuple[Denied, ...] = ()  # of the held-out calls
    stopped: tuple[Denied, ...] = ()  # calls inside findings, at any time of the window
    suspect: int = 0  # calls inside findings that were judged

    @property
    def coverage(self) -> float | None:
        """The share of held-out calls that it allows for certain."""
        return self.allowed / self.judged if self.judged else None


@dataclass(frozen=True)
class Left:
    """A finding whose calls are left out."""

    id: str
    title: str
    severity: str
    calls: int


@dataclass(frozen=True)
class Part:
    """One part of the window: its calls, without those that are left out, and the days that hold any."""

    since: datetime
    until: datetime
    calls: int
    days: int


@dataclass(frozen=True)
class Shift:
    """Working hours: why no static policy holds them, and what can."""

    why: str
    detection: str
    window: str
    provider: str
    policy: Mapping[str, Any] = field(default_factory=dict)
    day: str = ""
