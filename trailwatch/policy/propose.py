"""Conditions for one identity: fitted on the first two thirds of a window, proved by replay on the last third."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, PolicyError
from trailwatch.policy import past as pasts
from trailwatch.policy import people
from trailwatch.policy.condition import FITTED_DAYS, HISTORY_DAYS, NEEDED, Candidate, Condition
from trailwatch.policy.fitting import permissions
from trailwatch.policy.intruder import Intruder, intrude
from trailwatch.policy.past import Past
from trailwatch.policy.proposal import Conditions
from trailwatch.policy.replay import MEMORY, principals
from trailwatch.policy.trust import trust
from trailwatch.store.tables import Store
from trailwatch.window import Window


def propose(
    store: Store, identity: str, *, window: Window, config: Config | None = None, techniques: str = ""
) -> Conditions:
    """Propose conditions for a user or role, each with what it was proved on, or with the reason why not."""
    config = config or Config()
    with _past(store, identity, window, config) as past:
        known, behind = people.behind(past)
        found = [judged(past, one) for one in (*permissions(past), people.ends(known), *_trusted(past))]
        joint = [Candidate(one.about, one.keys, "", one.statements, place=one.place)
                 for one in found if one.proposed and one.place == "permissions"]  # fmt: skip
        attacked: Intruder | None = intrude(past, pasts.policies(joint), folder=techniques) if joint else None
        return Conditions(
            past.principal, past.part(held=False), past.part(held=True), past.left, past.without_digest, behind, tuple(found),
            people.shift(known, principal=past.principal, day=datetime.now(UTC).date() + timedelta(days=1)), attacked,
        )  # fmt: skip


def of_day(store: Store, identity: str, *, day: date, config: Config) -> dict[str, Any]:
    """Return the policy of one day's shift for the declared people behind a user or role."""
    with _past(store, identity, Window(), config) as past:
        made = people.shift(people.behind(past)[0], principal=past.principal, day=day)
    if not made.policy:
        raise ConfigError(f"no shift is declared for anybody behind {past.principal}", where="[people]",
                          hint='shifts = ["mon-fri 09:00-18:00"]')  # fmt: skip
    return dict(made.policy)


@contextmanager
def _past(store: Store, identity: str, window: Window, config: Config) -> Iterator[Past]:
    since, split, until = pasts.window(store, window)
    with Engine(memory=MEMORY) as engine:
        store.show(engine, "seen")
        store.show(engine, "sessions")
        (principal,) = principals(engine, identity, where=store.uri)
        refuse(principal)
        yield pasts.gathered(store, engine, principal, since=since, split=split, until=until, config=config)


def refuse(principal: str) -> None:
    """Raise a PolicyError for what no policy can be attached to."""
    kind = principal.split("/")[1] if "/" in principal else ""
    name = principal.rpartition("/")[2]
    if kind not in ("user", "role"):
        what = "root obeys no policy of its account" if kind == "root" else "policies are attached to users and roles"
        raise PolicyError(what, where=principal, hint="a user or a role; for root, a service control policy")
    if kind == "role" and name.startswith("AWSServiceRoleFor"):
        raise PolicyError("AWS made this role for a service, and nobody else can change it", where=principal,
                          hint="a user or a role of your own")  # fmt: skip


def _trusted(past: Past) -> Iterator[Candidate]:
    if "/role/" in past.principal and not past.principal.rpartition("/")[2].startswith("AWSReservedSSO_"):
        yield from trust(past)


def judged(past: Past, candidate: Candidate) -> Condition:
    """Replay a candidate over the held-out calls, and propose it only where that proves it."""
    refused = Condition(candidate.about, candidate.keys, candidate.place, False, candidate.rule)
    if not candidate.statements:
        return refused
    held, calm = past.replay(candidate), past.replay(candidate, flagged=True)
    total = sum(line.calls for line in held.lines)
    allowed = held.calls("allow")
    reason = _lacking(past, candidate, total, allowed, held.calls("would deny"), held.calls("cannot tell"))
    return Condition(
        candidate.about, candidate.keys, candidate.place, not reason, reason or candidate.rule, candidate.statements,
        candidate.exempt, total, allowed, held.calls("cannot tell"),
        past.denied(line for line in held.lines if line.outcome == "would deny"),
        past.denied(line for line in calm.lines if line.outcome == "would deny"),
        sum(line.calls for line in calm.lines),
    )  # fmt: skip


def _lacking(past: Past, candidate: Candidate, total: int, allowed: int, denied: int, unknown: int) -> str:
    taken = candidate.place == "trust"
    first = past.first(taken=taken)
    days = (past.until - first) / timedelta(days=1) if first else 0
    what = "it was taken on" if taken else "it was used"
    if days < HISTORY_DAYS:
        return f"{what} for {days:.0f} days of the window, and less than {HISTORY_DAYS} prove nothing"
    fitted = past.part(held=False, taken=taken).days
    if fitted < FITTED_DAYS:
        return f"{what} on {fitted} days of the first part, and fewer than {FITTED_DAYS} show no habit"
    if not total:
        return f"there is no call after {past.split:%Y-%m-%d} to prove it on"
    if allowed < NEEDED * total:
        doubt = f", and of {unknown:,} nobody can tell" if unknown else ""
        return (f"it would have denied {denied:,} of {total:,} held-out calls{doubt}: {allowed / total:.2%} are covered, "
                f"and {NEEDED:.1%} are needed")  # fmt: skip
    return ""
