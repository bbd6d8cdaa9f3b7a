"""Known automation: what is declared or learned of it, and what is unlike it. Being like it takes more than a name.

The principal alone, a user agent alone, or the service that a call came through alone are in the hands of whoever holds
the credential. A benefit needs the declared principal, at its network, with its client, doing what it does.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from trailwatch.config import Config
from trailwatch.findings.groups import Row
from trailwatch.findings.titles import plain
from trailwatch.findings.ways import Ways

DECLARED, OUTSIDE, UNLIKE = "declared automation", "outside its automation", "unlike this automation"
DEVIATES = 2.0  # one band: what a program never does is the best sign that it is not the program
_AUTOMATED = {"pipeline", "workload", "service"}


@dataclass(frozen=True)
class Bounds:
    """What is declared of an automation; what is left empty is learned."""

    actions: Sequence[str] = ()
    networks: Sequence[str] = ()
    clients: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether a group is the work of known automation, unlike it, or neither; and the reasons for unlike."""

    kind: Literal["within", "outside", "unlike", ""] = ""
    reasons: tuple[str, ...] = ()


def judge(rows: Sequence[Row], *, config: Config, ways: Mapping[str, Ways]) -> Verdict:
    """Return what automation has to say of the events of one finding: one event outside counts for all of them."""
    told = [_judged(row, config, ways.get(str(row.get("principal") or ""))) for row in rows]
    for kind in ("outside", "unlike"):
        reasons = tuple(dict.fromkeys(reason for one in told if one.kind == kind for reason in one.reasons))
        if reasons:
            return Verdict(kind, reasons)
    return Verdict("within") if told and all(one.kind == "within" for one in told) else Verdict()


def habitual(row: Row, ways: Mapping[str, Ways]) -> bool:
    """Return whether an identity did the same through the same service before, as services do again and again."""
    mine = ways.get(str(row.get("principal") or ""))
    return bool(mine and mine.knows("through", row.get("address")) and mine.knows("action", row.get("action")))


def matches(pattern: str, value: str) -> bool:
    """Return whether a shell glob names a value, or, without a slash, the last part of it."""
    if not value:
        return False
    return fnmatch.fnmatchcase(value, pattern) or (
        "/" not in pattern and fnmatch.fnmatchcase(value.rpartition("/")[2], pattern)
    )


def bounds(principal: str, config: Config) -> Bounds | None:
    """Return what is declared of a principal as automation, None where nothing is."""
    # Whoever comes from outside, or mints a federated name, chooses that name.
    kind = principal.partition("/")[2].partition("/")[0]
    fitting = [pattern for pattern in config.principals if _named(pattern, principal, kind)]
    own = config.principals[max(fitting, key=len)] if fitting else None
    listed = any(_named(pattern, principal, kind) for pattern in config.automation.principals)
    if not listed and not (own and own.class_ in _AUTOMATED):
        return None
    general = config.automation if listed else None
    return Bounds(
        (own.actions if own else []) or (general.actions if general else []),
        (own.networks if own else []) or (general.networks if general else []),
        general.clients if general else [],
    )


def _named(pattern: str, principal: str, kind: str) -> bool:
    return matches(pattern, principal) and (kind not in {"external", "federated"} or f"/{kind}/" in pattern)


def _judged(row: Row, config: Config, mine: Ways | None) -> Verdict:
    declared = bounds(str(row.get("principal") or ""), config)
    if declared is None:
        reasons = tuple(_unlike(row, mine)) if mine and mine.unattended else ()
        return Verdict("unlike", reasons) if reasons else Verdict()
    known = mine if mine and mine.judged else None
    checks = (_place(row, declared, known), _client(row, declared, known), _action(row, declared, known))
    reasons = tuple(reason for reason in checks if reason)
    if reasons:
        return Verdict("outside", reasons)
    # None: neither declared nor known for long enough, so that nobody can say.
    return Verdict("within") if all(reason == "" for reason in checks) else Verdict()


def _place(row: Row, declared: Bounds, known: Ways | None) -> str | None:
    address = plain(row.get("address"))
    if row.get("origin") == "via-service":
        if known is None:
            return None
        return "" if known.knows("through", row.get("address")) else f"it came through {address}, never before"
    if row.get("origin") not in {"direct", "console"}:
        return None
    if declared.networks:
        here = row.get("network") in declared.networks
        return "" if here else f"it came from {address}, outside its declared networks ({', '.join(declared.networks)})"
    if known is None:
        return None
    if known.knows("address", row.get("address")):
        return ""
    return f"it came from {address}, never before in {known.days} days" if "address" in known.steady else None


def _client(row: Row, declared: Bounds, known: Ways | None) -> str | None:
    client = str(row.get("client") or "")
    if row.get("origin") == "via-service":
        return ""
    if declared.clients:
        fits = any(fnmatch.fnmatchcase(client, pattern) for pattern in declared.clients)
        return "" if fits else f"it used {plain(client) or 'no client'}, which is not declared of it"
    if known is None or known.knows("client", client):
        return ""  # a client is a claim: it can speak against somebody, and never for them
    return f"it used {plain(client)}, never before" if "client" in known.steady else ""


def _action(row: Row, declared: Bounds, known: Ways | None) -> str | None:
    action = str(row.get("action") or "")
    if declared.actions:
        fits = any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in declared.actions)
        return "" if fits else f"it did {plain(action)}, which is not declared of it"
    if known is None:
        return None
    if known.knows("action", action):
        return ""
    # A program that grows uses new actions of services that it works with; a new service is another program.
    return (
        None
        if known.knows("service", row.get("event_source"))
        else f"it did {plain(action)}, a service never used before"
    )


def _unlike(row: Row, mine: Ways) -> Iterator[str]:
    if row.get("origin") not in {"direct", "console"}:
        return
    for dimension, words in (("address", "it came from"), ("client", "it used")):
        value = row.get(dimension)
        if value and dimension in mine.steady and not mine.knows(dimension, value):
            yield f"{words} {plain(value)}; in {mine.days} days always {plain(mine.usual(dimension))} ({plain(mine.evidence)})"
