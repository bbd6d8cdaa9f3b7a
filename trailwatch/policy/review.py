"""Granted against used, for every user and role of the newest exports; and the signature under it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.actions import SENSITIVITY, level, passing, permission
from trailwatch.config import Config
from trailwatch.detect import exports
from trailwatch.detect.relations import DETAILS
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, StoreError
from trailwatch.policy import past
from trailwatch.policy.escalation import held
from trailwatch.policy.granted import Granted, Source, granted, spelled
from trailwatch.policy.reviewed import Identity, Review, Signed, Step, Unused, Way
from trailwatch.policy.workloads import workloads
from trailwatch.snapshot.changes import changes
from trailwatch.store.schema import REVIEWS
from trailwatch.store.tables import Store
from trailwatch.window import Window

MANY = 2_000  # actions; who was granted so many was granted nothing in particular
WAY_RISK = 10.0  # of each way to more than was given
_CHANGING = ("Write", "Permissions management")
# Use of data leaves a record only where the trail logs data events.
_DATA = frozenset((
    "s3:getobject", "s3:putobject", "s3:deleteobject", "s3:getobjectversion", "s3:deleteobjectversion", "s3:listbucket",
    "s3:listbucketversions", "s3:getobjecttagging", "s3:putobjecttagging", "s3:getobjectacl", "s3:putobjectacl",
    "s3:abortmultipartupload", "s3:listmultipartuploadparts", "lambda:invokefunction", "dynamodb:getitem",
    "dynamodb:putitem", "dynamodb:updateitem", "dynamodb:deleteitem", "dynamodb:query", "dynamodb:scan",
    "dynamodb:batchgetitem", "dynamodb:batchwriteitem", "sqs:sendmessage", "sqs:receivemessage", "sqs:deletemessage",
    "sns:publish", "kinesis:getrecords", "kinesis:putrecord", "kinesis:putrecords", "logs:putlogevents",
    "cloudwatch:putmetricdata", "firehose:putrecord", "firehose:putrecordbatch", "states:sendtasksuccess",
))  # fmt: skip
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
    found = [_identity(row, sources, texts, uses, latest, changed, _DATA - logged) for row in entities]
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
    unused = tuple(
        Unused(service, len(actions), max((at for key, at in used.last.items() if key in actions), default=None))
        for service, actions in sorted(by_service.items()) if service not in active and (not own_dark & actions or wide)
    )  # fmt: skip
    idle = {service: tuple(sorted(spelled(one) for one in by_service[service] - called - dark if _level(one) in _CHANGING))
            for service in sorted(active)}  # fmt: skip
    idle = {service: names for service, names in idle.items() if names}
    return Identity(
        account, principal, row["kind"], tuple(_named(one) for one in own), boundary.name if boundary else "",
        len(allowed.actions), len(called), len(by_service), unused, idle, tuple(allowed.wildcards), ways,
        changed.get(principal, ()), (*allowed.uncertain, *_dark(own_dark, wide=wide)),
        tuple(_steps(principal, allowed, by_service, used, unused, idle, ways)), max(used.last.values(), default=None),
        latest.get(principal),
    )  # fmt: skip


def _dark(actions: Iterable[str], *, wide: bool) -> Iterable[str]:
    names = [spelled(action) for action in sorted(actions)]
    if names and not wide:
        yield f"whether {', '.join(names)} was used: the trail logs no data events of it"


def _named(source: Source) -> str:
    return f"{source.name} ({source.kind}{f', group {source.through}' if source.through else ''})"


def _steps(
    principal: str, allowed: Granted, by_service: Mapping[str, set[str]], used: _Uses, unused: Sequence[Unused],
    idle: Mapping[str, Sequence[str]], ways: Sequence[Way],
) -> Iterable[Step]:  # fmt: skip
    gone = {action for one in unused for action in by_service[one.service]}
    gone |= {action.lower() for names in idle.values() for action in names}
    if unused:
        largest = sorted(unused, key=lambda one: -_risk(by_service[one.service]))
        shown = ", ".join(one.service for one in largest[:6]) + (
            f" and {len(largest) - 6} more" if len(largest) > 6 else ""
        )
        actions = {action for one in unused for action in by_service[one.service]}
        closed = [way for way in ways if any(action.lower() in actions for action in way.actions)]
        yield Step(
            principal, f"{len(unused)} services that it never used: {shown}", _risk(actions) + WAY_RISK * len(closed), 0
        )
    for service, names in idle.items():
        closed = [way for way in ways if any(action in names for action in way.actions)]
        what = f"{len(names)} changing actions of {service} that it never used, {_short(names)}"
        yield Step(principal, what, _risk(names) + WAY_RISK * len(closed), 0)
    # What is used now and then may still be worth more than it breaks.
    for action in sorted(allowed.actions - gone):
        closed = [way for way in ways if action in (one.lower() for one in way.actions)]
        calls = used.calls.get(action, 0)
        if calls and (closed or _level(action) == "Permissions management"):
            note = f", which closes {', '.join(way.id for way in closed)}" if closed else ""
            yield Step(principal, f"{spelled(action)}{note}", _risk([action]) + WAY_RISK * len(closed), calls)


def _short(names: Sequence[str]) -> str:
    return "as " + ", ".join(name.partition(":")[2] for name in names[:3])


def _level(action: str) -> str:
    prefix, _, name = action.partition(":")
    return level(f"{prefix}.amazonaws.com", name)


def _risk(actions: Iterable[str]) -> float:
    return sum(SENSITIVITY.get(_level(action), 0.5) for action in actions)


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
