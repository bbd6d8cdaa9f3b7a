"""The relations that posture detections read: their columns, and which exports of IAM each column comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.config import Practices
from trailwatch.detect.tree import nodes, tree
from trailwatch.engine import Engine
from trailwatch.store.schema import FLAG, INT, TEXT, TEXTS, TIME

REPORT, DETAILS, POLICY, SUMMARY, TRAILS = (
    "credential-report", "authorization-details", "password-policy", "account-summary", "trails",
)  # fmt: skip
Need = tuple[str, ...]
"""Kinds of export of which any one will do."""

_DAY = pa.date32()
_NUMBERS = tuple(field.name for field in msgspec.structs.fields(Practices) if field.type is int)
"""The limits of `[practices]` that are numbers; each is a column of `limits`."""

RELATIONS: Mapping[str, pa.Schema] = {
    name: pa.schema(list(columns.items()))
    for name, columns in {
        "iam_accounts": {
            "account": TEXT, "taken_at": TIME, "policy_set": FLAG, "minimum_length": INT, "require_symbols": FLAG,
            "require_numbers": FLAG, "require_uppercase": FLAG, "require_lowercase": FLAG, "max_age_days": INT,
            "reuse_prevention": INT, "root_mfa": FLAG, "root_keys": INT, "root_password": FLAG,
        },
        "iam_users": {
            "account": TEXT, "principal": TEXT, "person": TEXT, "user_name": TEXT, "arn": TEXT, "principal_id": TEXT,
            "is_root": FLAG, "created": TIME, "password_enabled": FLAG, "password_last_used": TIME,
            "password_never_used": FLAG, "password_last_changed": TIME, "mfa_active": FLAG, "keys_active": INT,
            "groups": TEXTS, "attached": INT, "inline": INT, "last_used": TIME, "trail_last_used": TIME, "until": _DAY,
            "taken_at": TIME,
        },
        "iam_keys": {
            "account": TEXT, "principal": TEXT, "person": TEXT, "user_name": TEXT, "is_root": FLAG, "slot": INT,
            "active": FLAG, "created": TIME, "last_used": TIME, "last_used_service": TEXT, "last_used_region": TEXT,
            "taken_at": TIME,
        },
        "iam_policies": {
            "account": TEXT, "principal": TEXT, "owner_kind": TEXT, "owner_name": TEXT, "policy_name": TEXT,
            "policy_arn": TEXT, "policy_kind": TEXT, "admin": FLAG, "iam_all": FLAG, "document": TEXT, "path": TEXT,
            "service_linked": FLAG,
        },
        "iam_statements": {
            "account": TEXT, "principal": TEXT, "owner_kind": TEXT, "owner_name": TEXT, "policy_name": TEXT,
            "policy_kind": TEXT, "effect": TEXT, "action": TEXT, "not_action": FLAG, "resource": TEXTS,
            "not_resource": FLAG, "conditions": TEXT, "service_linked": FLAG,
        },
        "iam_roles": {
            "account": TEXT, "principal": TEXT, "role_name": TEXT, "path": TEXT, "arn": TEXT, "principal_id": TEXT,
            "created": TIME, "last_used": TIME, "last_used_region": TEXT, "service_linked": FLAG,
            "trail_last_used": TIME, "taken_at": TIME,
        },
        "iam_trust": {
            "account": TEXT, "principal": TEXT, "role_name": TEXT, "service_linked": FLAG, "effect": TEXT, "kind": TEXT,
            "value": TEXT, "account_named": TEXT, "own": FLAG, "partner": FLAG, "external_id": FLAG, "subject": FLAG,
            "conditions": TEXT,
        },
        "iam_trails": {
            "account": TEXT, "trail": TEXT, "arn": TEXT, "home_region": TEXT, "multi_region": FLAG,
            "organization": FLAG, "logging": FLAG, "validation": FLAG, "management": TEXT, "excluded": TEXTS,
            "data_events": FLAG, "delivery_error": TEXT,
        },
        "limits": {"day": _DAY, "trail_since": TIME, **dict.fromkeys(_NUMBERS, INT)},
        "reviews": {"account": TEXT, "principal": TEXT, "signed_at": TIME},
    }.items()
}  # fmt: skip

_POLICY_COLUMNS = (
    "policy_set", "minimum_length", "require_symbols", "require_numbers", "require_uppercase", "require_lowercase",
    "max_age_days", "reuse_prevention",
)  # fmt: skip
_REPORT_COLUMNS = (
    "is_root", "password_enabled", "password_last_used", "password_never_used", "password_last_changed", "mfa_active",
    "keys_active", "last_used",
)  # fmt: skip
# What a relation stands on, and what single columns need besides.
_STANDS_ON: Mapping[str, Need] = {
    "iam_accounts": (), "iam_users": (REPORT, DETAILS), "iam_keys": (REPORT,), "iam_policies": (DETAILS,),
    "iam_statements": (DETAILS,), "iam_roles": (DETAILS,), "iam_trust": (DETAILS,), "iam_trails": (TRAILS,),
    "limits": (), "reviews": (),
}  # fmt: skip
_COLUMNS_NEED: Mapping[str, Mapping[str, Need]] = {
    "iam_accounts": dict.fromkeys(_POLICY_COLUMNS, (POLICY,))
    | dict.fromkeys(("root_mfa", "root_keys", "root_password"), (SUMMARY, REPORT)),
    "iam_users": dict.fromkeys(_REPORT_COLUMNS, (REPORT,))
    | dict.fromkeys(("principal_id", "groups", "attached", "inline"), (DETAILS,)),
}

_NEVER_NULL = frozenset({
    "account", "principal", "person", "user_name", "is_root", "arn", "slot", "active", "owner_kind", "owner_name",
    "policy_name", "policy_arn", "policy_kind", "admin", "iam_all", "document", "path", "service_linked", "effect",
    "action", "not_action", "resource", "not_resource", "conditions", "role_name", "kind", "value", "account_named",
    "own", "partner", "external_id", "subject", "trail", "home_region", "excluded", "data_events", "delivery_error",
    "signed_at", "day", *_NUMBERS,
})  # fmt: skip
NULLABLE = frozenset(name for schema in RELATIONS.values() for name in schema.names) - _NEVER_NULL


def needs(engine: Engine, query: str) -> tuple[Need, ...]:
    """Return which exports a query needs: of each tuple any one, of all tuples each."""
    aliases: dict[str, set[str]] = {}
    named: set[tuple[str, str]] = set()
    stars = False
    for node in nodes(tree(engine, query)):
        kind = node.get("type")
        if kind == "BASE_TABLE" and (name := str(node.get("table_name")).lower()) in RELATIONS:
            aliases.setdefault((str(node.get("alias") or "") or name).lower(), set()).add(name)
        elif kind == "COLUMN_REF":
            *owner, column = (str(part).lower() for part in node["column_names"])
            named.add((owner[-1] if owner else "", column))
        elif kind == "STAR":
            stars = True
    read = {name for names in aliases.values() for name in names}
    found = {_STANDS_ON[name]: None for name in sorted(read) if _STANDS_ON[name]}
    for relation in sorted(read):
        for column, need in _COLUMNS_NEED.get(relation, {}).items():
            # An owner that is no table is a part of the query's own (with … as), or a struct: then the name alone tells.
            if stars or any(
                column == one and relation in aliases.get(owner, read) for owner, one in named
            ):  # fmt: skip
                found[need] = None
    # Whatever one export answers alone is answered by it together with others.
    return tuple(need for need in found if not any(set(other) < set(need) for other in found))


def fill(engine: Engine, rows: Mapping[str, Iterable[Mapping[str, Any]]] | None = None) -> None:
    """Make every relation as a table of the given rows, empty where there are none."""
    for name, schema in RELATIONS.items():
        engine.table(name, table(name, (rows or {}).get(name, ()), schema))


def table(name: str, rows: Iterable[Mapping[str, Any]], schema: pa.Schema | None = None) -> pa.Table:
    """Return rows of a relation; times and days may be text or the dates of TOML."""
    schema = schema or RELATIONS[name]
    made = [{field.name: _value(row.get(field.name), field.type) for field in schema} for row in rows]
    return pa.Table.from_pylist(made, schema=schema)


def _value(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.fromisoformat(f"{value.isoformat()}T00:00:00+00:00")
    if pa.types.is_date(kind) and isinstance(value, str):
        return date.fromisoformat(value)
    return value
