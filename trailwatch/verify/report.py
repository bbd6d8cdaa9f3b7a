"""What a verification did: how many objects are as they were written, and which are not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from trailwatch.ingest.folder import BUCKET
from trailwatch.verify.verdict import OPEN, TAMPERED, Judged, Kind

NAMED = 1_000  # objects that are named one by one; all are counted
_SHOWN = 20  # of them in the text, a kind of trouble
_ORDER = (*TAMPERED, *OPEN, "pending")
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("digest", "digest files"),
    ("backfill digest", "backfill digest files"),
    ("log", "log files"),
)


@dataclass(frozen=True)
class Problem:
    """One object that is not good, or a gap."""

    kind: str
    verdict: str
    where: str
    account: str
    region: str
    reason: str
    first_time: datetime | None
    last_time: datetime | None


@dataclass
class Verified:
    """The account of one verification."""

    source: str
    root: str = ""  # of a copy: the folder that all its files lie in
    counts: dict[str, dict[str, int]] = field(default_factory=dict)  # kind → verdict → objects
    known: int = 0  # logs that were good before and have not been touched since; among the valid
    bytes: int = 0
    accounts: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    first_time: datetime | None = None  # what good digests tell of
    last_time: datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)  # why logs are unproven or pending
    unlisted: list[tuple[str, str]] = field(default_factory=list)
    keys: int = 0  # saved
    seconds: float = 0.0

    def add(self, judged: Judged) -> None:
        """Count an object, and name it where something is wrong with it."""
        kind = self.counts.setdefault(judged.kind, {})
        kind[judged.verdict] = kind.get(judged.verdict, 0) + 1
        self.accounts.add(judged.account)
        self.regions.add(judged.region)
        if judged.verdict == "valid":
            if judged.kind != "log" and judged.first_time and judged.last_time:
                self.first_time = min(self.first_time or judged.first_time, judged.first_time)
                self.last_time = max(self.last_time or judged.last_time, judged.last_time)
            return
        if judged.verdict in ("unproven", "pending") and judged.kind == "log":
            # Logs that no digest tells of yet are no news one by one.
            self.reasons[judged.reason] = self.reasons.get(judged.reason, 0) + 1
            return
        if len(self.problems) < NAMED:
            item = judged.item
            where = item.key if item.bucket == BUCKET else f"s3://{item.bucket}/{item.key}"
            self.problems.append(
                Problem(judged.kind, judged.verdict, where, judged.account, judged.region, judged.reason,
                        judged.first_time, judged.last_time)
            )  # fmt: skip

    def count(self, *verdicts: str) -> int:
        """Return how many objects of all kinds have one of some verdicts."""
        return sum(kind.get(verdict, 0) for kind in self.counts.values() for verdict in verdicts)

    @property
    def tampered(self) -> int:
        """How many objects are not what CloudTrail wrote, are gone, or are not from CloudTrail."""
        return self.count(*TAMPERED)

    @property
    def gap(self) -> bool:
        """Whether something could not be verified."""
        return bool(self.count(*OPEN) or self.unlisted)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        found = asdict(self)
        for name in ("accounts", "regions"):
            found[name] = sorted(found[name])
        for name in ("first_time", "last_time"):
            found[name] = _iso(found[name])
            for problem in found["problems"]:
                problem[name] = _iso(problem[name])
        found["unlisted"] = [{"prefix": prefix, "reason": reason} for prefix, reason in self.unlisted]
        return found | {"tampered": self.tampered, "gap": self.gap, "seconds": round(self.seconds, 3)}

    def text(self) -> str:
        """Return the account as a person reads it."""
        lines = [self._head()]
        for kind, name in _KINDS:
            counts = self.counts.get(kind, {})
            if counts:
                total = sum(counts.values())
                told = [f"{counts[verdict]:,} {verdict}" for verdict in ("valid", *_ORDER) if counts.get(verdict)]
                lines.append(f"  {f'{total:,} {name}':<28}{' · '.join(told)}")
        if self.known:
            lines.append(f"  {self.known:,} of the log files were found valid before and are untouched: not read again")
        for reason, count in self.reasons.items():
            lines.append(f"  {count:,} log files: {reason}")
        for prefix, reason in self.unlisted:
            lines.append(f"  NOT LISTED  {prefix}: {reason}")
        for verdict in _ORDER:
            lines += self._problems(verdict)
        if self.keys:
            lines.append(f"  {self.keys} public keys saved")
        return "\n".join(lines)

    def _head(self) -> str:
        if not self.counts:
            return f"{self.source}: no digests and no logs of this span are here"
        if self.first_time is None or self.last_time is None:
            return f"{self.source}: no valid digest"
        return (
            f"{self.source}: {self.first_time:%Y-%m-%d %H:%M} to {self.last_time:%Y-%m-%d %H:%M} UTC, "
            f"{_counted(len(self.accounts), 'account')}, {_counted(len(self.regions), 'region')}, {self.seconds:.1f} s"
        )

    def _shown(self, where: str) -> str:
        # All files of a copy lie below the folder that the first line names.
        return where.removeprefix(f"{self.root}/") if self.root else where

    def _problems(self, verdict: str) -> list[str]:
        found = [one for one in self.problems if one.verdict == verdict]
        lines = []
        for one in found[:_SHOWN]:
            if one.kind == "gap" and one.first_time and one.last_time:
                lines.append(
                    f"  GAP       no digests from {one.first_time:%Y-%m-%d %H:%M} to {one.last_time:%Y-%m-%d %H:%M} UTC, "
                    f"account {one.account}, {one.region}"
                )
            else:
                lines.append(f"  {verdict.upper():<9} {self._shown(one.where)}: {one.reason}")
        if len(found) > _SHOWN:
            lines.append(
                f"  {verdict.upper():<9} … {self.count(verdict) - _SHOWN:,} more; --format json names {NAMED:,}"
            )
        return lines


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
