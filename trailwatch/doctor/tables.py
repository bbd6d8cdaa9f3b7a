"""The store: whether its tables are whole, how many small files there are, what can go, and the exports of IAM."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from trailwatch.config import Config
from trailwatch.doctor.check import Check
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.store.health import Health, examine
from trailwatch.store.tables import Store
from trailwatch.upkeep.tidy import clean, horizon_of

_NAMED = 10
_SMALL = 500  # files; a reader opens each of them


def checks(store: Store, *, deep: bool) -> Iterator[Check]:
    """Yield what there is to say of the tables."""
    try:
        found = examine(store, deep=deep)
    except TrailwatchError as error:
        yield Check("store", False, error.what, error.hint)
        return
    damages = [damage for one in found for damage in one.damages]
    for damage in damages[:_NAMED]:
        yield Check("damaged", False, damage.text(), "trailwatch doctor --repair")
    if len(damages) > _NAMED:
        yield Check("damaged", False, f"{len(damages) - _NAMED} files more", "trailwatch doctor --repair")
    try:
        yield _content(store, found)
        yield _small(found)
        if not damages:
            yield _loose(store, found)
    except TrailwatchError as error:
        yield Check("store", False, error.what, error.hint)


def snapshots(store: Store, config: Config, now: datetime) -> Iterator[Check]:
    """Yield how old the exports of IAM are."""
    try:
        with Engine() as engine:
            store.show(engine, "snapshots")
            rows = engine.rows(
                "select account, kind, max(taken_at) filter (where status = 'good') as good, "
                "arg_max(status, taken_at) as last_status, arg_max(reason, taken_at) as reason "
                "from snapshots where account <> '' and kind <> '' group by all order by all"
            )
    except TrailwatchError as error:
        yield Check("snapshots", False, error.what, error.hint)
        return
    if not rows:
        yield Check("snapshots", False, "none", "trailwatch snapshot")
    oldest = now - timedelta(days=config.snapshot.max_age_days)
    for account, kind, good, status, why in rows:
        says = f"last good {good:%Y-%m-%d %H:%MZ}" if good else "none is good"
        more = "" if status == "good" else f"; the newest failed: {why}"
        yield Check(
            f"snapshot {account} {kind}", status == "good" and good >= oldest, says + more, "trailwatch snapshot"
        )


def _content(store: Store, found: list[Health]) -> Check:
    days = sorted(key[0] for key in store.partitions("events"))
    digests = sorted(key[0] for key in store.partitions("digests"))
    told = f"events of {days[0]} to {days[-1]}" if days else "no events yet"
    made = f"newest digest of {digests[-1]}" if digests else "no digest yet"
    size = sum(one.bytes for one in found)
    horizon = horizon_of(store)
    forgot = f", forgotten before {horizon}" if horizon else ""
    return Check("store", bool(days), f"{store.uri}, {len(found)} tables, {size / 1e6:,.1f} MB, {told}{forgot}, {made}",
                 "trailwatch ingest SOURCE")  # fmt: skip


def _small(found: list[Health]) -> Check:
    many = [one for one in found if one.small > _SMALL]
    if not many:
        return Check("small files", True, f"{sum(one.small for one in found):,} in all tables")
    names = ", ".join(f"{one.small:,} in {one.table}" for one in many)
    return Check("small files", False, names, "trailwatch settle, which puts those of a day together")


def _loose(store: Store, found: list[Health]) -> Check:
    gone = clean(store, dry_run=True)
    loose = sum(one.loose for one in found)
    return Check("old files", True, f"{loose:,} of earlier versions; {gone.files:,} ({gone.bytes / 1e6:,.1f} MB) can go, "
                 "and go with the next trailwatch run")  # fmt: skip
