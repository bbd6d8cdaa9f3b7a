"""What surrounds an act and makes it more or less urgent: key, privilege, network, hour, refusals, automation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from trailwatch.findings.automation import DECLARED, DEVIATES, OUTSIDE, UNLIKE, Verdict, habitual
from trailwatch.findings.groups import Group, Row
from trailwatch.findings.severity import LOWER, RAISE
from trailwatch.findings.ways import Ways

_ADMIN = re.compile(r"admin|poweruser|breakglass|break-glass", re.IGNORECASE)


def context(
    group: Group, *, automation: Verdict, ways: Mapping[str, Ways], seen: AbstractSet[tuple[str, str]]
) -> dict[str, float]:
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
    if automation.reasons:
        # A program in another network is one strange thing, not two.
        found.pop("new network", None)
        found[OUTSIDE if automation.kind == "outside" else UNLIKE] = DEVIATES
    elif rows and all(_by_service(row, ways) for row in rows):
        found["through an AWS service"] = LOWER
    elif automation.kind == "within":
        found[DECLARED] = LOWER
    return found


def novelty(group: Group) -> float:
    """Return how surprising a group is, as its detection says; 1 for what a rule forbids."""
    given = group.evidence.get("novelty")
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else 1.0


def _strange_network(row: Row, seen: AbstractSet[tuple[str, str]]) -> bool:
    if row.get("origin") not in {"direct", "console"}:
        return False
    if row.get("network_rule") == "outside":
        return True
    known = row.get("network") or row.get("ip_kind") != "public" or not row.get("history")
    return not known and bool(seen) and (str(row.get("principal")), str(row.get("address"))) not in seen


def _by_service(row: Row, ways: Mapping[str, Ways]) -> bool:
    # Only AWS writes that it acted by itself. Through which service a call of somebody comes is that somebody's choice.
    return row.get("origin") == "service" or (row.get("origin") == "via-service" and habitual(row, ways))


def _refused_first(group: Group) -> bool:
    # The same action, first denied and later allowed: somebody found a way.
    denied: set[object] = set()
    for row in group.rows:
        if row.get("outcome") == "denied":
            denied.add(row.get("action"))
        elif row.get("outcome") == "ok" and row.get("action") in denied:
            return True
    return False
