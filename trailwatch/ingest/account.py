"""The closing account of an ingest: every object and every record is in exactly one of its figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

UNLISTED = "cannot be listed"
NAMED = 1_000  # objects named one by one; all are counted
_COUNTED = (
    "listed", "known", "outside", "read", "failed_objects", "changed_objects", "records", "events", "repaired", "bytes", "unannounced",
)  # fmt: skip


@dataclass
class Account:
    """What was listed and read, what was left out and why.

    listed = known + outside + read + failed + changed + all skipped;
    records = events + all others + all not understood. Doubles are removed later, by settle.
    """

    source: str = ""
    listed: int = 0
    known: int = 0  # read by an earlier run, unchanged
    outside: int = 0  # of other accounts, regions or days than asked for
    read: int = 0
    skipped: dict[str, int] = field(default_factory=dict)  # kind → objects
    not_listed: dict[str, int] = field(default_factory=dict)  # kind → folders of a bucket that were not opened
    failed_objects: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    changed_objects: int = 0
    changed: list[dict[str, str]] = field(default_factory=list)
    records: int = 0
    events: int = 0
    repaired: int = 0  # records kept after broken characters were replaced
    others: dict[str, int] = field(default_factory=dict)  # class → records
    not_understood: dict[str, int] = field(default_factory=dict)  # reason → records
    messages: dict[str, int] = field(default_factory=dict)  # of a queue: kind, or what became of them → messages
    bad_messages: list[dict[str, str]] = field(default_factory=list)  # those that stay in the queue, with the reason
    unannounced: int = 0  # objects that a listing found and no message had named
    bytes: int = 0
    seconds: float = 0.0
    why: str = ""  # when nothing was collected: the reason, and what to try

    def skip(self, kind: str, count: int = 1) -> None:
        """Count objects that are no logs of events."""
        self.skipped[kind] = self.skipped.get(kind, 0) + count

    def pass_by(self, kind: str) -> None:
        """Count a folder of a bucket that was not listed."""
        self.not_listed[kind] = self.not_listed.get(kind, 0) + 1

    def fail(self, key: str, reason: str) -> None:
        """Count an object that could not be read, wholly or in part."""
        self.failed_objects += 1
        if len(self.failed) < NAMED:
            self.failed.append({"key": key, "reason": reason})

    def change(self, key: str, was: str, now: str) -> None:
        """Count an object that is not what it was when it was read: CloudTrail never writes one twice."""
        self.changed_objects += 1
        if len(self.changed) < NAMED:
            self.changed.append({"key": key, "was": was, "now": now})

    def add(self, other: Account) -> None:
        """Count what a worker counted."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("skipped", "not_listed", "others", "not_understood", "messages"):
            figures: dict[str, int] = getattr(self, name)
            for key, count in getattr(other, name).items():
                figures[key] = figures.get(key, 0) + count
        for name in ("failed", "changed", "bad_messages"):
            named: list[dict[str, str]] = getattr(self, name)
            named += getattr(other, name)[: NAMED - len(named)]

    def say(self, kind: str, count: int = 1) -> None:
        """Count messages of a queue."""
        self.messages[kind] = self.messages.get(kind, 0) + count

    def as_dict(self) -> dict[str, Any]:
        """Return all figures for JSON."""
        return asdict(self)

    def balanced(self) -> bool:
        """Tell whether every listed object and every record is accounted for."""
        objects = self.known + self.outside + self.read + self.failed_objects + self.changed_objects
        records = self.events + sum(self.others.values()) + sum(self.not_understood.values())
        return self.listed == objects + sum(self.skipped.values()) and self.records == records

    @property
    def gap(self) -> bool:
        """Tell whether something could not be read, or is not what it was."""
        return bool(self.failed_objects or self.changed_objects or self.bad_messages)

    def text(self) -> str:
        """Return the account as a few lines for a person."""
        size = f"{self.bytes / 1e6:,.1f} MB, in {self.seconds:,.1f} s"
        parts = {
            "listed": self.listed,
            "read": self.read,
            "known": self.known,
            "outside": self.outside,
            "skipped": sum(self.skipped.values()),
            "failed": self.failed_objects,
            "changed": self.changed_objects,
        }
        lines = [
            f"{self.source}: {self.events:,} events from {self.read:,} objects, {size}",
            "objects: " + ", ".join(f"{count:,} {name}" for name, count in parts.items()),
        ]
        if self.others or self.not_understood or self.repaired:
            lines.append(f"records: {self.records:,} = {self.events:,} events{_more(self.others)}"
                         f"{_more(self.not_understood, 'not understood: ')}; {self.repaired:,} repaired")  # fmt: skip
        for label, figures in (("skipped", self.skipped), ("not listed", self.not_listed)):
            if figures:
                lines.append(f"{label}: " + ", ".join(f"{count:,} {kind}" for kind, count in sorted(figures.items())))
        if self.messages:
            lines.append("messages: " + ", ".join(f"{count:,} {kind}" for kind, count in self.messages.items()))
        if self.unannounced:
            lines.append(f"found by listing, named by no message: {self.unannounced:,} objects")
        lines += [f"MESSAGE that stays in the queue  {one['id']}: {one['reason']}" for one in self.bad_messages[:10]]
        lines += [f"FAILED  {entry['key']}: {entry['reason']}" for entry in self.failed[:10]]
        lines += [f"CHANGED after it was read, possible tampering  {entry['key']}" for entry in self.changed[:10]]
        left = max(0, self.failed_objects - 10) + max(0, self.changed_objects - 10)
        if left:
            lines.append(f"… and {left:,} more (--format json names them)")
        if self.why:
            lines.append(self.why)
        return "\n".join(lines)


def _more(figures: dict[str, int], label: str = "") -> str:
    return "".join(f" + {count:,} {label}{name}" for name, count in sorted(figures.items()))
