"""What ties a finding to others: the credentials used and issued, events shared between accounts, public addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trailwatch.findings.groups import Group

MOST = 50

Links = Mapping[str, Sequence[str]]


def links(group: Group) -> dict[str, list[str]]:
    """Return the links of a group of events, at most fifty of each kind."""
    credentials = [*group.values("session_root"), *group.values("credential"), *group.values("long_term_key"),
                   *group.values("issued_key")]  # fmt: skip
    # An address that the log calls private, AWS's or a service's says nothing about who used it.
    public = [row for row in group.rows if row.get("ip_kind") == "public" and not row.get("network")]
    addresses = [str(row["ip"]) for row in public if row.get("ip") and row.get("origin") in {"direct", "console"}]
    return {
        "credentials": list(dict.fromkeys(credentials))[:MOST],
        "shared_events": group.values("shared_event_id")[:MOST],
        "addresses": list(dict.fromkeys(addresses))[:MOST],
    }


def joined(several: Iterable[Links]) -> dict[str, list[str]]:
    """Return the links of several findings as one."""
    found: dict[str, dict[str, None]] = {"credentials": {}, "shared_events": {}, "addresses": {}}
    for one in several:
        for kind, values in one.items():
            found.setdefault(kind, {}).update(dict.fromkeys(values))
    return {kind: list(values)[:MOST] for kind, values in found.items()}
