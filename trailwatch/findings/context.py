"""What surrounds an act and makes it more or less urgent: key, privilege, network, hour, refusals, automation."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from trailwatch.config import Config
from trailwatch.findings.groups import Group, Row
from trailwatch.findings.severity import LOWER, RAISE

_ADMIN = re.compile(r"admin|poweruser|breakglass|break-glass", re.IGNORECASE)
_AUTOMATED = {"pipeline", "workload", "service"}


def context(group: Group, *, config: Config, seen: AbstractSet[tuple[str, str]]) -> dict[str, float]:
    """Return the named factors of a group; `seen` holds the (principal, address) pairs of earlier days."""
    practices = set(group.rule.practices)
    rows = group.rows
    found: dict[str, float] = {}
    # A detection of keys, hours or networks already has that in its own severity.
    if any(row.get("long_term_key") for row in rows) and not practices & {"rotation", "root-keys", "workload-roles"}:
        found["long-term key"] = RAISE
    if any(_ADMIN.search(str(row.get(name) or "")) for row in rows for name in ("principal", "role")):
        found["administrator"] = RAISE
    if "networks" not in practices and any(_strange_network(row, seen) for row in rows):
        found["new network"] = RAISE
    if "shifts" not in practices and any(row.get("shift") == "out" for row in rows):
        found["after hours"] = RAISE
    if _refused_first(group):
        found["refused, then allowed"] = RAISE
    if rows and all(row.get("origin") in {"via-service", "service"} for row in rows):
        found["through an AWS service"] = LOWER
    elif rows and all(_expected_automation(row, config) for row in rows):
        found["declared automation"] = LOWER
    return found


def novelty(group: Group) -> float:
    """Return how surprising a group is, as its detection says; 1 for what a rule forbids."""
    given = group.evidence.get("novelty")
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else 1.0


def matches(pattern: str, value: str) -> bool:
    """Return whether a shell glob names a value, or, without a slash, the last part of it."""
    if not value:
        return False
    return fnmatch.fnmatchcase(value, pattern) or (
        "/" not in pattern and fnmatch.fnmatchcase(value.rpartition("/")[2], pattern)
    )


def _strange_network(row: Row, seen: AbstractSet[tuple[str, str]]) -> bool:
    if row.get("origin") not in {"direct", "console"}:
        return False
    if row.get("network_rule") == "outside":
        return True
    known = row.get("network") or row.get("ip_kind") != "public" or not row.get("history")
    return not known and bool(seen) and (str(row.get("principal")), str(row.get("address"))) not in seen


def _refused_first(group: Group) -> bool:
    # The same action, first denied and later allowed: somebody found a way.
    denied: set[object] = set()
    for row in group.rows:
        if row.get("outcome") == "denied":
            denied.add(row.get("action"))
        elif row.get("outcome") == "ok" and row.get("action") in denied:
            return True
    return False


def _expected_automation(row: Row, config: Config) -> bool:
    principal, client = str(row.get("principal") or ""), str(row.get("client") or "")
    declared = any(matches(pattern, principal) for pattern in config.automation.principals)
    if any(fnmatch.fnmatchcase(client, pattern) for pattern in config.automation.clients) and declared:
        return True
    named = [pattern for pattern in config.principals if matches(pattern, principal)]
    if not named:
        return declared and not config.automation.clients
    rule = config.principals[max(named, key=len)]
    if not (declared or rule.class_ in _AUTOMATED):
        return False
    return _within(row, rule.actions, rule.networks)


def _within(row: Mapping[str, object], actions: list[str], networks: list[str]) -> bool:
    # What leaves the declared bounds is not expected, and keeps its full weight.
    action = str(row.get("action") or "").lower()
    fits = not actions or any(fnmatch.fnmatchcase(action, pattern.lower()) for pattern in actions)
    return fits and (not networks or row.get("network") in networks)
