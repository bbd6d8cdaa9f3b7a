"""Suppressions: which finding somebody decided not to be told of. Suppressed findings are kept, and still feed incidents."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Sequence
from datetime import date, timedelta

from trailwatch.config import Config, Suppression
from trailwatch.findings.automation import matches
from trailwatch.findings.groups import Group, Row

ENDING = timedelta(days=14)


def suppressed_by(group: Group, *, config: Config, day: date) -> str:
    """Return who silenced this and why, '' if nobody did; an expired suppression does not count."""
    for entry in config.suppress:
        if entry.until >= day and covers(entry, group, config):
            return f"{entry.reason} ({entry.owner}, until {entry.until.isoformat()})"
    return ""


def expired(config: Config, *, day: date) -> tuple[Suppression, ...]:
    """Return the suppressions that have run out and should be decided again or removed."""
    return tuple(entry for entry in config.suppress if entry.until < day)


def ending(config: Config, *, day: date) -> tuple[Suppression, ...]:
    """Return the suppressions that still hold and run out within two weeks, the first to end first."""
    soon = [entry for entry in config.suppress if day <= entry.until < day + ENDING]
    return tuple(sorted(soon, key=lambda entry: entry.until))


def covers(entry: Suppression, group: Group, config: Config) -> bool:
    """Return whether a suppression is about everything that a finding rests on; its end is not asked."""
    # What rests on no event, as the state of IAM does, has the names that it is grouped by.
    rows = group.rows or (dict(group.key),)
    return (
        fnmatch.fnmatchcase(group.rule.id, entry.detection)
        and _all(entry.principal, rows, "principal")
        and _all(entry.person, rows, "person")
        and (not entry.account or all(entry.account in (r.get("account"), r.get("account_name")) for r in rows))
        and _all(entry.target, rows, "target")
        and (not entry.network or all(_inside(entry.network, r, config) for r in rows))
    )


def _all(pattern: str, rows: Sequence[Row], column: str) -> bool:
    # Every event must fit, otherwise an intruder's events would hide behind the expected ones.
    return not pattern or all(matches(pattern, str(row.get(column) or "")) for row in rows)


def _inside(network: str, row: object, config: Config) -> bool:
    values = row if isinstance(row, dict) else {}
    if values.get("network") == network:
        return True
    return _holds(
        config.networks.get(network, [network]), str(values.get("ip") or ""), str(values.get("vpc_endpoint_id") or "")
    )


def _holds(entries: Sequence[str], ip: str, endpoint: str) -> bool:
    for entry in entries:
        if entry.startswith("vpce-"):
            if entry == endpoint:
                return True
            continue
        try:
            if ip and ipaddress.ip_address(ip) in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            # A network's name that is not declared any more holds nothing.
            return False
    return False
