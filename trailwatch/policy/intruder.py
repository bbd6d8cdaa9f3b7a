"""Labelled techniques played with the session of a principal: what policies would still have allowed an intruder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest import collect
from trailwatch.policy import past as pasts
from trailwatch.policy.evaluate import Policies
from trailwatch.policy.past import Past, gathered
from trailwatch.policy.replay import MEMORY, Replay, judge
from trailwatch.profile import sessions
from trailwatch.progress import Silent
from trailwatch.store.schema import TEXT
from trailwatch.store.tables import Store
from trailwatch.window import Window

LABELS = "labels.json"
MOST_CALLS = 20_000
_MOST_BYTES = 10_000_000
From = Literal["elsewhere", "inside"]


@dataclass(frozen=True)
class Fate:
    """How the calls of one technique would have fared."""

    denied: int
    allowed: int
    unknown: int

    @property
    def word(self) -> str:
        """In a word or two; blocked only where every call is denied."""
        total = self.denied + self.allowed + self.unknown
        if not total:
            return "no call that a policy judges"
        if self.denied == total:
            return "blocked"
        if self.allowed == total:
            return "allowed"
        doubt = f", {self.unknown} cannot tell" if self.unknown else ""
        return f"{self.denied} of {total} calls denied{doubt}"


@dataclass(frozen=True)
class Technique:
    """One technique, from two places."""

    id: str
    name: str
    calls: int
    elsewhere: Fate
    inside: Fate


@dataclass(frozen=True)
class Intruder:
    """All techniques of a folder."""

    techniques: tuple[Technique, ...]

    def blocked(self, place: From) -> int:
        """Return how many techniques are blocked from some place."""
        return sum(getattr(one, place).word == "blocked" for one in self.techniques)


def intrude(past: Past, policies: Policies, *, folder: str) -> Intruder:
    """Play the techniques of a folder as the principal of a past."""
    return play(past.engine, policies, past.principal, past.until, folder=folder) if folder else Intruder(())


def beside(
    store: Store, policies: Policies, *, principal: str, window: Window, config: Config, folder: str
) -> Intruder:
    """Play the techniques of a folder as a principal of a store, beside a replay of its own calls."""
    since, split, until = pasts.window(store, window)
    with Engine(memory=MEMORY) as engine:
        store.show(engine, "seen")
        store.show(engine, "sessions")
        past = gathered(store, engine, principal, since=since, split=split, until=until, config=config)
        return play(past.engine, policies, principal, until, folder=folder)


def play(engine: Engine, policies: Policies, principal: str, until: datetime, *, folder: str) -> Intruder:
    """Play the techniques of a folder with the newest session of a principal in the relation `past` of an engine."""
    labels = _labels(Path(folder))
    named = {event: id for id, label in labels.items() for event in label.get("attack", ())}
    events, _ = collect.read(folder, access=None, progress=Silent())
    with Engine() as own:
        own.table("all_events", events)
        own.table("wanted", pa.table({"event_id": pa.array(sorted(named), TEXT)}))
        own.execute(f"create table raw_events as select distinct on (event_id) * from all_events semi join wanted "
                    f"using (event_id) limit {MOST_CALLS}")  # fmt: skip
        sessions.resolve(own, aliases={})
        acts = own.query("select * from attributed")
    engine.table("acts", acts)
    fates: dict[str, dict[From, Fate]] = {}
    for place in ("elsewhere", "inside"):
        engine.execute("drop table if exists meant")
        engine.build("meant", relation="policy_acts", principal=principal, until=until, inside=place == "inside")
        made = judge(engine, policies, (principal,), window=Window(), ids=MOST_CALLS, records="acts")
        for id, fate in _fates(made, named).items():
            fates.setdefault(id, {})[place] = fate
    none = Fate(0, 0, 0)
    return Intruder(tuple(
        Technique(id, str(label.get("name", id)), len(label.get("attack", ())),
                  fates.get(id, {}).get("elsewhere", none), fates.get(id, {}).get("inside", none))
        for id, label in sorted(labels.items())
    ))  # fmt: skip


def _fates(made: Replay, named: dict[str, str]) -> dict[str, Fate]:
    counts: dict[str, dict[str, int]] = {}
    for line in made.lines:
        for event in line.event_ids:
            one = counts.setdefault(named[event], {"would deny": 0, "allow": 0, "cannot tell": 0})
            one[line.outcome] += 1
    return {id: Fate(one["would deny"], one["allow"], one["cannot tell"]) for id, one in counts.items()}


def _labels(folder: Path) -> dict[str, Any]:
    path = folder / LABELS
    hint = "a folder with labels.json, and one folder of logs for each technique"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SourceError(f"this is larger than {_MOST_BYTES:,} bytes", where=str(path), hint=hint)
        found = json.loads(path.read_text(encoding="utf-8"))["techniques"]
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError("this holds no techniques", where=str(path), hint=hint) from error
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise SourceError("techniques are not an object of objects", where=str(path), hint=hint)
    return found
