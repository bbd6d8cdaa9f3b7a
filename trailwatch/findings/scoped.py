"""The rows of `scope` for a few events of a store, wherever they lie: what findings and templates are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import context
from trailwatch.engine import Engine
from trailwatch.findings.groups import Row, read_events
from trailwatch.profile import sessions
from trailwatch.store.schema import TEXT
from trailwatch.store.tables import Days, Store

SESSION_DAYS = timedelta(days=2)  # a temporary credential lives up to 36 hours


def read(
    store: Store, ids: Iterable[str], *, days: Days, config: Config, more: Iterable[str] = ()
) -> Mapping[str, Row]:
    """Return the events of the given ids that lie in a range of days, with their meaning and context.

    They are seen without history: what a finding says of "before" is in the finding.
    """
    wanted = pa.table({"event_id": pa.array(sorted(set(ids)), TEXT)})
    if not wanted.num_rows:
        return {}
    with Engine() as engine:
        store.show(engine, "events", days=days, name="stored_events")
        engine.table("wanted_events", wanted)
        engine.execute("create table raw_events as from stored_events semi join wanted_events using (event_id)")
        first = date.min if days[0] == date.min else days[0] - SESSION_DAYS
        store.show(engine, "sessions", days=(first, days[1]), name="sessions_window")
        sessions.means(engine)
        sessions.attribute(engine, aliases=config.aliases())
        context.build(engine, config)
        return read_events(engine, wanted, more=more)
