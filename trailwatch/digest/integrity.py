"""What `verify` found, as a digest tells it: how much of a day's logs is proved, and what was tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.store.tables import Store


@dataclass(frozen=True)
class Damage:
    """Objects of one account, region and day that are not as CloudTrail wrote them, or hours without digests."""

    account: str
    name: str
    region: str
    day: date
    kind: str
    verdict: str
    objects: int
    reason: str
    first_time: datetime | None
    last_time: datetime | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Integrity:
    """How much of a day's logs is proved by signed digests; None stands where nobody ever looked."""

    verified: int
    tampered: int
    unverified: int
    last_verified: datetime
    damage: tuple[Damage, ...] = ()


def measure(store: Store, *, day: date, config: Config) -> Integrity | None:
    """Return what the table of verdicts says of a day, and of what was found out on it."""
    if store.version("verdicts") < 0:
        return None
    names = config.organization.accounts
    with Engine() as engine:
        store.show(engine, "objects", days=(day, day))
        store.show(engine, "verdicts", days=(date.min, day + timedelta(days=1)))
        (counts,) = engine.relation("coverage_integrity", day=day).to_pylist()
        damage = engine.relation("coverage_damage", day=day).to_pylist()
    if counts["last_verified"] is None:
        return None
    return Integrity(
        **counts,
        damage=tuple(
            Damage(**{**row, "name": names.get(row["account"], ""), "examples": tuple(row["examples"])})
            for row in damage
        ),
    )
