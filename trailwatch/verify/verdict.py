"""What is said of one object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from trailwatch.ingest.items import Item

Kind = Literal["log", "digest", "backfill digest", "gap"]
Verdict = Literal["valid", "invalid", "missing", "moved", "unnamed", "gap", "unproven", "unread", "pending"]

TAMPERED: tuple[Verdict, ...] = ("invalid", "missing", "moved", "unnamed")  # what nothing but a change explains
OPEN: tuple[Verdict, ...] = ("gap", "unproven", "unread")  # what could not be verified; what is pending will be


@dataclass(frozen=True, slots=True)
class Judged:
    """One object with its verdict, and the reason where it is not simply valid."""

    kind: Kind
    verdict: Verdict
    item: Item
    account: str
    region: str
    reason: str = ""
    hash: str = ""  # of its text: of a log as a digest names it, of a digest as it was found
    first_time: datetime | None = None  # what a digest tells of, the hours of a gap, the minute of a log
    last_time: datetime | None = None
