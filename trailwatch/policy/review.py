"""Granted against used, for every user and role of the newest exports; and the signature under it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.actions import passing, permission
from trailwatch.config import Config
from trailwatch.detect import exports
from trailwatch.detect.relations import DETAILS
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, StoreError
from trailwatch.policy import past
from trailwatch.policy.escalation import held
from trailwatch.policy.granted import Source, granted, spelled
from trailwatch.policy.reviewed import Identity, Review, Signed, Unused, Way
from trailwatch.policy.weighing import CHANGING, DATA, MANY, in_the_dark, level_of, steps
from trailwatch.policy.workloads import workloads
from trailwatch.snapshot.changes import changes
from trailwatch.store.schema import REVIEWS
from trailwatch.store.tables import Store
from trailwatch.window import Window

_HANDED = "iam:passrole"


@dataclass(frozen=True)
class _Uses:
    calls: Mapping[str, int]  # by action, in lower case
    last: Mapping[str, datetime]


def review(
    store: Store, *, window: Window, config: Config | None = None, identity: str = "", account: str = "", sign: str = "",
    now: datetime | None = None,
) -> Review:  # fmt: skip
    """Review every user and role, those of an account, or one; with a name, the review is signed."""
    config, now = config or Config(), now or datetime.now(UTC)
    if sign and (len(sign) > 200 or not sign.isprintable() or not sign.strip()):
        raise ConfigError("a signature is a name", where="--sign", hint='--sign "Carol Smith"')
    since, _, until = past.window(store, window)
    with Engine() as engine:
        store.show(engine, "seen")
        store.show(engine, "activity", days=(since.date(), (until - timedelta(microseconds=1)).date()))
        known = exports.show(store, engine, day=now.date())
        if not any(one.kind == DETAILS and one.taken_at for one in known):
            raise StoreError("there is no export of IAM to review", where=store.uri, hint="trailwatch snapshot")
        exports.build(engine, config, day=now.date())
        entities = [row for row in engine.relation("review_entities").to_pylist() if _wanted(row, identity, account)]
        if not entities:
            what = f"no user or role of the newest exports is called {identity!r}" if identity else "no user or role"
            raise StoreError(what, where=store.uri, hint="a name, an ARN, or account/user/name")
        sources = _sources(engine)
        texts = {(row["account"], row["arn"]): row["document"] for row in engine.relation("review_texts").to_pylist()}
        uses = _uses(engine, since.date(), until.date())
        latest = signatures(store, engine)
    changed = _changes(store, entities, latest, now.date())
    logged = {action for used in uses.values() for action, calls in used.calls.items() if calls}
    found = [_identity(row, sources, texts, uses, latest, changed, DATA - logged) for row in entities]
    made = Review(
        since, until, min(row["taken_at"] for row in entities),
        tuple(sorted(found, key=lambda one: (-one.risk, one.principal))), sign,
        tuple(one for one in workloads(store, window=Window(since, until), config=config).workloads
              if one.principal in {row["principal"] for row in entities}),
    )  # fmt: skip
    if sign:
        _sign(store, made, by=sign, now=now)
    return made


def signatures(store: Store, engine: Engine) -> dict[str, Signed]:
    """Return the newest signature under each principal."""
    store.show(engine, REVIEWS.name, name="signed")
    rows = engine.rows("select principal, arg_max(signed_by, signed_at), max(signed_at) from signed group by principal")
    return {principal: Signed(by or "", at) for principal, by, at in rows}


def _sign(store: Store, made: Review, *, by: str, now: datetime) -> None:
    rows = [{"dt": now.date(), "account": one.account, "principal": one.principal, "signed_at": now, "signed_by": by}
            for one in made.identities]  # fmt: skip
    store.append(REVIEWS.name, pa.Table.from_pylist(rows, schema=REVIEWS.columns))


def _wanted(row: Mapping[str, Any], identity: str, account: str) -> bool:
    names = (
        row["principal"].lower(),
        row["name"].lower(),
        row["arn"].lower(),
        row["principal"].rpartition("/")[2].lower(),
    )
    return (not identity or identity.strip().lower() in names) and (not account or row["account"] == account)


def _sources(engine: Engine) -> dict[tuple[str, str, str], list[Source]]:
    """Return the policies of each user, role and group by account, kind and name."""
    found: dict[tuple[str, str, str], list[Source]] = defaultdict(list)
    for row in engine.query(
        "select account, owner_kind, owner_name, policy_name, policy_kind, document from iam_policies order by all"
    ).to_pylist():
        name = row["owner_name"]
        through = name if row["owner_kind"] == "group" else ""
        found[row["account"], row["owner_kind"], name].append(
            Source(row["policy_name"], row["policy_kind"], through, row["document"] or "")
        )
    return found


def _uses(engine: Engine, since: date, until: date) -> dict[str, _Uses]:
    calls: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    last: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in engine.relation("review_used", since=since, until=until).to_pylist():
        service, _, name = row["action"].partition(":")
        needed = permission(f"{service}.amazonaws.com", name)
        for action in (needed.action, *needed.besides) if needed.action else ():
            key = action.lower()
            if row["calls"] and passing(action):
                # To hand over a role leaves no record of its own: what may hand one over counts as use.
                calls[row["principal"]][_HANDED] += row["calls"]
            calls[row["principal"]][key] += row["calls"]
            if row["last_time"]:
                last[row["principal"]][key] = max(row["last_time"], last[row["principal"]].get(key, row["last_time"]))
    return {principal: _Uses(dict(counts), last[principal]) for principal, counts in calls.items()}


def _identity(
    row: Mapping[str, Any], sources: Mapping[tuple[str, str, str], Sequence[Source]],
    texts: Mapping[tuple[str, str], str], uses: Mapping[str, _Uses], latest: Mapping[str, Signed],
    changed: Mapping[str, tuple[str, ...]], dark: frozenset[str],
) -> Identity:  # fmt: skip
    account, principal = row["account"], row["principal"]
    own = [*sources.get((account, row["kind"], row["name"]), ())]
    own += [one for group in row["groups"] or () for one in sources.get((account, "group", group), ())]
    edge = row["boundary"]
    boundary = Source(edge.rpartition("/")[2], "boundary", "", texts.get((account, edge)) or "") if edge else None
    allowed = granted(own, boundary)
    used = uses.get(principal, _Uses({}, {}))
    ways = tuple(
        Way(path.id, path.actions, path.how, min(used.calls.get(action.lower(), 0) for action in path.actions),
            any(action.lower() in allowed.limited for action in path.actions))
        for path in held(allowed.actions)
    )  # fmt: skip
    by_service: dict[str, set[str]] = defaultdict(set)
    for action in allowed.actions:
        by_service[action.partition(":")[0]].add(action)
    called = {action for action, calls in used.calls.items() if calls and action in allowed.actions}
    active = {action.partition(":")[0] for action in called}
    own_dark = dark & allowed.actions
    wide = len(allowed.actions) > MANY
    # Of services whose data nobody logs, what is logged may be unused for all that.
    logged = {service: actions - (set() if wide else own_dark) for service, actions in by_service.items()}
    unused = tuple(
        Unused(service, len(actions), max((at for key, at in used.last.items() if key in actions), default=None),
               but_data=actions != by_service[service])
        for service, actions in sorted(logged.items()) if actions and service not in active
    )  # fmt: skip
    idle = {service: tuple(sorted(spelled(one) for one in by_service[service] - called - dark if level_of(one) in CHANGING))
            for service in sorted(active)}  # fmt: skip
    idle = {service: names for service, names in idle.items() if names}
    return Identity(
        account, principal, row["kind"], tuple(_named(one) for one in own), boundary.name if boundary else "",
        len(allowed.actions), len(called), len(by_service), unused, idle, tuple(allowed.wildcards), ways,
        changed.get(principal, ()), (*allowed.uncertain, *in_the_dark(own_dark, wide=wide)),
        tuple(steps(principal, allowed, logged, used.calls, unused, idle, ways)), max(used.last.values(), default=None),
        latest.get(principal),
    )  # fmt: skip


def _named(source: Source) -> str:
    return f"{source.name} ({source.kind}{f', group {source.through}' if source.through else ''})"


def _changes(
    store: Store, entities: Sequence[Mapping[str, Any]], latest: Mapping[str, Signed], today: date
) -> dict[str, tuple[str, ...]]:
    """Return what changed in IAM about each identity since its review was signed, as the exports tell."""
    found: dict[str, tuple[str, ...]] = {}
    for day in sorted({latest[row["principal"]].at.date() for row in entities if row["principal"] in latest}):
        before, after = (_bodies(store, when) for when in (day, today))
        told = {account: changes(DETAILS, before[account], after[account]) for account in before.keys() & after.keys()}
        for row in entities:
            signed = latest.get(row["principal"])
            if signed and signed.at.date() == day:
                names = [f"{row['kind']} {row['name']}", *(f"group {group}" for group in row["groups"] or ())]
                found[row["principal"]] = tuple(
                    f"{one.change} {one.what} {one.name}{f': {one.detail}' if one.detail else ''}"
                    for one in told.get(row["account"], ())
                    if one.name in (*names, row["name"]) or any(one.name.endswith(f"of {name}") for name in names)
                )
    return found


def _bodies(store: Store, day: date) -> dict[str, Any]:
    with Engine() as engine:
        exports.show(store, engine, day=day)
        rows = engine.relation("posture_exports").to_pylist()
    return {row["account"]: json.loads(row["body"]) for row in rows if row["kind"] == DETAILS}
