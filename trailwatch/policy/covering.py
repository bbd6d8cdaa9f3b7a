"""Managed policies that would cover what was used, and how much more each of them allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trailwatch.actions import every_action, level
from trailwatch.errors import PolicyError
from trailwatch.policy import document
from trailwatch.policy.document import Policy, Statement
from trailwatch.policy.evaluate import Policies, Request, evaluate
from trailwatch.policy.forms import Used
from trailwatch.policy.known import Held
from trailwatch.policy.patterns import ANY, ONE, Context

SHOWN = 5


@dataclass(frozen=True)
class Managed:
    """A policy of the snapshot against what was used."""

    name: str
    arn: str  # '' of an inline policy
    attached: bool
    needed: int  # kinds of need: an action on a resource
    covered: int
    excess: int  # actions that it allows and that were not used
    risky: int  # of these, those that change permissions
    missing: list[str] = field(default_factory=list)  # actions that it would deny, the first few
    problem: str = ""  # why it could not be read


def rank(used: Used, held: Sequence[Held]) -> list[Managed]:
    """Return the policies that cover anything, those that cover all first, and of these the one with the least excess."""
    needs = sorted({(action, resource) for (action, _), resources in used.items() for resource in resources})
    actions = {action.lower() for action, _ in needs}
    found = []
    for one in held:
        try:
            policy = document.parse(json.dumps(one.document), name=one.name)
        except PolicyError as error:
            found.append(
                Managed(one.name, one.arn, one.attached, len(needs), 0, 0, 0, problem=f"{error.where}: {error.what}")
            )
            continue
        said = {need: evaluate(Request(*need, Context({})), Policies((policy,))).outcome for need in needs}
        covered = sum(outcome == "allow" for outcome in said.values())
        if not covered and not one.attached:
            continue
        more = [action for action in _allowed(policy) if action.lower() not in actions]
        found.append(Managed(
            one.name, one.arn, one.attached, len(needs), covered, len(more),
            sum(level(*_event(action)) == "Permissions management" for action in more),
            sorted({action for (action, _), outcome in said.items() if outcome != "allow"})[:SHOWN],
        ))  # fmt: skip
    return sorted(found, key=lambda one: (one.covered < one.needed, -one.covered, one.excess, one.name))


def _allowed(policy: Policy) -> list[str]:
    """Return the actions that a policy allows on any resource, under any condition."""
    granting = [_matcher(one) for one in policy.statements if one.allows]
    denying = [_matcher(one) for one in policy.statements
               if not one.allows and not one.tests and one.any_resource]  # fmt: skip
    return [
        action for action in every_action()
        if any(match.match(action.lower()) for match in granting) and not any(match.match(action.lower()) for match in denying)
    ]  # fmt: skip


def _matcher(statement: Statement) -> re.Pattern[str]:
    texts = (
        re.escape(text).replace(re.escape(ANY), ".*").replace(re.escape(ONE), ".") for text in _plain(statement.actions)
    )
    either = "|".join(f"(?:{text})" for text in texts)
    return re.compile(f"(?!(?:{either})$).*" if statement.not_actions else f"(?:{either})$")


def _plain(texts: Iterable[str]) -> list[str]:
    # Many wildcards in a row make a regular expression slow and say no more than one.
    return [re.sub(f"{ANY}+", ANY, text) for text in texts]


def _event(action: str) -> tuple[str, str]:
    prefix, _, name = action.partition(":")
    return f"{prefix}.amazonaws.com", name
