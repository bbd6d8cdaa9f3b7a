"""Who was behind each event: the session tree of records that one engine holds, without a store."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trailwatch.engine import Engine

_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(?:(user|role)/(?:.*/)?([^/]+)|root)")

FEW = 10_000
"""So many events are held with their meaning; of more, the meaning is worked out by whoever reads it."""


def known_aliases(aliases: Mapping[str, str]) -> dict[str, str]:
    """Return alias → person as the views read them; an alias is another name, a principal or an IAM ARN."""
    found: dict[str, str] = {}
    for alias, person in aliases.items():
        arn = _ARN.fullmatch(alias.strip())
        name = alias.strip() if arn is None else _principal(arn)
        found[name.lower()] = person.strip().lower()
    return found


def know(engine: Engine, aliases: Mapping[str, str]) -> None:
    """Make the relation `aliases`, which the views read."""
    found = known_aliases(aliases)
    engine.texts("aliases", alias=list(found), person=list(found.values()))


def resolve(engine: Engine, *, aliases: Mapping[str, str]) -> None:
    """Make `events`, `sessions`, `links` and `attributed` from the relation `raw_events` of an engine."""
    means(engine)
    engine.build("sessions")
    engine.execute("create or replace view sessions_window as from sessions")
    attribute(engine, aliases=aliases)


def means(engine: Engine) -> None:
    """Make `events` from the relation `raw_events`: what each record says by itself."""
    engine.view("parts")
    [(few,)] = engine.rows("select count(*) <= $most from raw_events", most=FEW)
    if few:
        # To plan the view takes longer than to read so few events; each relation above it would plan it again.
        engine.build("events")
    else:
        engine.view("events")


def attribute(engine: Engine, *, aliases: Mapping[str, str]) -> None:
    """Make `links` and `attributed` from `events` and the relation `sessions_window`."""
    engine.build("links")
    know(engine, aliases)
    engine.view("attributed")


def _principal(arn: re.Match[str]) -> str:
    account, kind, name = arn.groups()
    return f"{account}/{kind}/{name}" if kind else f"{account}/root"
