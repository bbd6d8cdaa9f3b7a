"""The calls that this organisation makes: the table in apis.toml, and whether a call only reads."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import msgspec

Template = dict[str, Any] | None


def _table() -> dict[str, tuple[Template, Template]]:
    text = (resources.files("trailwatch.simulate") / "apis.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    table: dict[str, tuple[Template, Template]] = {}
    for service, names in raw["plain"].items():
        table |= {f"{service}:{name}": (None, None) for name in names}
    for service, calls in raw["reads"].items():
        table |= {f"{service}:{name}": (msgspec.json.decode(params), None) for name, params in calls.items()}
    for service, calls in raw["writes"].items():
        for name, (params, answer) in calls.items():
            table[f"{service}:{name}"] = (msgspec.json.decode(params), msgspec.json.decode(answer))
    return table


TABLE = _table()
GLOBAL_SERVICES = {"iam", "organizations", "route53", "cloudfront", "budgets", "ce", "support", "health"}
_READING = ("Describe", "Get", "List", "Lookup", "BatchGet", "BatchCheck", "Filter", "Head", "Simulate")
# Calls whose name does not say that CloudTrail marks them as reading.
_READ_ONLY = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "Decrypt", "GenerateDataKey"}
_NOT_READ_ONLY = {"GetSessionToken", "GetFederationToken", "GetSigninToken"}


def read_only(name: str) -> bool:
    """Say whether CloudTrail calls this call read-only."""
    return name in _READ_ONLY or (name.startswith(_READING) and name not in _NOT_READ_ONLY)
