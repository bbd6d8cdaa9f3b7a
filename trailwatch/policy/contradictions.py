"""What a policy says in vain: statements that can never apply, and allowed things that it denies itself."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from trailwatch.errors import PolicyError
from trailwatch.policy import patterns
from trailwatch.policy.document import Policy, Statement
from trailwatch.policy.operators import Test


def refuse(policy: Policy) -> Policy:
    """Return a policy that does not contradict itself; of one that does, say which statement and which key."""
    for statement in policy.statements:
        where = f"{policy.name}: statement {statement.name}"
        _impossible(statement, where)
        if not statement.allows:
            continue
        for other in policy.statements:
            if not other.allows and not other.tests and _within(statement, other):
                what = f"all that it allows is denied by statement {other.name}"
                raise PolicyError(what, where=where, hint="drop one of the two, or narrow the Deny by a condition")
    return policy


def _impossible(statement: Statement, where: str) -> None:
    tests: dict[str, list[Test]] = defaultdict(list)
    for test in statement.tests:
        tests[test.key.lower()].append(test)
    for found in tests.values():
        key = found[0].key
        absent = [test for test in found if test.operator == "Null" and set(test.values) == {True}]
        needs = [test for test in found if _needs(test)]
        if absent and needs:
            what = f"Null wants {key} absent and {needs[0].written} wants it present: the statement never applies"
            raise PolicyError(what, where=f"{where}, Condition, {key}", hint="two statements")
        low, high = _bound(found, "GreaterThan"), _bound(found, "LessThan")
        if low is not None and high is not None and type(low) is type(high) and low > high:
            what = f"no value of {key} is above {_shown(low)} and below {_shown(high)}: the statement never applies"
            raise PolicyError(what, where=f"{where}, Condition, {key}", hint="swap the two, or two statements")


def _needs(test: Test) -> bool:
    if test.operator == "Null":
        return set(test.values) == {False}
    return not (test.if_exists or test.opposite or test.qualifier == "ForAllValues")


def _bound(tests: list[Test], side: str) -> Any:
    found = [
        test for test in tests
        if side in test.operator and not test.if_exists and not test.qualifier
    ]  # fmt: skip
    # Values of one test are alternatives, tests are joined.
    edges = [min(test.values) if side == "GreaterThan" else max(test.values) for test in found]
    if not edges:
        return None
    return max(edges) if side == "GreaterThan" else min(edges)


def _within(allowed: Statement, denied: Statement) -> bool:
    plain = not (allowed.not_actions or denied.not_actions or allowed.not_resources or denied.not_resources)
    if not plain or allowed.principals or denied.principals:
        return False
    return all(any(patterns.covers(one, action) for one in denied.actions) for action in allowed.actions) and all(
        any(_fixed(one) and _fixed(text) and patterns.covers(str(one.pieces[0]), str(text.pieces[0]))
            for one in denied.resources)
        for text in allowed.resources
    )  # fmt: skip


def _fixed(text: patterns.Text) -> bool:
    return len(text.pieces) == 1


def _shown(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
