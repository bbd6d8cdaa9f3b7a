"""What IAM would say to a request: identity policies within boundaries and service control policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from trailwatch.policy import patterns
from trailwatch.policy.document import Policy, Statement
from trailwatch.policy.logic import Truth, every, negated, some
from trailwatch.policy.patterns import HOLE, Context

Outcome = Literal["allow", "would deny", "cannot tell"]
OUTCOMES: tuple[Outcome, ...] = ("allow", "would deny", "cannot tell")


@dataclass(frozen=True)
class Request:
    """One action on one resource; a resource that is not known, or only in part, has holes."""

    action: str  # prefix:Name; of an event that no table knows, with a hole
    resource: str
    context: Context


@dataclass(frozen=True)
class Verdict:
    """What IAM would say, and why: the statement that decides, or what is not known."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Policies:
    """What bears on a principal: each group of policies is joined, and all groups must agree.

    A level of service control policies without any Allow stands beside FullAWSAccess, as AWS attaches it.
    """

    identity: tuple[Policy, ...]
    boundaries: tuple[Policy, ...] = ()
    scps: tuple[Policy, ...] = ()
    resource: tuple[Policy, ...] = ()  # alone they decide as identity policies do: for a resource without any other
    every: tuple[Policy, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", (*self.identity, *self.boundaries, *self.scps, *self.resource))

    @property
    def groups(self) -> list[tuple[Policy, ...]]:
        """The groups that must each allow a request."""
        levels = [policy for policy in self.scps if any(statement.allows for statement in policy.statements)]
        own = [group for group in (self.identity, self.resource) if group]
        return [*own, *((policy,) for policy in (*self.boundaries, *levels))]


def evaluate(request: Request, policies: Policies) -> Verdict:
    """Return what IAM would say; what is not known makes `cannot tell`, never `allow`."""
    doubts: list[tuple[Policy, Statement]] = []
    for policy in policies.every:
        for statement in policy.statements:
            if statement.allows:
                continue
            found = applies(statement, request)
            if found is True:
                return Verdict("would deny", f"{policy.name}: denied by statement {statement.name}")
            if found is None:
                doubts.append((policy, statement))
    allowed: list[str] = []
    for group in policies.groups:
        answers = [
            (applies(statement, request), policy, statement)
            for policy in group
            for statement in policy.statements
            if statement.allows
        ]
        granted = some(answer for answer, _, _ in answers)
        names = ", ".join(policy.name for policy in group)
        if granted is False:
            return Verdict("would deny", f"{names}: no statement allows it")
        if granted is None:
            doubts += [(policy, statement) for answer, policy, statement in answers if answer is None]
        else:
            allowed += [f"{policy.name}: {statement.name}" for answer, policy, statement in answers if answer][:1]
    if doubts:
        policy, statement = doubts[0]
        missing = ", ".join(unknown(statement, request)) or "its condition"
        return Verdict("cannot tell", f"{policy.name}: statement {statement.name} depends on {missing}")
    return Verdict("allow", "allowed by " + "; ".join(allowed))


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a call that needs several requests to pass: denied if one is, allowed if all are."""
    for outcome in ("would deny", "cannot tell"):
        for verdict in verdicts:
            if verdict.outcome == outcome:
                return verdict
    return verdicts[0]


def applies(statement: Statement, request: Request) -> Truth:
    """Tell whether a statement applies to a request."""
    return every(_parts(statement, request))


def unknown(statement: Statement, request: Request) -> list[str]:
    """Return what keeps a statement from being decided: context keys, `the action`, `the resource`."""
    found = {key for test in statement.tests if test.holds(request.context) is None for key in test.keys}
    missing = sorted(key for key in found if request.context.get(key) is None)
    if _resource(statement, request) is None:
        keys = sorted({key for text in statement.resources for key in text.keys})
        missing += [key for key in keys if request.context.get(key) is None]
        missing += ["the resource"] if HOLE in request.resource else []
    if HOLE in request.action:
        missing.append("the action")
    if _principal(statement, request.context) is None:
        missing.append("the principal")
    return list(dict.fromkeys(missing)) or sorted(found)


def _parts(statement: Statement, request: Request) -> Iterable[Truth]:
    action = request.action.lower()
    named = some(patterns.matches(pattern, action) for pattern in statement.actions)
    yield negated(named) if statement.not_actions else named
    yield _resource(statement, request)
    yield _principal(statement, request.context)
    yield from (test.holds(request.context) for test in statement.tests)


def _resource(statement: Statement, request: Request) -> Truth:
    if not statement.resources:
        return True
    found = some(_matches(text, request) for text in statement.resources)
    if not statement.not_resources:
        return found
    # A variable without a value may make the whole statement invalid.
    loose = found is False and any(text.loose(request.context) for text in statement.resources)
    return None if loose else negated(found)


def _matches(text: patterns.Text, request: Request) -> Truth:
    pattern = text.of(request.context)
    return False if pattern is None else patterns.matches(pattern, request.resource)


def _principal(statement: Statement, context: Context) -> Truth:
    if not statement.principals:
        return True
    found = some(_named(kind, who, context) for kind, who in statement.principals)
    return negated(found) if statement.not_principals else found


def _named(kind: str, who: str, context: Context) -> Truth:
    if kind == "AWS" and who == "*":
        return True
    keys = {
        "AWS": ("aws:PrincipalArn", "trailwatch:SessionArn", "aws:PrincipalAccount"),
        "Service": ("aws:PrincipalServiceName",), "Federated": ("aws:FederatedProvider",),
    }  # fmt: skip
    if kind not in keys:
        return None
    account = who.split(":")[4] if who.count(":") == 5 and who.endswith(":root") else who
    answers = []
    for key in keys[kind]:
        values = context.get(key)
        wanted = account if key == "aws:PrincipalAccount" else who
        answers.append(None if values is None else wanted in values)
    return some(answers)
