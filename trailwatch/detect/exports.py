"""The newest good exports of IAM of a day, from the store, and the relations that posture detections read of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect.people import Directory, Identity
from trailwatch.detect.relations import RELATIONS, table
from trailwatch.engine import Engine
from trailwatch.profile.sessions import know
from trailwatch.store.schema import FLAG, REVIEWS, SNAPSHOTS, TEXT, TEXTS, TIME
from trailwatch.store.tables import Store

USES = pa.schema([("principal", TEXT), ("last_time", TIME)])
_NEWEST = pa.schema([("account", TEXT), ("kind", TEXT), ("taken_at", TIME)])
_ENDS = pa.schema([("principal", TEXT), ("until", pa.date32())])

# In the order in which they are made: later ones read earlier ones.
_STEPS = (
    ("exports", "exports"), ("report", "report"), ("entities", "entities"), ("user_names", "user_names"),
    ("iam_keys", "keys"),
)  # fmt: skip
_RELATIONS = (
    ("iam_users", "users"), ("iam_accounts", "accounts"), ("documents", "documents"), ("statements", "statements"),
    ("iam_policies", "policies"), ("iam_roles", "roles"), ("iam_trust", "trust"), ("iam_trails", "trails"),
)  # fmt: skip
_MACROS = (
    # Policies may hold one value where others hold a list.
    """as_list(j) as case when j is null or json_type(j) = 'NULL' then []::json[]
        when json_type(j) = 'ARRAY' then json_extract(j, '$[*]') else [j] end""",
    "entries(j) as map_entries(cast(case when json_type(j) = 'OBJECT' then j else '{}'::json end as map(varchar, json)))",
    "texts(j, key) as list_transform(as_list(json_extract(j, '$.' || key)), lambda v: coalesce(field(v, '$'), ''))",
)


@dataclass(frozen=True)
class Export:
    """One kind of export of one account: when the newest good one was taken, and how a later attempt failed."""

    account: str
    kind: str
    taken_at: datetime | None
    failed_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Uses:
    """When the trail saw each principal last, and since when there is a trail."""

    last: pa.Table
    since: datetime | None


NO_USES = Uses(USES.empty_table(), None)


def uses(engine: Engine, *, day: date) -> Uses:
    """Return what the relation `seen` of an engine knows of the last use of each principal, up to the end of a day."""
    (since,) = engine.rows("select min(first_time) from seen")[0]
    return Uses(engine.relation("posture_trail_uses", day=day).cast(USES), since)


def reviews(store: Store, engine: Engine, *, day: date) -> pa.Table:
    """Return the reviews that somebody signed up to the end of a day."""
    store.show(engine, REVIEWS.name, days=(date.min, day), name="signed")
    return engine.query("select account, principal, signed_at from signed").cast(RELATIONS["reviews"])


def show(store: Store, engine: Engine, *, day: date) -> tuple[Export, ...]:
    """Make `snapshots` and `newest` visible: the newest good export of each account and kind up to the end of a day."""
    before = datetime.combine(day + timedelta(days=1), time(), UTC)
    store.show(engine, SNAPSHOTS.name, days=(date.min, day))
    rows = engine.relation("posture_newest", before=before).to_pylist()
    good = [row for row in rows if row["taken_at"]]
    # Exports are large and history is long: the files of their own days are all that is read.
    files = [
        path for one in sorted({row["dt"] for row in good}) for path in store.files(SNAPSHOTS.name, days=(one, one))
    ]
    engine.files(SNAPSHOTS.name, files, SNAPSHOTS.columns, partitions=SNAPSHOTS.partitions)
    engine.table("newest", pa.Table.from_pylist([{name: row[name] for name in _NEWEST.names} for row in good],
                                                schema=_NEWEST))  # fmt: skip
    return tuple(
        Export(row["account"], row["kind"], row["taken_at"],
               *((row["failed_at"], row["reason"] or "no reason recorded") if _later(row["failed_at"], row["taken_at"]) else ()))
        for row in rows
    )  # fmt: skip


def build(
    engine: Engine, config: Config | None = None, *, day: date, seen: Uses = NO_USES, own: Iterable[str] = (),
    signed: pa.Table | None = None,
) -> None:  # fmt: skip
    """Make the relations of posture from `snapshots` and `newest`; `own` are accounts known to be the organization's."""
    config = config or Config()
    for macro in _MACROS:
        engine.execute(f"create or replace macro {macro}")
    know(engine, config.aliases())
    engine.table("trail_uses", seen.last)
    for name, relation in _STEPS:
        engine.build(name, relation=f"posture_{relation}")
    engine.table("declared_ends", _ends(engine, config))
    organization = config.organization
    mine = {account for (account,) in engine.rows("select distinct account from newest")}
    ours = {*mine, *own, *organization.accounts}
    known = sorted({*ours, *organization.partners} - {""})
    partner = pa.array([account not in ours for account in known], FLAG)
    engine.table("known_accounts", pa.table({"account": pa.array(known, TEXT), "partner": partner}))
    engine.table("organization", pa.table({"ids": pa.array([[organization.id] if organization.id else []], TEXTS)}))
    for name, relation in _RELATIONS:
        engine.build(name, relation=f"posture_{relation}")
    columns = ", ".join(RELATIONS["iam_statements"].names)
    engine.execute(f"create or replace view iam_statements as select {columns} from statements")
    numbers = {name: getattr(config.practices, name, None) for name in RELATIONS["limits"].names}
    engine.table("limits", table("limits", [{**numbers, "day": day, "trail_since": seen.since}]))
    engine.table("reviews", RELATIONS["reviews"].empty_table() if signed is None else signed)


def _ends(engine: Engine, config: Config) -> pa.Table:
    directory = Directory(config)
    rows: list[dict[str, object]] = []
    names: Sequence[tuple[str, str]] = engine.rows("select principal, person from user_names") if directory else []
    for principal, person in names:
        declared = directory.find(Identity(person, principal, "", ""))
        if declared and declared.ends:
            # The end is the first moment after the last day, in the zone of whoever leaves.
            last = (declared.ends - timedelta(microseconds=1)).astimezone(ZoneInfo(declared.time_zone or "UTC"))
            rows.append({"principal": principal, "until": last.date()})
    return pa.Table.from_pylist(rows, schema=_ENDS)


def _later(failed: datetime | None, good: datetime | None) -> bool:
    return failed is not None and (good is None or failed > good)
