"""Which queries have nothing to work on: no event in view is one that they ask for.

To plan a query takes longer than to run it over a day; most days hold no event for most of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trailwatch.detect.asks import Ask, asks, words
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.errors import EngineError

# Relations besides the events that bring ids of events: what a query finds there needs no event that it asks for.
_CARRIERS = frozenset({"links", "sessions"})


def idle(engine: Engine, queries: Sequence[Detection]) -> frozenset[str]:
    """Return the ids of queries that cannot hit, because no row of `scope` is one that they read."""
    present = frozenset(name for (name,) in engine.rows("select column_name from (describe scope)"))
    asked = {d.id: asks(engine, d, present) for d in queries if not words(d.query) & _CARRIERS}
    found = _occurring(engine, asked)
    return frozenset(name for name, places in asked.items() if places and not any(map(found.get, places)))


def _occurring(engine: Engine, asked: Mapping[str, Sequence[Ask]]) -> dict[Ask, bool]:
    """Tell of each place whether an event occurs that it asks for."""
    places = list(dict.fromkeys(ask for asks in asked.values() for ask in asks))
    if not places:
        return {}
    conditions = list(dict.fromkeys(ask.condition for ask in places if ask.actions is None))
    columns = "".join(f", coalesce(bool_or({one}), false)" for one in conditions)
    try:
        [(actions, *answers)] = engine.rows(f"select coalesce(list(distinct action), []){columns} from scope")
    except EngineError:
        # A condition fails on some event. Its own rule, asked alone, says which and why.
        return dict.fromkeys(places, True)
    told = dict(zip(conditions, answers, strict=True))
    return {ask: told[ask.condition] if ask.actions is None else bool(ask.actions & set(actions)) for ask in places}
