"""The activity and the events of what is asked: found by the columns that hold it, in the days that can."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.investigate.asked import Asked, network_of, resolve
from trailwatch.investigate.desk import MEMORY, Desk
from trailwatch.store.tables import Store
from trailwatch.window import Window

OWN = "(person <> '' and list_contains($persons, person)) or list_contains($principals, principal)"


def events(store: Store, text: str, *, config: Config, window: Window | None = None) -> pa.Table:
    """Return the events of what a text names with the persons behind them, the newest first, and at most so many."""
    with Engine(memory=MEMORY) as engine:
        asked = resolve(store, engine, text)
        desk = Desk(store, engine, config, window)
        if asked.kind in {"identity", "key", "network"}:
            did(desk, asked)
            days = [row[0] for row in engine.rows("select distinct dt from did")]
            if asked.kind == "key":
                desk.above([], days)
                desk.below([asked.value], days)
                rows = engine.rows(
                    "select distinct credential from sessions_window where starts_with(credential, 'ASIA')"
                )
                engine.clear("sessions_window")
                desk.take(days, "access_key_id in $keys", keys=[asked.value, *(row[0] for row in rows)])
            else:
                sources = [row[0] for row in engine.rows("select distinct event_source from did")]
                desk.take(days, "event_source in $sources", sources=sources)
        else:
            take(desk, asked)
        desk.understand()
        return engine.query(
            f"select * from attributed where {MEANT} order by event_time desc, event_id",
            **meant(asked),
        )  # fmt: skip


def events_by_id(store: Store, ids: Sequence[str], days: Sequence[date], *, config: Config) -> pa.Table:
    """Return events by their ids with the persons behind them, of the days between the first and the last one given."""
    with Engine(memory=MEMORY) as engine:
        desk = Desk(store, engine, config, Window())
        near = [day for day in desk.days if days and min(days) <= day <= max(days)]
        desk.take(near, "event_id in $ids", ids=list(ids) or [""])
        desk.understand()
        return engine.query("from attributed order by event_time, event_id")


MEANT = f"""case $kind
    when 'identity' then {OWN}
    when 'key' then long_term_key = $value
    when 'credential' then credential = $value
    when 'network' then address = $value
    when 'event' then event_id = $value
    else true end"""


def meant(asked: Asked) -> dict[str, Any]:
    """Return the parameters of MEANT."""
    return {
        "kind": asked.kind, "value": asked.value, "persons": list(asked.persons), "principals": list(asked.principals),
    }  # fmt: skip


def did(desk: Desk, asked: Asked) -> list[str]:
    """Leave as `did` the activity of what is asked in the window, and return what has to be said about it."""
    engine = desk.engine
    if asked.kind in {"identity", "key", "network"}:
        days = desk.seen_days("key", asked.value) if asked.kind == "key" else desk.days
        desk.show("activity", days, name="activity_files")
        column = {"key": "long_term_key = $value", "network": "address = $value"}.get(asked.kind, OWN)
        given: dict[str, Any] = {"value": asked.value} if asked.kind != "identity" else {
            "persons": list(asked.persons), "principals": list(asked.principals)}  # fmt: skip
        engine.execute(
            f"create or replace table did as select * from activity_files where ({column}) "
            "and last_time >= $since and first_time < $until", **given, **desk.bounds(),
        )  # fmt: skip
        return ["Hours that lie only partly in the window count whole."] if _partial(desk) else []
    left = take(desk, asked)
    desk.understand()
    if asked.kind == "credential":
        engine.execute("create table kept as select * from attributed where credential = $value", value=asked.value)
        engine.execute("create or replace view attributed as from kept")
    engine.build("did", relation="activity")
    return (
        ["There are more events than are read at once: this is a part. A shorter --from/--to tells all."]
        if left
        else []
    )


def take(desk: Desk, asked: Asked) -> int:
    """Take in the events of a session, an address or a resource; returns whether some were left out."""
    if asked.kind == "credential":
        days = credential_days(desk, asked.value)
        owner = asked.value.partition(":")[0].partition("@")[0]
        if asked.value.startswith("ASIA"):
            return desk.take(days, "access_key_id = $key", key=asked.value)
        return desk.take(days, "starts_with(identity_principal_id, $owner)", owner=owner)
    if asked.kind == "address":
        desk.show("activity", desk.days, name="activity_files")
        days = [row[0] for row in desk.engine.rows(
            "select distinct dt from activity_files where address = $network and last_time >= $since "
            "and first_time < $until", network=network_of(asked.value), **desk.bounds(),
        )]  # fmt: skip
        return desk.take(days, "source_ip = $ip", ip=asked.value)
    if asked.kind == "event":
        return desk.take(_event_days(desk, asked.value), "event_id = $id", id=asked.value)
    service = asked.value.split(":")[2]
    return desk.take(
        desk.days,
        "(event_source = $source and (contains(request, $name) or contains(request, $arn))) or contains(resources, $arn)",
        source=f"{service}.amazonaws.com", name=f'"{resource_name(asked.value)}"', arn=asked.value,
    )  # fmt: skip


def _event_days(desk: Desk, event_id: str) -> list[date]:
    """Return the day that a finding knows of an event, else every day of the window."""
    desk.store.show(desk.engine, "findings")
    found = {row[0] for row in desk.engine.rows(
        "select distinct unnest(range(date_trunc('day', first_time), last_time + interval 1 second, interval 1 day))::date "
        "from findings where list_contains(event_ids, $id) and last_time < first_time + interval 40 days", id=event_id,
    )}  # fmt: skip
    return [day for day in desk.days if day in found] or desk.days


def resource_name(arn: str) -> str:
    """Return the name by which requests call the resource of an ARN."""
    service, rest = arn.split(":")[2], arn.split(":", 5)[5]
    if service == "s3":
        return rest.partition("/")[0]
    name = rest.partition(":")[2] or (rest.partition("/")[2] if service != "iam" else rest.rpartition("/")[2]) or rest
    # Secrets carry a random end in their ARN, and none in their name.
    return re.sub(r"-[A-Za-z0-9]{6}$", "", name) if service == "secretsmanager" else name


def credential_days(desk: Desk, credential: str) -> list[date]:
    """Return the days of the window on which a temporary credential was issued or used."""
    desk.show("sessions", desk.days, name="stored_sessions")
    rows = desk.engine.rows("select distinct dt from stored_sessions where credential = $value", value=credential)
    return [row[0] for row in rows]


def _partial(desk: Desk) -> bool:
    bounds = desk.window.start, desk.window.end
    return any(time is not None and (time.minute or time.second or time.microsecond) for time in bounds)
