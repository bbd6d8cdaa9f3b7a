"""The forms a policy may take: what IAM allows of each in size, and how one that is too large is widened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from trailwatch.errors import PolicyError
from trailwatch.policy.generalise import SIBLINGS, generalise, least
from trailwatch.policy.write import Condition, Document, Grant, document, pack, size, statements

Form = Literal["managed", "inline", "scp", "boundary"]
FORMS: tuple[Form, ...] = ("managed", "inline", "scp", "boundary")
USER_INLINE = 2_048
# Characters of one document without white space, and how many documents one identity may have.
LIMITS: Mapping[Form, tuple[int, int]] = {
    "managed": (6_144, 10), "inline": (10_240, 1), "scp": (5_120, 1), "boundary": (6_144, 1),
}  # fmt: skip

Used = Mapping[tuple[str, Condition], Iterable[str]]
"""Action and condition → the resources it was used on."""


@dataclass(frozen=True)
class Made:
    """The documents of one form, and how far they had to be widened to fit."""

    documents: tuple[Document, ...]
    widened: str = ""


def make(used: Used, form: Form, *, free: Sequence[str] = (), arns: Sequence[str] = (), user: bool = False) -> Made:
    """Return the documents that allow what was used, in a form; of what does not fit, less exact ones."""
    if not used:
        return Made(())
    if form == "scp":
        return _scp(sorted({action for action, _ in used}), free, arns)
    limit, most = LIMITS[form]
    limit = USER_INLINE if form == "inline" and user else limit
    for siblings, widened in ((SIBLINGS, ""), (3, "three siblings"), (2, "two siblings")):
        parts = statements(grants(used, siblings=siblings))
        if fits := _fitting(parts, limit, most):
            return Made(fits, f"resources are joined from {widened} on, else it is too large" if widened else "")
    anywhere = {Grant(action, "*", condition) for action, condition in used}
    if fits := _fitting(statements(anywhere), limit, most):
        return Made(fits, "every action is on any resource, else it is too large")
    services = {Grant(f"{grant.action.partition(':')[0]}:*", "*") for grant in anywhere}
    if fits := _fitting(statements(services), limit, most):
        return Made(fits, "whole services are allowed, else it is too large")
    raise PolicyError(
        f"even whole services are more than {most} × {limit:,} characters", where=f"--form {form}",
        hint="one identity, or a shorter --from and --to",
    )  # fmt: skip


def grants(used: Used, *, siblings: int = SIBLINGS) -> set[Grant]:
    """Return the grants that cover what was used; under a condition only what is not allowed without it anyway."""
    wide = {key: generalise(resources, siblings=siblings) for key, resources in used.items()}
    found = set()
    for (action, condition), resources in wide.items():
        plain = wide.get((action, ()), []) if condition else []
        found |= {
            Grant(action, one, condition) for one in resources if one not in plain and one in least([*plain, one])
        }
    return found


def _fitting(parts: Sequence[Document], limit: int, most: int) -> tuple[Document, ...]:
    made = pack(parts, limit=limit)
    return tuple(made) if len(made) <= most and all(size(one) <= limit for one in made) else ()


def _scp(actions: Sequence[str], free: Sequence[str], arns: Sequence[str]) -> Made:
    """Deny all but the actions that were used, to these principals alone; what is allowed, other policies say."""
    limit, _ = LIMITS["scp"]
    if not arns:
        what = "no record tells the ARN of a principal, and without one the policy would bind the whole account"
        raise PolicyError(what, where="--form scp", hint="another form")
    by_service: dict[str, list[str]] = defaultdict(list)
    for action in sorted({*actions, *free}):
        by_service[action.partition(":")[0]].append(action)
    whole: list[str] = []
    while True:
        named = [f"{service}:*" if service in whole else action
                 for service, same in sorted(by_service.items()) for action in (same[:1] if service in whole else same)]  # fmt: skip
        who = {"ArnLike": {"aws:PrincipalArn": sorted(set(arns))}}
        part: Document = {"Effect": "Deny", "NotAction": named, "Resource": "*", "Condition": who}
        if size(document([part])) <= limit:
            what = f"whole services are left open, else it is too large: {', '.join(sorted(whole))}" if whole else ""
            return Made((document([part]),), what)
        # The service with the longest list gives the most room.
        rest = [service for service in by_service if service not in whole and len(by_service[service]) > 1]
        if not rest:
            raise PolicyError(
                "the principals and services alone are too large", where="--form scp", hint="fewer identities"
            )
        whole.append(max(rest, key=lambda service: size(by_service[service])))
