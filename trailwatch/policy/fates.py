"""What becomes of each call in a policy: used, denied, failed, or left out because a finding tells of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from trailwatch.actions import says_so
from trailwatch.policy import replay
from trailwatch.policy.generalise import generalise
from trailwatch.policy.generated import Granted, Removed, Wanted
from trailwatch.policy.patterns import HOLE, Context
from trailwatch.policy.suspect import Suspects
from trailwatch.policy.uses import Use
from trailwatch.policy.write import Condition

EXAMPLES = 3


@dataclass(frozen=True)
class Needed:
    """What one kind of call needs: an action on a resource, under the condition that goes with the way it came."""

    action: str
    resource: str
    condition: Condition
    inferred: bool


@dataclass
class Fates:
    """The calls by what becomes of them."""

    used: dict[tuple[str, Condition], set[str]] = field(default_factory=lambda: defaultdict(set))
    needs: list[tuple[Use, list[Needed]]] = field(default_factory=list)
    denied: dict[str, Wanted] = field(default_factory=dict)
    failed: dict[str, Wanted] = field(default_factory=dict)
    removed: dict[str, list[tuple[Use, list[Needed]]]] = field(default_factory=lambda: defaultdict(list))


def sort(found: Iterable[Use], *, failed: bool) -> Fates:
    """Return the calls by what becomes of them; with `failed` those count that IAM let pass and that then failed."""
    made = Fates()
    for use in found:
        needs = needed(use)
        if not needs:
            continue
        if use.finding:
            made.removed[use.finding].append((use, needs))
        elif use.fate == "ok" or (use.fate == "failed" and failed):
            made.needs.append((use, needs))
            for need in needs:
                made.used[need.action, need.condition].add(need.resource)
        else:
            _count(made.denied if use.fate == "denied" else made.failed, needs[0].action, use)
    actions = {action for action, _ in made.used}
    for wanted in (*made.denied.values(), *made.failed.values()):
        wanted.granted = wanted.action in actions
    return made


def needed(use: Use) -> list[Needed]:
    """Return all that calls of one kind need, none where no table knows their action."""
    if not use.group.pair.permission.action:
        return []
    asked = replay.requests(use.group, Context({}))
    return [
        Needed(one.action, one.resource, _condition(one.action, use.via, use.group.region), inferred=bool(place) and one.action == "iam:PassRole")
        for place, one in enumerate(asked)
    ]  # fmt: skip


def _condition(action: str, via: str, region: str) -> Condition:
    # aws:CalledViaLast names the one service that made the call; aws:CalledVia would take any of a chain.
    if via and action.startswith("kms:") and region:
        return (("StringEquals", "kms:ViaService", f"{via.removesuffix('.amazonaws.com')}.{region}.amazonaws.com"),)
    return (("StringEquals", "aws:CalledViaLast", via),) if says_so(via) else ()


def _count(into: dict[str, Wanted], action: str, use: Use) -> None:
    line = into.setdefault(action, Wanted(action))
    line.calls += use.group.calls
    line.last_time = max(filter(None, (line.last_time, use.group.last_time)))
    if len(line.event_ids) < EXAMPLES:
        line.event_ids.append(use.group.event_id)


def granted(made: Fates) -> list[Granted]:
    """Return what is allowed, an action and the way it came a line."""
    lines: dict[tuple[str, str], Granted] = {}
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for use, needs in made.needs:
        for need in needs:
            via = need.condition[0][2] if need.condition else ""
            line = lines.setdefault((need.action, via), Granted(need.action, via, inferred=need.inferred))
            line.calls += use.group.calls
            line.last_time = max(filter(None, (line.last_time, use.group.last_time)))
            line.inferred = line.inferred and need.inferred
            if len(line.event_ids) < EXAMPLES:
                line.event_ids.append(use.group.event_id)
            held[need.action, via].add(need.resource)
    for key, line in lines.items():
        line.resources = generalise(held[key])
    return sorted(lines.values(), key=lambda line: (line.action, line.via))


def ordered(found: dict[str, Wanted]) -> tuple[Wanted, ...]:
    """Return lines with the most calls first."""
    return tuple(sorted(found.values(), key=lambda line: (-line.calls, line.action)))


def removed(made: Fates, suspects: Suspects) -> list[Removed]:
    """Return each finding whose calls were left out, and what that kept out of the policy."""
    allowed: dict[str, set[str]] = defaultdict(set)
    for (action, _), resources in made.used.items():
        allowed[action] |= resources
    found = []
    for id, calls in made.removed.items():
        told = suspects.findings[id]
        actions = {need.action for use, needs in calls for need in needs if use.fate != "denied"}
        elsewhere = {
            need.action for use, needs in calls for need in needs
            if use.fate != "denied" and need.action in allowed and need.resource not in allowed[need.action]
            and generalise([*allowed[need.action], need.resource]) != generalise(allowed[need.action])
        }  # fmt: skip
        found.append(Removed(
            id, told.title, told.severity, sum(use.group.calls for use, _ in calls),
            sorted(actions - set(allowed)), sorted(elsewhere),
        ))  # fmt: skip
    return sorted(found, key=lambda one: (-one.calls, one.finding))


def passed(made: Fates) -> list[str]:
    """Return the roles of which it is inferred that they were handed over."""
    return sorted({need.resource.replace(HOLE, "*") for _, needs in made.needs for need in needs if need.inferred})
