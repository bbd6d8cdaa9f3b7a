"""Findings about logs and digest files that are not as CloudTrail wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from trailwatch.digest.integrity import Damage, Integrity
from trailwatch.digest.statement import statement
from trailwatch.digest.words import counted
from trailwatch.finding import Finding
from trailwatch.findings.titles import plain


@dataclass(frozen=True)
class _Sort:
    """One sort of damage: what is said of it."""

    detection: str
    severity: str
    title: str  # after the number of files
    why: str
    next: str
    attack: tuple[str, ...]


_CHANGED = _Sort(
    "log-tampered", "critical", "not what CloudTrail wrote",
    "CloudTrail signs the hash of each log file that it delivers. A file with another hash was rewritten, one that is not "
    "there was deleted or moved: mostly to hide what it told.",
    "See who wrote or deleted it (S3 data events: PutObject, DeleteObject, CopyObject), bring back the version that "
    "verifies, and ingest that.", ("T1565.001", "T1070"),
)  # fmt: skip
_DIGESTS = _Sort(
    "digest-tampered", "critical", "not what CloudTrail signed",
    "A digest file proves the logs of an hour. Without a good one, nothing tells whether these logs are all there and "
    "unchanged.",
    "Bring back the version of the digest that verifies, and run trailwatch verify again; see who wrote or deleted it.",
    ("T1565.001", "T1562.008"),
)  # fmt: skip
_UNNAMED = _Sort(
    "log-unnamed", "high", "in the bucket that no digest names",
    "Each log file that CloudTrail delivers stands in the digest of its hour. One that does not was put there by somebody "
    "else, or by a second trail whose logs are not validated.",
    "See who wrote it. If a second trail writes into this bucket, switch log file validation on for it.", ("T1565.001",),
)  # fmt: skip
_SORTS = {("log", "unnamed"): _UNNAMED, ("gap", "gap"): _Sort(
    "digest-gap", "medium", "",
    "For some time there are no digests, and after it the chain begins anew: the trail was stopped or deleted, or "
    "validation was off. What lies in between is proved by nothing.",
    "Look for StopLogging, DeleteTrail, UpdateTrail and PutEventSelectors at that time.", ("T1562.008",),
)}  # fmt: skip


def damage(integrity: Integrity, day: date) -> Iterator[Finding]:
    """Yield a finding for each account, region, day and sort of damage."""
    groups: dict[tuple[str, str, date, str], list[tuple[_Sort, Damage]]] = {}
    for one in integrity.damage:
        sort = _SORTS.get((one.kind, one.verdict), _CHANGED if one.kind == "log" else _DIGESTS)
        groups.setdefault((one.account, one.region, one.day, sort.detection), []).append((sort, one))
    for several in groups.values():
        yield _finding(several[0][0], [one for _, one in several], day)


def _finding(sort: _Sort, several: Sequence[Damage], day: date) -> Finding:
    first = several[0]
    # The name of a file says account, region and minute; the coverage has the whole keys.
    files = [plain(key.rpartition("/")[2], longest=200) for one in several for key in one.examples][:5]
    where = f"{plain(first.name) or first.account}, {plain(first.region)}"
    if first.kind == "gap" and first.first_time and first.last_time:
        title = f"No digests from {first.first_time:%Y-%m-%d %H:%M} to {first.last_time:%Y-%m-%d %H:%M} UTC in {where}"
    else:
        objects = sum(one.objects for one in several)
        noun = "log file" if first.kind == "log" else "digest file"
        verb = "" if sort is _UNNAMED else (" is" if objects == 1 else " are")
        title = f"{counted(objects, noun)}{verb} {sort.title}, {where}"
    return statement(
        sort.detection, sort.severity, day, ("cell", f"{first.region} {first.day}"), title=title, why=sort.why,
        next=sort.next, attack=sort.attack, account=first.account, account_name=first.name,
        evidence={
            "files": ", ".join(files),
            "found": ", ".join(f"{one.objects} {one.verdict} ({plain(one.reason)})" for one in several),
            "key_day": first.day.isoformat(), "region": first.region,
        },
    )  # fmt: skip
