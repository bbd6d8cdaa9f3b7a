"""Groups that would fit users by what they use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from trailwatch.actions import permission
from trailwatch.engine import Engine
from trailwatch.policy.known import Known
from trailwatch.store.tables import Store
from trailwatch.window import Window

ALIKE = 0.5  # shared actions of all actions of two sets, from which on they are one group


@dataclass(frozen=True)
class Suggested:
    """Users of one account who use nearly the same, and could be in one group."""

    account: str
    users: list[str]
    shared: list[str]  # actions that all of them use
    some: list[str]  # actions that only some of them use
    groups: dict[str, list[str]] = field(default_factory=dict)  # the groups that each is in now


def suggest(store: Store, engine: Engine, window: Window, known: Known) -> tuple[Suggested, ...]:
    """Return groups of the IAM users of a store, the largest first; a user who is like nobody is in none.

    Successful use counts, action by action; the two most similar sets are joined until none share half of what they use
    together. Calls that findings tell of are not left out here: this is a proposal of members, not of permissions.
    """
    store.show(engine, "activity", days=window.days(), name="activity_window")
    rows = engine.rows(
        "select distinct principal, event_source, event_name from activity_window "
        "where outcome = 'ok' and identity_type = 'IAMUser' and contains(principal, '/user/') order by all"
    )
    used: dict[str, set[str]] = {}
    for principal, source, name in rows:
        if action := permission(source, name).action:
            used.setdefault(principal, set()).add(action)
    now = known.groups()
    found = []
    for account in sorted({name.split("/")[0] for name in used}):
        own = {name: actions for name, actions in used.items() if name.split("/")[0] == account}
        for members in _clusters(own):
            shared = set.intersection(*(own[name] for name in members))
            found.append(Suggested(
                account, [name.partition("/user/")[2] for name in members], sorted(shared),
                sorted(set.union(*(own[name] for name in members)) - shared),
                {name.partition("/user/")[2]: now[name] for name in members if name in now},
            ))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-len(one.users), one.account, one.users)))


def _clusters(used: dict[str, set[str]]) -> list[list[str]]:
    """Join sets of actions, the most alike first; each cluster is known by all that its members use."""
    clusters = [([name], set(actions)) for name, actions in sorted(used.items())]
    while len(clusters) > 1:
        pairs = [
            (_alike(one[1], other[1]), place, at)
            for place, one in enumerate(clusters) for at, other in enumerate(clusters[place + 1 :], place + 1)
        ]  # fmt: skip
        best, place, at = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
        if best < ALIKE:
            break
        other = clusters.pop(at)
        clusters[place] = (clusters[place][0] + other[0], clusters[place][1] | other[1])
    return [members for members, _ in clusters if len(members) > 1]


def _alike(one: Iterable[str], other: Iterable[str]) -> float:
    both, all_ = set(one) & set(other), set(one) | set(other)
    return len(both) / len(all_) if all_ else 0.0
