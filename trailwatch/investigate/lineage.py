"""Where a credential came from, and what came of it: the session tree up to a human or workload, and all below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.investigate import blast
from trailwatch.investigate.asked import Asked, resolve
from trailwatch.investigate.desk import LEAN, MEMORY, SESSIONS, Desk
from trailwatch.investigate.listed import dicts
from trailwatch.investigate.subject import credential_days, take
from trailwatch.investigate.tree import Node, under
from trailwatch.store.tables import Store
from trailwatch.window import Window

SEEDS = 200  # sessions of one identity that are followed, the newest
ROUNDS = 4  # keys made with keys that were made


@dataclass(frozen=True)
class Lineage:
    """A tree of credentials, what was done with those below the one that was asked for, and what lives on."""

    asked: Asked
    span: str
    nodes: list[Node]
    used: pa.Table  # credential × action × outcome
    touched: list[blast.Touched]
    created: list[blast.Created]
    until: date  # what was taken away is known up to here
    notes: tuple[str, ...] = ()


def lineage(store: Store, text: str, *, config: Config, window: Window | None = None) -> Lineage:
    """Return the session tree of a key, session, event, user, role, person or address [default: the last 90 days]."""
    with Engine(memory=MEMORY) as engine:
        asked = resolve(store, engine, text)
        if asked.kind == "resource":
            raise StoreError("a resource has no session tree", where=text, hint=f"trailwatch history {text}")
        desk = Desk(store, engine, config, window)
        notes: list[str] = []
        seeds = _seeds(desk, asked, notes)
        nodes, keys = _grow(desk, seeds, notes)
        nodes = [replace(node, asked=node.id in seeds) for node in nodes]
        below = under(nodes, seeds)
        left = _done(desk, [node for node in nodes if node.id in below])
        if left:
            notes.append("There are more events than are read at once: what was done is a part of it.")
        made = blast.created(desk)
        known = {one.name for one in made}
        fates = blast.fates(desk, [*made, *(key.as_created() for key in keys if key.key not in known)])
        ends = {one.name: one for one in fates if one.kind == "access-key"}
        nodes = [replace(node, gone=_end(ends[node.id])) if node.id in ends else node for node in nodes]
        created = [one for one in fates if one.name in known]
        return Lineage(
            asked, desk.span, _counted(engine, nodes), engine.relation("lineage_used"), blast.touched(engine), created,
            desk.stored[-1], tuple(notes),
        )  # fmt: skip


def _seeds(desk: Desk, asked: Asked, notes: list[str]) -> dict[str, set[date]]:
    """Return the credentials that are asked for, each with the days on which it was issued or used."""
    if asked.kind == "key":
        return {asked.value: set(desk.seen_days("key", asked.value))}
    if asked.kind == "credential":
        days = credential_days(desk, asked.value)
        if not days:
            raise StoreError(f"no session {asked.value!r} in {desk.span}", where=desk.store.uri, hint="--from and --to")
        return {asked.value: set(days)}
    if asked.kind in {"address", "event"}:
        take(desk, asked)
        desk.understand()
        rows = desk.engine.rows(
            "select coalesce(nullif(credential, ''), issued_key) as credential, list(distinct dt) from attributed "
            "where coalesce(nullif(credential, ''), issued_key) <> '' group by 1"
        )
        if not rows:
            raise StoreError(f"no credential is known for {asked.title}", where=desk.span, hint="--from and --to")
        return {row[0]: set(row[1]) for row in rows}
    desk.show("sessions", desk.days, name="stored_sessions")
    own = {"identity": "(person <> '' and list_contains($persons, person)) or list_contains($principals, principal)"}
    rows = desk.engine.rows(
        "select credential, list(distinct dt), max(coalesce(last_time, issued_time)) as last from stored_sessions "
        f"where credential <> '' and ({own.get(asked.kind, 'list_contains(addresses, $value)')}) "
        "group by credential order by last desc",
        **({"persons": list(asked.persons), "principals": list(asked.principals)} if asked.kind in own
           else {"value": asked.value}),
    )  # fmt: skip
    if len(rows) > SEEDS:
        notes.append(f"The newest {SEEDS} of {len(rows):,} sessions; --from and --to choose others.")
    found = {row[0]: set(row[1]) for row in rows[:SEEDS]}
    for (key,) in desk.engine.rows(
        "select distinct value from seen where dimension = 'key' and (" + own["identity"] + ")",
        persons=list(asked.persons), principals=list(asked.principals),
    ):  # fmt: skip
        if active := set(desk.seen_days("key", key)):
            found[key] = active
    if not found:
        raise StoreError(f"no session of {asked.title} in {desk.span}", where=desk.store.uri, hint="--from and --to")
    return found


def _grow(desk: Desk, seeds: dict[str, set[date]], notes: list[str]) -> tuple[list[Node], list[blast.Key]]:
    """Follow the credentials up and down, and through the keys that were made on the way."""
    engine = desk.engine
    days: set[date] = set().union(*seeds.values())
    made = _climb(desk, seeds, days)
    known = set(seeds)
    fresh = set(seeds)
    for _ in range(ROUNDS):
        if not desk.below(fresh, days):
            notes.append(f"More than {SESSIONS:,} sessions hang below it: a part of them is shown.")
        credentials = known | {row[0] for row in engine.rows("select distinct credential from sessions_window")}
        keys = blast.keys_made_by(desk, credentials, days)
        fresh = {one.key for one in keys} - known
        made |= {one.key: one for one in keys}
        if not fresh:
            break
        known |= fresh
        for key in fresh:
            days |= set(desk.seen_days("key", key))
    return _nodes(desk, known, made), list(made.values())


def _climb(desk: Desk, seeds: Iterable[str], days: set[date]) -> dict[str, blast.Key]:
    """Leave what stands above some credentials as `sessions_window`, also above the keys on the way; add to `days`."""
    made: dict[str, blast.Key] = {}
    keys, looked = {key for key in seeds if key.startswith("AKIA")}, set[str]()
    wanted = {key for key in seeds if not key.startswith("AKIA")}
    for _ in range(ROUNDS):
        found = blast.makers(desk, sorted(keys))
        made |= {one.key: one for one in found}
        looked |= keys
        wanted |= {one.by for one in found if not one.by.startswith("AKIA")}
        days |= {one.time.date() for one in found}
        desk.above(wanted, days)
        rows = desk.engine.rows("select distinct parent_credential from sessions_window")
        keys = {
            key for key in {*(row[0] for row in rows), *(one.by for one in found)} if key.startswith("AKIA")
        } - looked
        if not keys:
            break
    return made


def _nodes(desk: Desk, known: set[str], made: dict[str, blast.Key]) -> list[Node]:
    """Return a node for each credential: what issued it, who was behind it, and how it was used."""
    desk.link()
    found: dict[str, Node] = {}
    above: dict[str, str] = {}
    for row in dicts(desk.engine.relation("lineage_nodes")):
        above.setdefault(row["id"], row.pop("parent_principal"))
        found.setdefault(row["id"], Node(**row))
    for key in sorted(one for one in known | {node.parent for node in found.values()} if one.startswith("AKIA")):
        found[key] = _key(desk, key, above, found, made.get(key))
    return _topped(found, above)


def _key(desk: Desk, key: str, above: dict[str, str], found: dict[str, Node], made: blast.Key | None) -> Node:
    [(principal, person, first, last)] = desk.engine.rows(
        "select arg_min(principal, first_time), arg_min(person, first_time), min(first_time), max(last_time) "
        "from seen where dimension = 'key' and value = $key and not contains(principal, '/role/')", key=key,
    )  # fmt: skip
    child = next((node for node in found.values() if node.parent == key), None)
    owner = principal or (made.owner if made else "") or (above.get(child.id, "") if child else "")
    return Node(
        key, "access-key", owner, person=person or (owner.rpartition("/")[2] if "/user/" in owner else ""),
        parent=made.by if made else "", issued_time=made.time if made else None,
        issued_event_id=made.event_id if made else "", first_time=first, last_time=last,
        made=made.target if made else "", gap="" if made else "who made this key is not in these logs",
    )  # fmt: skip


def _topped(found: dict[str, Node], above: dict[str, str]) -> list[Node]:
    """Return the nodes with what stands above the topmost: a person, a workload or a service, or a gap."""
    tops: dict[str, Node] = {}
    placed = []
    for node in found.values():
        owner = above.get(node.id, "")
        if node.kind == "access-key" and not node.parent:
            tops[node.principal] = Node(node.principal, "origin", node.principal, person=node.person)
            placed.append(replace(node, parent=node.principal))
        elif node.parent in found:
            placed.append(node)
        elif node.parent:
            # Somebody used a credential whose own beginning is not in these logs.
            tops[node.parent] = Node(node.parent, "missing", owner, gap="what this is is not in these logs")
            placed.append(node)
        elif not node.issued_event_id:
            placed.append(replace(node, gap="what issued it is not in these logs"))
        elif owner or node.kind == "console":
            owner = owner or node.principal
            tops[owner] = Node(owner, "origin", owner, person=node.person)
            placed.append(replace(node, parent=owner))
        else:
            placed.append(node)
    return [*placed, *tops.values()]


def _done(desk: Desk, nodes: Iterable[Node]) -> int:
    """Leave as `done` the events of some credentials; returns whether some were left out."""
    credentials = [node.id for node in nodes if node.kind != "origin"]
    keys, ids = blast.signed(credentials)
    days = blast.used_days(desk, credentials)
    left = desk.take_keys(days, keys, ids, without=LEAN)
    desk.understand()
    desk.tell("tree", credentials)
    desk.engine.execute("create or replace table done as select * from attributed semi join tree using (credential)")
    # The columns that say what was made are read of the calls that make something alone.
    actions = blast.making()
    rows = desk.engine.rows("select distinct dt from done where list_contains($actions, action)", actions=actions)
    names = sorted({action.partition(":")[2] for action in actions})
    making = "select * from done limit 0"
    if rows:
        desk.take_keys([row[0] for row in rows], keys, ids, also="event_name in $names", names=names)
        desk.understand()
        making = "select * from attributed semi join tree using (credential)"
    desk.engine.execute(f"create or replace table making as {making}")
    return left


def _counted(engine: Engine, nodes: list[Node]) -> list[Node]:
    """Return the nodes with what the events say where they were read."""
    rows = {row["credential"]: row for row in dicts(engine.query(
        "select credential, count(*) as events, count(*) filter (where outcome = 'denied') as denied, "
        "min(event_time) as first_time, max(event_time) as last_time from done group by credential"
    ))}  # fmt: skip
    return [
        replace(node, denied=rows[node.id]["denied"], events=max(node.events, rows[node.id]["events"]))
        if node.id in rows else node for node in nodes
    ]  # fmt: skip


def _end(made: blast.Created) -> str:
    if made.fate_time is None:
        return made.fate
    return f"{made.fate} {made.fate_time:%Y-%m-%d %H:%M:%S} by {made.fate_by}"
