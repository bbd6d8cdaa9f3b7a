"""Everything that can be asked of a store, for the shell, for Python and for notebooks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from trailwatch.config import Config, layered
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.finding import Finding
from trailwatch.investigate import attach, views
from trailwatch.investigate.answers import HistoryAnswer, LineageAnswer
from trailwatch.investigate.case import Case, collect
from trailwatch.investigate.history import history
from trailwatch.investigate.lineage import lineage
from trailwatch.investigate.pivots import Digests, Events, Findings, Identities
from trailwatch.investigate.rows import Rows
from trailwatch.investigate.subject import events, events_by_id
from trailwatch.profile import identity
from trailwatch.store.tables import Options, Store
from trailwatch.window import Window, parse_day, parse_window


def opened(store: str | None, config: Config | str | None, *, create: bool = False) -> Questions:
    """Return a store with its configuration, without the stations that fill it."""
    return Questions(*located(store, config, create=create))


def located(
    store: str | None,
    config: Config | str | None,
    *,
    create: bool = False,
    flags: Mapping[str, Any] | None = None,
) -> tuple[Store, Config]:
    """Return the store that flags, environment and configuration name, and the configuration."""
    given = {**(flags or {}), **({"store.path": store} if store else {})}
    found = config if isinstance(config, Config) else layered(config, environment=os.environ, flags=given)[0]
    path = store or found.store.path
    options: Options | None = None
    if path.startswith("s3://"):
        # boto3 is slow to import, and a store in a folder does without it.
        from trailwatch import aws

        access, bucket = aws.access(found.source), path.removeprefix("s3://").partition("/")[0]

        # Asked at every opening of a table: temporary credentials outlive no long run.
        def options() -> dict[str, str]:
            return access.storage_options(bucket)

        options()
    return Store.open(path, create=create, options=options), found


class Questions:
    """One store with everything that can be asked of it; whatever is tabular comes as Rows."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config

    def identity(self, name: str, *, day: date | str | None = None) -> list[identity.Profile]:
        """Return the profile of every identity that a name, ARN, access key id, role or e-mail address stands for."""
        now = datetime.now(UTC)
        when = parse_day(day, now=now) if isinstance(day, str) else day or self._last_day()
        return identity.profiles(self.store, name, day=when, config=self.config)

    def history(self, name: str, *, start: str | None = None, end: str | None = None) -> HistoryAnswer:
        """Return the history of a user, role, key, session, address or resource [default: the last 90 days]."""
        found = history(self.store, name, config=self.config, window=_window(start, end))
        return HistoryAnswer(self, found, start=start, end=end)

    def lineage(self, name: str, *, start: str | None = None, end: str | None = None) -> LineageAnswer:
        """Return the session tree of a key, session, event, user, role or address: from where, and how far it got."""
        found = lineage(self.store, name, config=self.config, window=_window(start, end))
        return LineageAnswer(self, found, accounts=dict(self.config.organization.accounts))

    def case(self, about: str, *, start: str | None = None, end: str | None = None) -> Case:
        """Return the findings, events and session trees of an incident, a finding, or whatever has a history."""
        return collect(self.store, about, config=self.config, window=_window(start, end))

    def finding(self, id: str) -> Finding:
        """Return a finding by its id, as the newest digest that holds it tells it."""
        found = views.finding(self.store, id)
        if found is None:
            hint = 'trailwatch sql "select id, title from findings"'
            raise StoreError(f"no digest holds a finding {id!r}", where=self.store.uri, hint=hint)
        return found

    def sql(
        self,
        query: str,
        *,
        start: str | None = None,
        end: str | None = None,
        seconds: float = 60.0,
        memory: str = views.MEMORY,
    ) -> Rows:
        """Run one SELECT over the views events, activity, sessions, findings and the tables of the store.

        Read-only, without access to other files or the network; stopped after `seconds`, or where it needs more memory.
        """
        window = _window(start, end)
        return Rows(views.ask(self.store, query, config=self.config, seconds=seconds, memory=memory, window=window))

    def attach(self) -> str:
        """Return a script that makes this store readable in any DuckDB, in its newest version."""
        return attach.script(self.store, config=self.config)

    def events(self, *, start: str | None = None, end: str | None = None, limit: int = 10_000) -> Events:
        """Return attributed events of a window, the newest first."""
        found = self.sql(
            f"select * from events order by event_time desc, event_id limit {int(limit)}", start=start, end=end
        )
        return Events(found.arrow(), self, title="events")

    def events_of(self, asked: str, *, start: str | None = None, end: str | None = None) -> Events:
        """Return the events of what a text names, the newest first."""
        found = events(self.store, asked, config=self.config, window=_window(start, end))
        return Events(found, self, title=f"events of {asked}")

    def events_by_id(self, ids: Sequence[str], days: Sequence[date]) -> Events:
        """Return events by their ids, of the days between the first and the last one given."""
        found = events_by_id(self.store, ids, days, config=self.config)
        return Events(found, self, title="events")

    def findings(self, *, start: str | None = None, end: str | None = None) -> Findings:
        """Return the findings of the digests of a window, the most urgent first."""
        found = self.sql("select * from findings order by dt desc, severity_rank desc, id", start=start, end=end)
        return Findings(found.arrow(), self, title="findings")

    def findings_by_id(self, ids: Sequence[str]) -> Findings:
        """Return findings by their ids, each as it was told last, the most urgent first."""
        return self._findings("list_contains($given, id)", ids)

    def findings_of(self, event_ids: Sequence[str]) -> Findings:
        """Return the findings that some events are part of."""
        return self._findings("list_has_any(event_ids, $given::varchar[])", event_ids)

    def findings_about(self, names: Sequence[str]) -> Findings:
        """Return the findings about some persons and principals."""
        return self._findings("list_contains($given, person) or list_contains($given, principal)", names)

    def identities(self, *, names: Sequence[str] = ()) -> Identities:
        """Return every identity with its first and last use over all history, or only those of some names."""
        with Engine() as engine:
            self.store.show(engine, "seen")
            rows = engine.query(
                "select person, principal, account, min(first_time) as first_use, max(last_time) as last_use, "
                "sum(days)::bigint as days, sum(events)::bigint as events from seen where dimension = 'account' "
                "and (len($given) = 0 or list_contains($given, person) or list_contains($given, principal)) "
                "group by all order by events desc, principal", given=list(names),
            )  # fmt: skip
        return Identities(rows, self, title="identities")

    def digests(self) -> Digests:
        """Return what digests there are, the newest first, with the number of findings of each severity."""
        with Engine() as engine:
            self.store.show(engine, "digests")
            self.store.show(engine, "findings")
            rows = engine.query(
                "with told as (select dt, count(*) as findings, count(*) filter (where severity = 'critical') as critical, "
                "count(*) filter (where severity = 'high') as high, count(*) filter (where status = 'new') as new "
                "from findings where status not in ('ended', 'resolved') group by dt) "
                "select d.dt as day, max(d.made_at) as made_at, arg_max(d.complete, d.made_at) as complete, "
                "coalesce(any_value(t.findings), 0) as findings, coalesce(any_value(t.critical), 0) as critical, "
                "coalesce(any_value(t.high), 0) as high, coalesce(any_value(t.new), 0) as new "
                "from digests as d left join told as t using (dt) group by d.dt order by day desc"
            )
        return Digests(rows, self, title="digests")

    def _findings(self, condition: str, given: Sequence[str]) -> Findings:
        with Engine() as engine:
            self.store.show(engine, "findings")
            rows = engine.query(
                f"select * exclude (body, run) from findings where {condition} "
                "qualify row_number() over (partition by id order by dt desc) = 1 "
                "order by list_position(['critical', 'high', 'medium', 'low', 'info'], severity), first_time, id",
                given=list(given),
            )  # fmt: skip
        return Findings(rows, self, title="findings")

    def _last_day(self) -> date:
        days: list[date] = [key[0] for key in self.store.partitions("activity")]
        if not days:
            raise StoreError(
                "nothing is settled yet", where=self.store.uri, hint="trailwatch ingest SOURCE, then settle"
            )
        return max(days) + timedelta(days=1)


def _window(start: str | None, end: str | None) -> Window | None:
    return parse_window(start, end, now=datetime.now(UTC)) if start or end else None
