"""The part of the Python door that looks after a store."""

from __future__ import annotations

from datetime import UTC, date, datetime

from trailwatch.store.tables import Store
from trailwatch.upkeep import forget as forgetting
from trailwatch.upkeep.forget import Plan
from trailwatch.upkeep.repair import Repaired, repair
from trailwatch.window import parse_day


class Upkeep:
    """Forgetting and mending."""

    store: Store

    def forget(self, before: date | str, *, everything: bool = False, dry_run: bool = False) -> Plan:
        """Forget events, and what was made of them, before a day; `dry_run` only says what would go."""
        now = datetime.now(UTC)
        when = parse_day(before, now=now) if isinstance(before, str) else before
        work = forgetting.plan if dry_run else forgetting.forget
        return work(self.store, before=when, everything=everything, now=now)

    def repair(self, *, deep: bool = False) -> Repaired:
        """Mend a damaged store: the next ingest reads again what was lost, settle makes again what was made of it."""
        return repair(self.store, now=datetime.now(UTC), deep=deep)
