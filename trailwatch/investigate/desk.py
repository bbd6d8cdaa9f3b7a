"""One question's view of a store: which days can hold the answer, and the events of these days that can be part of it.

Nothing is read of a day that cannot matter: days are known from `seen` and `activity`, and of their events only those
that a predicate over stored columns keeps are taken in, before anything is worked out about what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.profile import sessions
from trailwatch.store.schema import EVENTS, TABLES
from trailwatch.store.tables import Store
from trailwatch.window import Window

DEFAULT_DAYS = 90
REACH = 2  # a session lives for up to 36 hours
MEMORY = "700MB"
MOST_EVENTS = 100_000  # taken in for one question; what is left out is said
_ALWAYS = ("dt", "shard", "event_id", "event_time", "event_source", "event_name")
# What a lineage needs nothing of: to read a column costs as much as to find the rows.
LEAN = (
    "event_id", "event_version", "event_category", "request_id", "user_agent", "management_event", "response",
    "service_details", "in_scope_of", "addendum", "tls", "object_id", "ingested_at", "web_id_provider", "role_delivery",
    "vpc_endpoint_account_id", "delegate_account_id", "mfa_authenticated",
)  # fmt: skip
BESIDE = tuple(name for name in LEAN if name not in {"event_id", "response"})
_EVER = {"since": datetime(1970, 1, 1, tzinfo=UTC), "until": datetime(2999, 1, 1, tzinfo=UTC)}
SESSIONS = 20_000  # of one tree
_ROUNDS = 12  # of credentials that come from credentials


class Desk:
    """A store, a window of days, and an engine in which the answer is worked out."""

    def __init__(self, store: Store, engine: Engine, config: Config, window: Window | None) -> None:
        self.store, self.engine, self.config = store.still(), engine, config
        stored = sorted({key[0] for key in self.store.partitions("activity")})
        if not stored:
            raise StoreError("nothing is settled yet", where=store.uri, hint="trailwatch ingest SOURCE, then settle")
        last = stored[-1]
        self.window = window or Window(_midnight(last - timedelta(days=DEFAULT_DAYS - 1)), _midnight(last, 1))
        first, end = self.window.days() or (stored[0], last)
        self.days = [day for day in stored if first <= day <= end]
        self.stored = stored
        self.store.show(engine, "seen")

    @property
    def span(self) -> str:
        """Return the window in words."""
        first = self.days[0] if self.days else (self.window.start or _midnight(self.stored[0])).date()
        last = self.days[-1] if self.days else (self.window.end or _midnight(self.stored[-1])).date()
        return f"{first} to {last} (UTC)"

    def show(self, table: str, days: Iterable[date], *, name: str) -> None:
        """Make a table visible as a view of exactly these days' files."""
        wanted = {day.isoformat() for day in days}
        layout = TABLES[table]
        found = []
        if wanted:
            span = (date.fromisoformat(min(wanted)), date.fromisoformat(max(wanted)))
            found = [path for path in self.store.files(table, days=span) if path.rpartition("dt=")[2][:10] in wanted]
        # Files give their partitions last. No files must do so too: rows are put together by the places of their columns.
        columns = sorted(layout.columns, key=lambda field: field.name in layout.partitions)
        self.engine.files(name, found, pa.schema(columns), partitions=layout.partitions)

    def bounds(self) -> dict[str, Any]:
        """Return the window as parameters `since` and `until`."""
        return {"since": self.window.start or _EVER["since"], "until": self.window.end or _EVER["until"]}

    def seen_days(self, dimension: str, value: str) -> list[date]:
        """Return the days of the window on which a value of a dimension was seen by anybody."""
        rows = self.engine.rows(
            "select distinct month + (unnest(days_seen)::integer - 1) from seen "
            "where dimension = $dimension and value = $value", dimension=dimension, value=value,
        )  # fmt: skip
        seen = {row[0] for row in rows}
        return [day for day in self.days if day in seen]

    def life(self, keys: Sequence[str]) -> tuple[date, date]:
        """Return the first day of use of the keys that came last, and the last day of those that went first.

        A key is made before its first use and removed after its last; of one that was never used it can be any day.
        """
        rows = self.engine.rows(
            "select min(first_time)::date, max(last_time)::date from seen "
            "where dimension = 'key' and list_contains($keys, value) group by value", keys=list(keys),
        )  # fmt: skip
        if len(rows) < len(set(keys)):
            return date.max, date.min
        return max(row[0] for row in rows), min(row[1] for row in rows)

    def days_of_actions(self, actions: list[str], *, everywhere: bool = False) -> list[date]:
        """Return the days of the window, or of all history, on which somebody called one of some actions."""
        return self._days_where("list_contains($actions, value)", everywhere=everywhere, actions=actions)

    def days_of_changes(self, service: str) -> list[date]:
        """Return the days of the window on which somebody called an action of a service that is no plain read."""
        return self._days_where("regexp_matches(value, $pattern)", pattern=f"^{service}:([^GLS]|Set)")

    def _days_where(self, condition: str, *, everywhere: bool = False, **parameters: Any) -> list[date]:
        rows = self.engine.rows(
            "select distinct month + (unnest(days_seen)::integer - 1) from seen "
            f"where dimension = 'action' and {condition}", **parameters,
        )  # fmt: skip
        seen = {row[0] for row in rows}
        return [day for day in (self.stored if everywhere else self.days) if day in seen]

    def take(
        self,
        days: Iterable[date],
        where: str,
        *,
        then: str = "true",
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        everywhere: bool = False,
        **parameters: Any,
    ) -> int:
        """Take in, as `raw_events`, the events of some days for which a predicate over stored columns holds.

        A list among the parameters stands for its values, as in `column in $names`: only comparisons with values are
        pushed into the reading of files, so anything else that has to hold goes into `then`. Of columns that are not
        wanted nothing is read, and null stands for them. Returns whether there were too many to take them all.
        """
        self.show("events", sorted(set(days)), name="stored_events")
        self.engine.clear("raw_events")
        where, bound = _spread(where, parameters)
        then, more = _spread(then, parameters)
        kept = set(only) | set(_ALWAYS) if only else set(EVENTS.columns.names)
        columns = ", ".join(name if name in kept - set(without) else f"null::{kind} as {name}"
                            for name, kind in self.engine.columns("stored_events"))  # fmt: skip
        self.engine.execute(
            f"create or replace table raw_events as select {columns} from stored_events "
            f"where event_time >= $since and event_time < $until and ({where}) limit {MOST_EVENTS + 1}",
            **(_EVER if everywhere else self.bounds()), **_used(where, bound),
        )  # fmt: skip
        [(count,)] = self.engine.rows("select count(*) from raw_events")
        if then != "true":
            self.engine.execute(f"delete from raw_events where ({then}) is not true", **_used(then, more))
        return int(count > MOST_EVENTS)

    def take_keys(
        self, days: Iterable[date], keys: Sequence[str], ids: Sequence[str], *, also: str = "true", **options: Any
    ) -> int:
        """Take in the events that some keys signed, and those without a key of some principal ids."""
        own = "access_key_id in $keys" + (" or identity_principal_id in $ids" if ids else "")
        return self.take(days, f"({own}) and {also}", keys=keys, ids=ids, **options)

    def taken(self) -> bool:
        """Return whether anything was taken in."""
        return bool(self.engine.rows("select 1 from raw_events limit 1"))

    def means(self) -> None:
        """Make `events` from what was taken in: what each record says by itself."""
        sessions.means(self.engine)

    def understand(self) -> None:
        """Make `events`, `links` and `attributed` from what was taken in, with the sessions above it."""
        self.means()
        self.engine.execute("create or replace table said as from events")
        self.engine.clear("events")
        self.engine.execute("create view events as from said")
        rows = self.engine.rows("select distinct dt, unnest([credential, issued_key]) from said")
        before = self._kept()
        self.above({row[1] for row in rows if row[1]}, {row[0] for row in rows})
        sessions.attribute(self.engine, aliases=self.config.aliases())
        if before:
            self.engine.execute("create or replace table sessions_window as from sessions_kept")

    def _kept(self) -> bool:
        """Put the sessions of a tree aside while others are looked at."""
        kept = self.engine.rows("select 1 from duckdb_tables() where table_name = 'sessions_window'")
        if kept:
            self.engine.execute("create or replace table sessions_kept as from sessions_window")
        return bool(kept)

    def link(self) -> None:
        """Make `links` and `aliases` from the sessions at hand."""
        self.engine.build("links")
        sessions.know(self.engine, self.config.aliases())

    def tell(self, name: str, credentials: Iterable[str]) -> None:
        """Keep some credentials as a table."""
        self.engine.texts(name, credential=sorted(set(credentials)))

    def above(self, credentials: Iterable[str], days: Iterable[date]) -> None:
        """Leave as `sessions_window` the session rows of some credentials, and of those that they came from."""
        near = sorted({day - timedelta(days=back) for day in days for back in range(REACH + 1)})
        wanted = set(credentials)
        self.show("sessions", near, name="stored_sessions")
        self.engine.clear("sessions_window")
        self.engine.execute("create table sessions_window as from stored_sessions limit 0")
        if not wanted:
            return
        self.tell("wanted", wanted)
        self.tell("known_credentials", ())
        for _ in range(_ROUNDS):
            self.engine.build("fresh_sessions")
            self.engine.execute("insert into sessions_window select * from fresh_sessions")
            self.engine.execute("insert into known_credentials from wanted")
            self.engine.build("wanted", relation="wanted_above")
            if not self.engine.rows("select 1 from wanted limit 1"):
                return

    def below(self, start: Iterable[str], days: Iterable[date]) -> bool:
        """Add to `sessions_window` all sessions that came from some credentials; returns whether that is all of them."""
        wanted, known, near = set(start), set(start), set(days)
        while wanted:
            near |= {day + timedelta(days=ahead) for day in near for ahead in range(REACH + 1)}
            self.show("sessions", [day for day in self.stored if day in near], name="stored_sessions")
            self.tell("wanted", wanted)
            self.engine.build("fresh_sessions", relation="sessions_below")
            self.engine.execute("insert into sessions_window select * from fresh_sessions")
            found = self.engine.rows("select credential, dt from fresh_sessions where credential <> ''")
            wanted = {row[0] for row in found} - known
            # The days of the next step: those of the sessions that were just found.
            near = {row[1] for row in found if row[0] in wanted}
            known |= wanted
            if len(known) > SESSIONS:
                return False
        return True


def _spread(where: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a predicate with each list as so many parameters of its own."""
    bound: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, (list, tuple, set)):
            each = {f"{name}_{place}": one for place, one in enumerate(value)}
            listed = ", ".join(f"${one}" for one in each)
            where = re.sub(rf"\${name}\b", f"({listed})" if each else "(null)", where)
            bound |= each
        else:
            bound[name] = value
    return where, bound


def _used(where: str, bound: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bound.items() if re.search(rf"\${name}\b", where)}


def _midnight(day: date, later: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=later)
