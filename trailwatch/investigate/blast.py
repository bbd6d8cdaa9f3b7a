"""How far a credential got: what it touched, what it made, and which of that was taken away again."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from trailwatch.engine import Engine
from trailwatch.investigate.desk import BESIDE, Desk
from trailwatch.investigate.listed import dicts

MOST = 2_000  # things made that are followed
FEW = 50  # of which events are looked for by name
_PLAIN = re.compile(r"[\w.,:=@+-]+", re.ASCII)


@dataclass(frozen=True)
class Touched:
    """A resource, and what was done to it."""

    account: str
    service: str
    resource: str
    reads: int
    changes: int
    denied: int
    first_time: datetime
    last_time: datetime


@dataclass(frozen=True)
class Created:
    """Something that was made, and what became of it."""

    kind: str
    name: str
    account: str
    action: str
    time: datetime
    by: str  # credential
    event_id: str
    fate: str = "no removal seen"
    fate_time: datetime | None = None
    fate_by: str = ""

    @property
    def lives(self) -> bool:
        """Whether nothing is known that took it away."""
        return not self.fate.startswith("removed")


@dataclass(frozen=True)
class Key:
    """A long-term key, and the credential that made it."""

    key: str
    time: datetime
    by: str
    owner: str  # the principal that the key belongs to
    target: str
    event_id: str
    account: str

    def as_created(self) -> Created:
        """Return the key as something that was made."""
        return Created("access-key", self.key, self.account, "iam:CreateAccessKey", self.time, self.by, self.event_id)


def makers(desk: Desk, keys: Sequence[str]) -> list[Key]:
    """Return who made some long-term keys, at any time."""
    if not keys:
        return []
    first, _ = desk.life(keys)
    days = [day for day in desk.days_of_actions(["iam:CreateAccessKey"], everywhere=True) if day <= first]
    told = {f"key_{place}": key for place, key in enumerate(keys)}
    desk.take(days, "event_name = 'CreateAccessKey'", everywhere=True, without=BESIDE,
              then=" or ".join(f"contains(response, ${name})" for name in told), **told)  # fmt: skip
    return [key for key in _keys(desk) if key.key in set(keys)]


def keys_made_by(desk: Desk, credentials: set[str], days: set[date]) -> list[Key]:
    """Return the long-term keys that some credentials made on some days."""
    possible = [day for day in desk.days_of_actions(["iam:CreateAccessKey"], everywhere=True) if day in days]
    if not possible:
        return []
    desk.take_keys(possible, *signed(credentials), also="event_name = 'CreateAccessKey'", without=BESIDE)
    return [key for key in _keys(desk) if key.by in credentials]


def signed(credentials: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the keys among some credentials, and the principal ids of those that sign without a key."""
    keys = sorted(one for one in credentials if one.startswith(("AKIA", "ASIA")))
    return keys, sorted({one.rpartition("@")[0] for one in credentials if "@" in one})


def _keys(desk: Desk) -> list[Key]:
    if not desk.taken():
        return []
    desk.means()
    rows = desk.engine.rows(
        "select issued_key, event_time, credential, case when target_user = '' then principal else account || '/user/' "
        "|| target_user end as owner, split_part(owner, '/', -1), event_id, account "
        "from events where outcome = 'ok' and starts_with(issued_key, 'AKIA') order by event_time"
    )
    return [Key(*row) for row in rows]


def used_days(desk: Desk, credentials: Iterable[str]) -> list[date]:
    """Return the days on which some credentials were used."""
    found: set[date] = set()
    for key in credentials:
        if key.startswith("AKIA"):
            found |= set(desk.seen_days("key", key))
    desk.tell("tree", credentials)
    found |= {row[0] for row in desk.engine.rows(
        "select distinct dt from sessions_window semi join tree using (credential) where issued_event_id = ''"
    )}  # fmt: skip
    return sorted(found)


def touched(engine: Engine) -> list[Touched]:
    """Return the resources of the events in `done`, the changed ones first."""
    return [Touched(**row) for row in dicts(engine.relation("lineage_touched"))]


def making() -> list[str]:
    """Return the actions that make something."""
    return [action for rule in _rules().values() for action in rule["made"]]


