"""Mends a damaged store: what the logs of a trail still hold is read again, what was derived is made again.

Nothing is deleted. What cannot be made again is named, with what it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from trailwatch.digest.words import counted
from trailwatch.engine import Engine
from trailwatch.ingest.collect import LISTED
from trailwatch.ingest.keys import NO_DAY
from trailwatch.ingest.ledger import FAILED
from trailwatch.profile.inputs import Memory
from trailwatch.store.health import Damage, Health, examine
from trailwatch.store.mending import ASIDE, Mender
from trailwatch.store.schema import OBJECTS, TABLES
from trailwatch.store.tables import Store
from trailwatch.upkeep.retell import retell
from trailwatch.upkeep.tidy import horizon_of

LATE = 31  # days after an event in which its object may have come
REASON = "its records were in a damaged file of the store"
_SOURCED = ("events", "others")
_DERIVED = {"sessions": "sessions", "activity": "activity", "identity_days": "activity", "seen": "seen"}
_TOLD = ("findings", "incidents")
# Files of these that no version names are put back: a row that comes twice does no harm.
_SALVAGED = ("events", "objects", "marks", "reviews", "sent", "snapshots", "verdicts")
_LOSSES = {
    "digests": "digests of some days: trailwatch digest --date DAY makes them again",
    "marks": "verdicts on findings: trailwatch mark says them again",
    "reviews": "signatures of reviews: trailwatch policy review --sign",
    "snapshots": "exports of IAM: trailwatch snapshot",
    "verdicts": "verdicts on objects: trailwatch verify",
    "sent": "what sinks have got: some findings may be sent twice",
}


@dataclass
class Repaired:
    """What was damaged, what was done, and what is left to do."""

    damages: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    again: int = 0  # objects that the next ingest reads again

    def text(self) -> str:
        """Return the account for a person."""
        if not self.damages:
            return "Nothing is damaged."
        lines = [*(f"DAMAGED  {one}" for one in self.damages), *(f"done     {one}" for one in self.done),
                 *(f"LOST     {one}" for one in self.lost)]  # fmt: skip
        if self.again:
            lines.append(f"next     trailwatch ingest reads {self.again:,} objects again")
        lines.append("next     trailwatch settle makes again what was made of the events")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the account as plain values."""
        return asdict(self)


def repair(store: Store, *, now: datetime, deep: bool = False) -> Repaired:
    """Mend every damaged table, while nobody else works on the store."""
    found = [one for one in examine(store, deep=deep) if one.damages]
    account = Repaired([damage.text() for one in found for damage in one.damages])
    if not found:
        return account
    mender = Mender(store, stamp=f"{now:%Y%m%dT%H%M%SZ}")
    hurt: dict[str, tuple[date, date]] = {}
    for one in sorted(found, key=lambda health: health.table != OBJECTS.name):
        account.done += _mend(store, mender, one, deep=deep)
        hurt[one.table] = _span(one.damages)
        if one.table in _LOSSES:
            account.lost.append(f"perhaps {_LOSSES[one.table]}")
    account.done.append(f"what was damaged lies under {store.uri}/{ASIDE}")
    if spans := [hurt[table] for table in _SOURCED if table in hurt]:
        account.again = _read_again(store, min(span[0] for span in spans), max(span[1] for span in spans), now)
    if any(table in hurt for table in (*_TOLD, "digests")):
        account.done.append(
            f"findings and incidents of {counted(retell(store), 'day')} were written again from their digests"
        )
    return account


def _mend(store: Store, mender: Mender, health: Health, *, deep: bool) -> list[str]:
    table = health.table
    log = any(one.log for one in health.damages)
    if table == OBJECTS.name:
        return _ledger(store, mender, health)
    if table == "settled" or (log and table in _DERIVED):
        mender.renew(table)
        _made_of_nothing(store, table, None)
        return [f"{table} is empty, and made again by settle"]
    done = []
    if log:
        if not mender.log(table, health.damages):
            mender.renew(table)
        done.append(f"the log of {table} ends before the damage")
        if table in _SALVAGED:
            done.append(f"put back into {table}: {counted(mender.salvage(table), 'file')} that it named")
    files = _bad_files(store, health, deep=deep)
    if files:
        mender.drop(table, files)
        done.append(f"taken out of {table}: {counted(len(files), 'file')}")
        _made_of_nothing(store, table, files)
    return done


def _ledger(store: Store, mender: Mender, health: Health) -> list[str]:
    files = [one.path for one in health.damages if not one.log]
    if health.version >= 0 and files:
        mender.drop(OBJECTS.name, files)
    marks = mender.marks(OBJECTS.name)
    mender.renew(OBJECTS.name)
    count = mender.salvage(OBJECTS.name)
    for name, seconds in marks.items():
        # Without the mark of the last listing the next ingest lists everything, and finds what the rows lack.
        if not name.startswith(LISTED):
            store.mark(name, datetime.fromtimestamp(seconds, UTC))
    return [f"the ledger was put together from {counted(count, 'whole file')}; the next ingest lists everything once"]


def _bad_files(store: Store, health: Health, *, deep: bool) -> list[str]:
    now = next((one for one in examine(store, deep=deep) if one.table == health.table), None)
    return [one.path for one in now.damages if not one.log] if now else []


def _made_of_nothing(store: Store, table: str, files: Sequence[str] | None) -> None:
    """Let settle forget that it made the partitions of some files, or of a whole table."""
    stage = _DERIVED.get(table)
    if stage is None:
        return
    with Engine() as engine:
        memory = Memory(store, engine).refresh()
        keys = {(day, shard) for found, day, shard in memory.inputs if found == stage}
        if files is not None:
            keys &= {_partition(path) for path in files}
        if keys:
            memory.remember(stage, dict.fromkeys(sorted(keys), "//"))


def _partition(path: str) -> tuple[date, int]:
    parts = dict(part.split("=", 1) for part in path.split("/")[:-1])
    return date.fromisoformat(parts.get("dt") or parts["month"]), int(parts.get("shard", 0))


def _span(damages: Iterable[Damage]) -> tuple[date, date]:
    """Return the first and last day of the damaged files; a damaged log may have named any."""
    days = [None if one.log or "=" not in one.path else _partition(one.path)[0] for one in damages]
    known = [day for day in days if day]
    return (min(known), max(known)) if len(known) == len(days) else (date(1970, 1, 1), date(9999, 1, 1))


def _read_again(store: Store, first: date, last: date, now: datetime) -> int:
    """Write into the ledger that objects whose records are not all here could not be read."""
    late = last + timedelta(days=LATE)
    with Engine() as engine:
        for table in ("objects", "events", "others"):
            store.show(engine, table)
        rows = engine.relation(
            "lost_objects",
            first=first - timedelta(days=1),
            last=late,
            horizon=horizon_of(store) or date.min,
            no_day=NO_DAY,
        )
        engine.table("lost", rows)
        beside = engine.query("from others where object_id not in (select object_id from lost)")
    if not rows.num_rows:
        return 0
    # Events that come again are doubles, which settle takes out; nothing takes out the others.
    if store.version("others") >= 0:
        store.replace("others", beside, where="true")
    nothing = dict.fromkeys(("records", "events", "others", "not_understood"), 0)
    again = [row | nothing | {"status": FAILED, "reason": REASON, "ingested_at": now} for row in rows.to_pylist()]
    store.append(OBJECTS.name, type(rows).from_pylist(again, schema=TABLES[OBJECTS.name].columns))
    return len(again)
