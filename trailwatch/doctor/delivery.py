"""Delivery: when logs came last and how late, days without any, and objects that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from trailwatch.doctor.check import Check
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.store.tables import Store

_STALE = timedelta(hours=36)
_LATE = timedelta(hours=1)
_BACK = 90  # days that are looked at for gaps
_DAYS = 3  # days of which the lag is measured
_NAMED = 5


def checks(store: Store, *, now: datetime) -> Iterator[Check]:
    """Yield what the ledger and the events tell of delivery."""
    try:
        days = sorted({key[0] for key in store.partitions("events")})
        if not days:
            return
        with Engine() as engine:
            store.show(engine, "objects")
            store.show(engine, "events", days=(days[-1] - timedelta(days=_DAYS), days[-1]))
            yield _last(engine, now)
            yield _lag(engine)
            yield _failed(engine)
        yield _gaps(days)
        yield _digests(store, days, now)
    except TrailwatchError as error:
        yield Check("delivery", False, error.what, "trailwatch doctor --repair")


def _last(engine: Engine, now: datetime) -> Check:
    (last,) = engine.rows("select max(ingested_at) from objects")[0]
    if last is None:
        return Check("last ingest", False, "the ledger is empty", "trailwatch ingest")
    return Check("last ingest", now - last < _STALE, f"{last:%Y-%m-%d %H:%MZ}", "trailwatch run, every day, from cron")


def _lag(engine: Engine) -> Check:
    (count, median, most) = engine.rows(
        "select count(*), quantile_cont(epoch(last_modified) - epoch(event_time), 0.5), "
        "quantile_cont(epoch(last_modified) - epoch(event_time), 0.95) from events "
        "join (select object_id, max(last_modified) as last_modified from objects where bucket <> 'file' group by 1) "
        "using (object_id)"
    )[0]
    if not count:
        return Check("delivery lag", None, "not known: the newest events do not come from a bucket")
    return Check("delivery lag", most < _LATE.total_seconds(),
                 f"half of the events were there after {median / 60:,.0f} min, 95 % after {most / 60:,.0f} min",
                 "aws cloudtrail get-trail-status --name TRAIL tells of failed deliveries")  # fmt: skip


def _failed(engine: Engine) -> Check:
    rows = engine.rows(
        "select reason, count(*) as n from (select arg_max(status, ingested_at) as status, arg_max(reason, ingested_at) "
        "as reason from objects group by bucket, key) where status = 'failed' group by reason order by n desc, reason"
    )
    if not rows:
        return Check("objects", True, "every object could be read")
    told = "; ".join(f"{count:,} could not be read ({why})" for why, count in rows[:_NAMED])
    return Check("objects", False, told, "trailwatch ingest, which reads them again")


def _gaps(days: list[date]) -> Check:
    span = [days[-1] - timedelta(days=back) for back in range(min(_BACK, (days[-1] - days[0]).days))]
    missing = sorted(set(span) - set(days))
    if not missing:
        return Check("gaps", True, f"no day without events in {len(span) + 1} days")
    named = ", ".join(str(day) for day in missing[:_NAMED]) + (" …" if len(missing) > _NAMED else "")
    return Check("gaps", False, f"{len(missing)} days without any event: {named}",
                 f"trailwatch ingest --from {missing[0]} --to {missing[-1]}; whether the trail logged then")  # fmt: skip


def _digests(store: Store, days: list[date], now: datetime) -> Check:
    made = {key[0] for key in store.partitions("digests")}
    if not made:
        return Check("digests", False, "none yet", "trailwatch run")
    missing = [day for day in days if min(made) < day < now.date() - timedelta(days=1) and day not in made]
    return Check(
        "digests", not missing, f"{len(made)} made, {len(missing)} days with events have none", "trailwatch run"
    )
