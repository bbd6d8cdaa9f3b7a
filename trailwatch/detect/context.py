"""The relation `scope`: every event in view with what configuration and history say about it.

Macros for clauses, none of them ever null:
  own_account(id)       an account of the organization (declared, or with its own trail in these logs)
  known_account(id)     the same, or a declared partner
  foreign_accounts(t)   the account ids in a text that are neither
  days_between(a, b)    days from a to b, null when either is missing or b comes first
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect.people import Directory, Identity
from trailwatch.detect.places import Places
from trailwatch.engine import Engine
from trailwatch.profile import baseline
from trailwatch.store.schema import ACTIVITY, FLAG, IDENTITY_DAYS, INT, REAL, SEEN, TEXT, TEXTS, TIME

# The columns that context adds to those of `attributed`; none is null except gaps, rhythms and the share of the hour.
COLUMNS = (
    "local_time", "time_zone", "shift", "network", "network_rule", "ended", "account_name", "partner", "history",
    "days_known", "person_days_known", "principal_gap", "person_gap", "key_gap", "principal_rhythm", "person_rhythm",
    "key_rhythm", "hour_share", "asn", "country",
)  # fmt: skip
NULLABLE = frozenset(name for name in COLUMNS if name.endswith(("_gap", "_rhythm", "hour_share")))

# Above this many events scope is read again by every pass instead of being kept.
KEPT = 2_000_000

_SMALL = pa.int32()
_SHIFT = pa.struct([("weekday", _SMALL), ("first_minute", _SMALL), ("end_minute", _SMALL), ("days_back", _SMALL)])
_SPAN = pa.struct([("first_time", TIME), ("last_time", TIME)])
_IDENTITIES = pa.schema([
    ("person", TEXT), ("principal", TEXT), ("session_name", TEXT), ("source_identity", TEXT), ("time_zone", TEXT),
    ("shifts", pa.list_(_SHIFT)), ("holidays", pa.list_(pa.date32())), ("duty", pa.list_(_SPAN)), ("ends", TIME),
    ("allowed", TEXTS), ("endpoints_decide", FLAG),
])  # fmt: skip
_PLACES = pa.schema([
    ("ip", TEXT), ("vpc_endpoint_id", TEXT), ("networks", TEXTS), ("endpoints", TEXTS), ("network", TEXT),
    ("asn", TEXT), ("country", TEXT),
])  # fmt: skip
_HISTORY = {
    "rhythm": pa.schema([("kind", TEXT), ("value", TEXT), ("first_time", TIME), ("last_time", TIME),
                         ("active_days", INT), ("usual_gap", REAL), ("longest_gap", REAL)]),
    "habits": pa.schema([("kind", TEXT), ("value", TEXT), ("time_zone", TEXT), ("hour_of_week", INT), ("weeks", INT),
                         ("share", REAL)]),
    "peers": pa.schema([("principal", TEXT), ("person", TEXT), ("peer_group", TEXT)]),
    "seen": SEEN.columns,
    "activity": ACTIVITY.columns,
    "activity_window": ACTIVITY.columns,
    "identity_days": IDENTITY_DAYS.columns,
}  # fmt: skip


def build(
    engine: Engine, config: Config | None = None, *, day: date | None = None, late: Iterable[date] = (),
    own: Iterable[str] | None = None, counts: Mapping[str, int] | None = None,
) -> bool:  # fmt: skip
    """Make `scope` from `attributed`, the configuration, and the history before a day; tell whether there is any.

    `late` are earlier days whose events came late: each is seen with the history before itself. `own` are the accounts that the logs belong to, where the events themselves do not tell; `counts` are the events by account, where somebody has counted them. Without configuration or store the columns stand there with neutral values.
    """
    config = config or Config()
    present = {
        name
        for (name,) in engine.rows(
            "select table_name from information_schema.tables where table_catalog = current_database()"
        )
    }
    if day and {"seen", "activity_window"} <= present and not {"rhythm", "habits", "peers"} <= present:
        baseline.build(
            engine, day=day, zones=baseline.zones(config), classes=baseline.classes(config), relations=baseline.JUDGING
        )
        present |= set(baseline.JUDGING)
    for name, schema in _HISTORY.items():
        if name not in present:
            engine.table(name, schema.empty_table())
    engine.build("known", day=day)
    history = _has_history(engine, day)
    accounts = config.organization.accounts
    engine.table("account_names", _table({"account": TEXT, "name": TEXT}, [
        {"account": account, "name": name} for account, name in accounts.items()]))  # fmt: skip
    # Each look at the view of events works out the meaning of all of them.
    stored = "raw_events" if "raw_events" in present else "attributed"
    events = dict(
        engine.rows(f"select coalesce(recipient_account_id, ''), count(*) from {stored} group by all")
        if counts is None else counts
    )  # fmt: skip
    _accounts(engine, config, events if own is None else own)
    _identities(engine, config)
    _places(engine, config)
    _rhythms(engine, day, late)
    small = sum(events.values()) <= KEPT
    engine.table("facts", pa.table({"history": [history], "kept": [small]}))
    if small:
        engine.build("scope")
    else:
        engine.view("scope")
    return history


def kept(engine: Engine) -> bool:
    """Tell whether scope is held as a table, and not worked out again by whoever reads it."""
    return bool(engine.rows("select kept from facts")[0][0])


def _has_history(engine: Engine, day: date | None) -> bool:
    before = datetime.combine(day, time(), UTC) if day else datetime.max.replace(tzinfo=UTC)
    return bool(engine.rows("select exists (select 1 from known where first_time < $before)", before=before)[0][0])


def _rhythms(engine: Engine, day: date | None, late: Iterable[date]) -> None:
    # Of a late event counts what was known before its own day.
    engine.table("rhythms", _HISTORY["rhythm"].insert(0, pa.field("dt", pa.date32())).empty_table())
    if not engine.rows("select 1 from rhythm limit 1"):
        engine.table("first_uses", _table({"dt": pa.date32(), "kind": TEXT, "value": TEXT, "first_time": TIME}, []))
        return
    days = sorted({*([day] if day else []), *late})
    if not days:
        days = [dt for (dt,) in engine.rows("select distinct dt from attributed")]
    columns = ", ".join(_HISTORY["rhythm"].names)
    for one in days:
        if day and one != day:
            engine.build("late_rhythm", relation="rhythm", day=one)
        source = "late_rhythm" if day and one != day else "rhythm"
        engine.execute(f"insert into rhythms select $day, {columns} from {source}", day=one)
    # The days' activity knows the first uses; reading the events twice would double the cost of their meaning.
    if engine.rows("select 1 from activity_window where list_contains($days, dt) limit 1", days=days):
        engine.build("first_uses", days=days)
    else:
        engine.build("first_uses", relation="first_uses_events")


def _accounts(engine: Engine, config: Config, recipients: Iterable[str]) -> None:
    # A trail delivers only what happened in its owner's accounts.
    own = {account for account in recipients if account} | set(config.organization.accounts)
    known = own | set(config.organization.partners)
    for name, ids in (("own_accounts", own), ("known_accounts", known)):
        engine.table(name, _table({"account": TEXT}, [{"account": one} for one in sorted(ids)]))
        engine.execute(f"set variable {name} = (select coalesce(list(account), []) from {name})")
    for macro in _MACROS:
        engine.execute(f"create or replace macro {macro}")


_MACROS = (
    "own_account(id) as coalesce(list_contains(getvariable('own_accounts'), cast(id as varchar)), false)",
    "known_account(id) as coalesce(list_contains(getvariable('known_accounts'), cast(id as varchar)), false)",
    r"""foreign_accounts(t) as list_filter(list_distinct(regexp_extract_all(coalesce(t, ''), '\b\d{12}\b')),
        lambda id: not list_contains(getvariable('known_accounts'), id))""",
    "days_between(a, b) as case when a <= b then (epoch(b) - epoch(a)) / 86400.0 end",
)


def _identities(engine: Engine, config: Config) -> None:
    directory, places = Directory(config), Places(config)
    found = engine.rows("select distinct person, principal, session_name, coalesce(source_identity, '') from attributed") \
        if directory else []  # fmt: skip
    pairs = ((names, directory.find(Identity(*names))) for names in found)
    rows = [
        {
            **dict(zip(_IDENTITIES.names, names, strict=False)),
            "time_zone": declared.time_zone,
            "shifts": [dict(zip(_SHIFT.names, piece, strict=True)) for piece in declared.shifts],
            "holidays": list(declared.holidays),
            "duty": [dict(zip(_SPAN.names, span, strict=True)) for span in declared.duty],
            "ends": declared.ends,
            "allowed": list(declared.networks),
            "endpoints_decide": bool(set(declared.networks) & places.with_endpoints()),
        }
        for names, declared in pairs if declared
    ]  # fmt: skip
    engine.table("identities", pa.Table.from_pylist(rows, schema=_IDENTITIES))


def _places(engine: Engine, config: Config) -> None:
    places = Places(config)
    pairs = (
        engine.rows("select distinct coalesce(ip, ''), coalesce(vpc_endpoint_id, '') from attributed") if places else []
    )
    engine.table("places", pa.Table.from_pylist(places.rows(pairs), schema=_PLACES))


def _table(columns: dict[str, pa.DataType], rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items())))
