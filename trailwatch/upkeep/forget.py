"""Forgetting: events and what was made of them before a day, with a plan that says what goes and what stays."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trailwatch.errors import ConfigError
from trailwatch.findings.memory import HELD_DAYS
from trailwatch.ingest.collect import FORGOTTEN
from trailwatch.profile.baseline import WINDOW
from trailwatch.profile.stages import REACH
from trailwatch.store.retention import HOURS, forgotten
from trailwatch.store.tables import Store
from trailwatch.upkeep.tidy import clean, digest_days


@dataclass(frozen=True)
class Part:
    """What goes of one table: the rows before a day, in so many partitions."""

    table: str
    before: date
    rows: int
    partitions: int


@dataclass(frozen=True)
class Plan:
    """What a forget takes away."""

    day: date
    parts: tuple[Part, ...]
    warning: str = ""
    done: bool = False
    gone_by: date | None = None  # when the files themselves are gone

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        return asdict(self)

    def text(self) -> str:
        """Return the plan for a person."""
        verb = "Forgot" if self.done else "Would forget"
        if not any(part.rows for part in self.parts):
            return f"Nothing is kept of before {self.day}."
        lines = [f"{verb} what is before {self.day}:"]
        lines += [f"  {part.rows:>12,} rows of {part.table} before {part.before}, {part.partitions:,} partitions"
                  for part in self.parts if part.rows]  # fmt: skip
        lines.append("Kept: the ledger, so that nothing is fetched again; verdicts; and what no line above names.")
        if self.warning:
            lines.append(self.warning)
        if self.done:
            lines.append(f"The files themselves go by {self.gone_by}: `trailwatch run` takes them away.")
        else:
            lines.append("Nothing was changed; --yes does it.")
        return "\n".join(lines)


def plan(store: Store, *, before: date, everything: bool = False, now: datetime) -> Plan:
    """Return what a forget would take away; with `everything` also what is remembered of values, findings and pages."""
    if before > now.date():
        raise ConfigError(f"{before} is still to come", where="--before", hint="a day that is past")
    days = digest_days(store)
    if days and before > days[0]:
        raise ConfigError(
            f"the last {len(days)} digests stand on what is kept since {days[0]}", where="--before",
            hint=f"{days[0]} or earlier",
        )  # fmt: skip
    parts = [_part(store, table, day) for table, day in _cuts(before, everything=everything, days=days)]
    short = WINDOW - (now.date() - before).days
    warning = (
        f"A digest compares with {WINDOW} days; it will find {WINDOW - short} of them, and judge less."
        if short > 0
        else ""
    )
    return Plan(before, tuple(parts), warning)


def forget(store: Store, *, before: date, everything: bool = False, now: datetime) -> Plan:
    """Forget what is before a day; killed on the way and run again it ends in the same state."""
    wanted = plan(store, before=before, everything=everything, now=now)
    horizon = datetime.combine(before, time(), UTC)
    # Noted first: from here on nothing older is fetched, whatever happens next.
    if (store.marked(FORGOTTEN) or datetime.min.replace(tzinfo=UTC)) < horizon:
        store.mark(FORGOTTEN, horizon)
    for part in wanted.parts:
        if part.rows:
            forgotten(store, part.table, f"{_key(part.table)} < '{part.before.isoformat()}'")
    clean(store)
    gone = (now + timedelta(hours=HOURS)).date() + timedelta(days=1)
    return Plan(before, wanted.parts, wanted.warning, done=True, gone_by=gone)


def _cuts(before: date, *, everything: bool, days: list[date]) -> list[tuple[str, date]]:
    month = before.replace(day=1)
    cuts = [
        ("events", before), ("others", before),
        # The first days that stay are attributed through sessions of the days before them.
        ("sessions", before - timedelta(days=REACH)),
        # What was seen in a month is made of the activity of all its days.
        ("activity", month), ("identity_days", month),
    ]  # fmt: skip
    if everything:
        # What is still open is told by the findings of the last weeks.
        told = min(before, days[-1] - timedelta(days=HELD_DAYS)) if days else before
        cuts += [
            ("seen", month),
            *((table, told) for table in ("findings", "incidents", "digests", "sent", "snapshots")),
        ]
    return cuts


def _part(store: Store, table: str, before: date) -> Part:
    old = {key: files for key, files in store.partitions(table).items() if key[0] < before}
    return Part(table, before, sum(count for files in old.values() for _, count in files), len(old))


def _key(table: str) -> str:
    return "month" if table == "seen" else "dt"
