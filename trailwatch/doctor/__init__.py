"""Whether trailwatch can work here: machine, configuration, AWS, trails, delivery, store; and the permissions needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trailwatch.config import Config
from trailwatch.doctor.check import Check
from trailwatch.doctor.permissions import policy
from trailwatch.store.tables import Store

__all__ = ["Check", "check", "policy"]


def check(
    config: Config, *, store: Store | None, now: datetime, offline: bool = False, deep: bool = False
) -> Iterator[Check]:
    """Look at everything, one after the other; what cannot be looked at says so and holds up nothing."""
    from trailwatch.doctor import cloud, delivery, machine, tables, trails  # noqa: PLC0415  # --policy needs none of them

    yield from machine.checks(config, store)
    yield from cloud.checks(config, store, now=now, offline=offline)
    if store is not None:
        yield from tables.checks(store, deep=deep)
        yield from delivery.checks(store, now=now)
        yield from trails.checks(config, store, offline=offline)
        yield from tables.snapshots(store, config, now)
