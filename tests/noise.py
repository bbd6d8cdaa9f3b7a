"""An organisation of 200 identities without any attack: its history, its quiet days, and what the digests say of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from trailwatch import api
from trailwatch.digest.page import Digest
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.simulate import write

START = date(2026, 3, 2)
# Their calls are harmless and therefore belong to quiet days; all other neglects would be told rightly, day by day.
HARMLESS = frozenset({"direct-grants", "inline-by-hand"})


@dataclass(frozen=True)
class Size:
    """How many people work how long: first a history, then the days that are judged."""

    people: int
    scale: float
    history: int
    quiet: int

    @property
    def days(self) -> list[date]:
        first = START + timedelta(days=self.history)
        return [first + timedelta(days=number) for number in range(self.quiet)]


ORGANIZATION = Size(people=170, scale=2.25, history=90, quiet=60)
SMALL = Size(people=20, scale=1.0, history=35, quiet=3)


def settled(folder: Path, seed: int, size: Size) -> api.Trail:
    """The store of a seed, made once: a run that was stopped finds it again."""
    logs, store = folder / "logs", folder / "store"
    whole = folder / "whole"
    if not whole.exists():
        write(
            logs, seed=seed, days=size.history + size.quiet, start=START, people=size.people, scale=size.scale,
            story=False, only=HARMLESS,
        )  # fmt: skip
    trail = api.open(str(store), config=str(logs / "trailwatch.toml"), create=True)
    if not whole.exists():
        account = trail.ingest(str(logs))
        assert account.balanced()
        trail.settle()
        whole.touch()
    return trail


def identities(trail: api.Trail, days: list[date]) -> int:
    """How many (principal, person) acted on the days, services of AWS left out."""
    with Engine() as engine:
        trail.store.show(engine, "activity")
        rows = engine.rows(
            "select count(distinct (principal, person)) from activity"
            " where dt between $first and $last and origin <> 'service' and not starts_with(principal, 'service/')",
            first=days[0], last=days[-1],
        )  # fmt: skip
    return int(rows[0][0])


def calls(trail: api.Trail, days: list[date]) -> set[tuple[str, str]]:
    """The (source, name) pairs of the days."""
    with Engine() as engine:
        trail.store.show(engine, "activity")
        rows = engine.rows(
            "select distinct event_source, event_name from activity where dt between $first and $last",
            first=days[0], last=days[-1],
        )  # fmt: skip
    return {(source.removesuffix(".amazonaws.com"), name) for source, name in rows}


def told(digest: Digest) -> list[dict[str, Any]]:
    """The findings at medium or above of a day, each with the detection that made it."""
    return [
        {
            "detection": one.detection, "severity": one.severity, "status": one.status,
            "who": one.person or one.principal, "title": one.title,
        }
        for one in digest.happening
        if rank(one.severity) >= rank("medium")
    ]  # fmt: skip


def table(results: list[dict[str, Any]]) -> str:
    """The days in one line, and a line for each detection that spoke: findings, days, and those of the worst day."""
    counts = sorted(len(result["found"]) for result in results)
    lines = [f"{len(counts)} days: median {median(counts)}, mean {sum(counts) / len(counts):.2f}, most {counts[-1]}"]
    by_day = [Counter(one["detection"] for one in result["found"]) for result in results]
    total = sum(by_day, Counter[str]())
    for detection, count in total.most_common():
        spoken = [day[detection] for day in by_day if day[detection]]
        lines.append(f"{count:5d} on {len(spoken):2d} days, at most {max(spoken)}  {detection}")
    return "\n".join(lines)
