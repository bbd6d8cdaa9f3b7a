"""What of a large scope the rules can ask for: read in one pass, and kept small enough to be asked again and again.

An event that no rule can ask for cannot matter; the long texts of an event stay only where a rule that reads them may
look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trailwatch.detect.asks import LONG, Ask, asks, words
from trailwatch.detect.compile import KEYS, VALUES, columns_of
from trailwatch.detect.detection import Detection
from trailwatch.detect.writing import sql_text
from trailwatch.engine import Engine
from trailwatch.errors import EngineError


def keep(engine: Engine, detections: Sequence[Detection]) -> bool:
    """Put a table of what the rules can ask for in the place of the view `scope`; tell whether that could be done."""
    present = [name for (name,) in engine.rows("select column_name from (describe scope)")]
    asked = [ask for detection in detections for ask in asks(engine, detection, frozenset(present))]
    named = set().union(
        *(words(f"{d.where} {d.query}") | set(columns_of(d)) for d in detections), KEYS, VALUES.values()
    )
    wanted = [
        name
        for name in present
        if name in named | {"origin", "event_source", "outcome", "management_event", "event_category"}
    ]
    long = f"case when {_any(ask for ask in asked if ask.long)} then "
    columns = ", ".join(f"{long}{name} end as {name}" if name in LONG else name for name in wanted)
    try:
        engine.execute(f"create or replace table narrow as select {columns} from scope where {_any(asked)}")
    except EngineError:
        # A condition fails on some event. Its own rule, asked alone, says which and why; the others go on.
        return False
    engine.execute("drop view scope")
    engine.execute("alter table narrow rename to scope")
    return True


def restore(engine: Engine) -> None:
    """Bring the whole scope back."""
    engine.execute("drop table scope")
    engine.view("scope")


def _any(asked: Iterable[Ask]) -> str:
    actions: set[str] = set()
    conditions: dict[str, None] = {}
    for ask in asked:
        if ask.actions is None:
            conditions[ask.condition] = None
        else:
            actions |= ask.actions
    bound = [f"action in ({', '.join(sql_text(one) for one in sorted(actions))})"] if actions else []
    return "(" + " or ".join([*bound, *conditions] or ["false"]) + ")"
