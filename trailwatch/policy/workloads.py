"""Long-term keys that programs on AWS use: the evidence, and the role to give instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import exports
from trailwatch.detect.places import Places
from trailwatch.detect.relations import DETAILS
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.policy import past
from trailwatch.policy.generate import generate
from trailwatch.policy.granted import Source, expand, granted
from trailwatch.policy.replay import MEMORY
from trailwatch.policy.working import Sign, Workload, Workloads
from trailwatch.profile import sessions
from trailwatch.store.schema import TEXT
from trailwatch.store.tables import Store
from trailwatch.window import Window

SERVICES = {
    "function": "lambda.amazonaws.com", "task": "ecs-tasks.amazonaws.com", "pod": "pods.eks.amazonaws.com",
    "instance": "ec2.amazonaws.com",
}  # fmt: skip

_FITS = "It allows every action that was used; whether on the same resources, `trailwatch policy replay` tells."


def workloads(store: Store, *, window: Window, config: Config | None = None) -> Workloads:
    """Return every long-term key that a program on AWS used in a window, with the role to use instead."""
    config = config or Config()
    since, _, until = past.window(store, window)
    found = _keys(store, config, since, until)
    roles = _roles(store, config) if found else {}
    return Workloads(since, until, tuple(_workload(store, rows, roles, Window(since, until)) for rows in found))


def _keys(store: Store, config: Config, since: datetime, until: datetime) -> list[list[dict[str, Any]]]:
    with Engine(memory=MEMORY) as engine:
        store.show(engine, "events", days=(since.date(), (until - timedelta(microseconds=1)).date()), name="raw_events")
        sessions.means(engine)
        places = Places(config)
        ips = [
            ip
            for (ip,) in engine.rows(
                "select distinct ip from events where access_key_id like 'AKIA%' and ip is not null"
            )
        ]
        declared = [ip for ip in ips if places.row(ip, "")["network"]]
        engine.table("declared_addresses", pa.table({"ip": pa.array(declared, TEXT)}))
        rows = engine.relation("policy_workload_keys").to_pylist()
    by_key: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_key.setdefault((row["principal"], row["key"]), []).append(row)
    return list(by_key.values())


def _roles(store: Store, config: Config) -> dict[tuple[str, str], list[tuple[str, frozenset[str]]]]:
    """Return the roles of each account that a service may take on, with what they allow, the least first."""
    today = datetime.now(UTC).date()
    with Engine() as engine:
        known = exports.show(store, engine, day=today)
        if not any(one.kind == DETAILS and one.taken_at for one in known):
            return {}
        exports.build(engine, config, day=today)
        trusted = engine.rows(
            "select distinct account, role_name, value from iam_trust where kind = 'Service' and effect = 'Allow' "
            "and not service_linked"
        )
        policies = engine.query(
            "select account, owner_name, policy_name, policy_kind, document from iam_policies where owner_kind = 'role'"
        ).to_pylist()
    own: dict[tuple[str, str], list[Source]] = {}
    for row in policies:
        source = Source(row["policy_name"], row["policy_kind"], "", row["document"] or "")
        own.setdefault((row["account"], row["owner_name"]), []).append(source)
    found: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = {}
    for account, role, service in trusted:
        allowed = granted(own.get((account, role), ()))
        found.setdefault((account, service), []).append((role, frozenset(allowed.actions)))
    return {place: sorted(roles, key=lambda role: (len(role[1]), role[0])) for place, roles in found.items()}


def _workload(
    store: Store, rows: Sequence[Mapping[str, Any]],
    roles: Mapping[tuple[str, str], Sequence[tuple[str, frozenset[str]]]], window: Window,
) -> Workload:  # fmt: skip
    first = rows[0]
    signs = tuple(
        Sign(row["kind"], row["evidence"], row["calls"], row["first_time"], row["last_time"], row["event_id"])
        for row in rows
    )
    service = SERVICES[first["kind"]]
    policies: tuple[Mapping[str, Any], ...] = ()
    note = ""
    try:
        made = generate(store, (first["principal"],), window=window)
        policies = made.documents
        if made.removed:
            note = "Left out of the policy: calls inside findings, as `trailwatch policy generate` shows."
    except StoreError as error:
        note = f"No policy could be made of its use: {error.what}."
    actions = set().union(*(expand(one) for policy in policies for one in _allowed(policy)))
    fitting = [name for name, allowed in roles.get((first["account"], service), ()) if actions and actions <= allowed]
    name = re.sub(r"[^\w+=,.@-]", "-", first["principal"].rpartition("/")[2])[:59]
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service},
         "Action": ["sts:AssumeRole", "sts:TagSession"] if first["kind"] == "pod" else "sts:AssumeRole",
         # Of these services only ECS says for whose task it asks.
         **({"Condition": {"StringEquals": {"aws:SourceAccount": first["account"]}}} if first["kind"] == "task" else {})}
    ]}  # fmt: skip
    if fitting:
        note = f"{note} {_FITS}".strip()
    return Workload(
        first["account"], first["principal"], first["key"], signs, fitting[0] if fitting else f"{name}-role", bool(fitting),
        trust, policies, note,
    )  # fmt: skip


def _allowed(policy: Mapping[str, Any]) -> Iterable[str]:
    for statement in policy.get("Statement", ()):
        given = statement.get("Action", ())
        yield from [given] if isinstance(given, str) else given