def created(desk: Desk) -> list[Created]:
    """Return what the events in `making` made."""
    makes = {action: (kind, paths) for kind, rule in _rules().items() for action, paths in rule["made"].items()}
    rows = desk.engine.rows(
        "select action, account, event_time, credential, event_id, request, response from making "
        "where outcome = 'ok' and list_contains($actions, action) order by event_time, event_id limit $most",
        actions=list(makes), most=MOST,
    )  # fmt: skip
    found = []
    for action, account, time, credential, event_id, request, response in rows:
        kind, paths = makes[action]
        found += [Created(kind, name, account, action, time, credential, event_id)
                  for name in names(paths, request, response)]  # fmt: skip
    return found


def fates(desk: Desk, made: Sequence[Created]) -> list[Created]:
    """Return what was made with what became of it, by anybody, up to the end of the logs."""
    if not made:
        return []
    rules = {kind: _rules()[kind] for kind in {one.kind for one in made}}
    removals: dict[str, list[tuple[str, str, list[str]]]] = {}
    for sort, rule in rules.items():
        for how in ("gone", "off"):
            for action, paths in rule.get(how, {}).items():
                removals.setdefault(action, []).append((sort, how, paths))
    start = min(one.time for one in made)
    days: set[date] = set()
    for sort, rule in rules.items():
        since = _since(desk, [one for one in made if one.kind == sort])
        actions = [*rule.get("gone", {}), *rule.get("off", {})]
        days |= {day for day in desk.days_of_actions(actions, everywhere=True) if day >= since}
    then, words = _named(made)
    desk.take(days, "event_name in $names", everywhere=True, without=BESIDE, then=then,
              names=sorted({action.partition(":")[2] for action in removals}), **words)  # fmt: skip
    if not desk.taken():
        return list(made)
    desk.understand()
    rows = desk.engine.rows(
        "select action, account, event_time, coalesce(nullif(person, ''), principal), request, response "
        "from attributed where outcome = 'ok' and list_contains($actions, action) and event_time >= $start "
        "order by event_time", actions=list(removals), start=start,
    )  # fmt: skip
    ends: dict[tuple[str, str, str], list[tuple[datetime, str, str]]] = {}
    for action, account, time, who, request, response in rows:
        for kind, how, paths in removals[action]:
            if kind == "access-key" and how == "off" and '"Inactive"' not in (request or ""):
                continue
            for name in names(paths, request, response):
                ends.setdefault((kind, account, name), []).append((time, how, who))
    return [_fate(one, ends.get((one.kind, one.account, one.name), [])) for one in made]


def _named(made: Sequence[Created]) -> tuple[str, dict[str, str]]:
    """Return a condition for events that name something of what was made; none where JSON may write a name otherwise."""
    words = {one.name.partition(" ")[0] for one in made}
    if len(words) > FEW or not all(_PLAIN.fullmatch(word) for word in words):
        return "true", {}
    told = {f"word_{place}": word for place, word in enumerate(sorted(words))}
    return " or ".join(f"contains(request, ${name}) or contains(response, ${name})" for name in told), told


def _since(desk: Desk, made: Sequence[Created]) -> date:
    """Return the first day on which things of one kind can have gone: keys not before their last use."""
    since = min(one.time for one in made).date()
    return max(since, desk.life([one.name for one in made])[1]) if made[0].kind == "access-key" else since


def _fate(one: Created, ends: Sequence[tuple[datetime, str, str]]) -> Created:
    later = [end for end in ends if end[0] >= one.time]
    gone = next((end for end in later if end[1] == "gone"), later[-1] if later else None)
    if gone is None:
        return one
    word = "removed" if gone[1] == "gone" else "switched off"
    return replace(one, fate=word, fate_time=gone[0], fate_by=gone[2])


def names(paths: Sequence[str], request: str | None, response: str | None) -> Iterator[str]:
    """Yield the names that a record gives to what it makes or removes; none where one of the paths leads nowhere."""
    sides = {"request": _json(request), "response": _json(response)}
    values: list[list[str]] = []
    for path in paths:
        side, _, rest = path.partition(".")
        values.append([str(value) for value in _walk(sides[side], rest.split(".")) if isinstance(value, str | int)])
    if len(values) == 1:
        yield from values[0][:100]
    elif all(values):
        yield " ".join(found[0] for found in values)


def _walk(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    name, _, every = steps[0].partition("[")
    inner = value.get(name) if isinstance(value, Mapping) else None
    if every and isinstance(inner, list):
        for one in inner:
            yield from _walk(one, steps[1:])
    elif not every and inner is not None:
        yield from _walk(inner, steps[1:])


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


@cache
def _rules() -> dict[str, dict[str, dict[str, list[str]]]]:
    file = resources.files("trailwatch.investigate") / "creations.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
