"""What a history is made of, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from trailwatch.investigate.asked import Asked
from trailwatch.profile.identity import Used


@dataclass(frozen=True)
class Use(Used):
    """One value that was used in the window, with how often it was refused and how often it changed something."""

    denied: int = 0
    writes: int = 0


@dataclass(frozen=True)
class Day:
    """One UTC day of use."""

    day: date
    events: int
    denied: int
    writes: int
    actions: int
    hours: int  # a bit for each hour
    networks: tuple[str, ...]
    first_time: datetime
    last_time: datetime


@dataclass(frozen=True)
class Moment:
    """Something worth telling, with the event that stands for it."""

    time: datetime
    action: str
    outcome: str
    events: int
    principal: str
    network: str
    client: str
    event_id: str
    role: str = ""
    target: str = ""
    new_network: bool = False
    writes: bool = False
    place: int = 0  # the most telling first


@dataclass(frozen=True)
class Made:
    """A key or another credential that was made."""

    time: datetime
    action: str
    outcome: str
    target: str
    key: str
    person: str
    principal: str
    event_id: str


@dataclass(frozen=True)
class Done:
    """Something that was done to what is asked, by whom."""

    time: datetime
    action: str
    outcome: str
    person: str
    principal: str
    network: str
    target: str
    key: str
    event_id: str


@dataclass(frozen=True)
class Told:
    """A finding, as it was told last."""

    id: str
    day: date
    severity: str
    status: str
    title: str
    detection: str
    first_time: datetime
    suppressed_by: str


@dataclass(frozen=True)
class History:
    """What one thing did in a window; `rows` holds all of it by hour, action, network and outcome."""

    asked: Asked
    span: str
    first_use: datetime | None
    last_use: datetime | None
    used: Mapping[str, list[Use]]
    days: list[Day]
    moments: list[Moment]
    made: list[Made]
    findings: list[Told]
    done_to: list[Done]
    rows: pa.Table
    networks: Mapping[str, str] = field(default_factory=dict)  # network → declared name
    accounts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many events the window holds."""
        return sum(day.events for day in self.days)

    @property
    def denied(self) -> int:
        """How many of them were refused."""
        return sum(day.denied for day in self.days)
