"""What is granted: the actions behind policies of an export, wildcards and all."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from trailwatch.actions import actions_of, every_action

# The text of AWS's own policies is not in every export; of these the name tells what they allow.
_NAMED: Mapping[str, tuple[str, ...]] = {
    "AdministratorAccess": ("*",), "IAMFullAccess": ("iam:*",), "AmazonS3FullAccess": ("s3:*",),
    "AmazonEC2FullAccess": ("ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"),
}  # fmt: skip
_EXCEPT = {"PowerUserAccess": ("iam:*", "organizations:*", "account:*")}


@dataclass(frozen=True)
class Source:
    """One policy that gives an identity something."""

    name: str
    kind: str  # inline, customer, aws
    through: str  # '' for directly, or the group
    document: str  # '' where the export holds no text


@dataclass
class Granted:
    """What some policies allow together, within a boundary."""

    actions: set[str] = field(default_factory=set)  # prefix:name in lower case
    limited: set[str] = field(default_factory=set)  # of which every statement has a condition
    wildcards: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)


def granted(sources: Iterable[Source], boundary: Source | None = None) -> Granted:
    """Return what policies allow; an unconditional Deny of everything in a statement takes away."""
    found, free, denied = Granted(), set[str](), set[str]()
    for source in sources:
        allowed, bare, refused = _read(source, found)
        found.actions |= allowed
        free |= bare
        denied |= refused
    if boundary:
        inside = Granted()
        allowed, _, refused = _read(boundary, inside)
        found.uncertain += inside.uncertain
        if not inside.uncertain:
            found.actions &= allowed - refused
    found.actions -= denied
    found.limited = found.actions - free
    return found


def _read(source: Source, into: Granted) -> tuple[set[str], set[str], set[str]]:
    """Return what a policy allows, what of it without a condition, and what it denies without one."""
    through = f" through group {source.through}" if source.through else ""
    if not source.document:
        if source.name in _NAMED or source.name in _EXCEPT:
            names = set().union(*(expand(one) for one in _NAMED.get(source.name, ("*",))))
            names -= set().union(*(expand(one) for one in _EXCEPT.get(source.name, ())))
            into.wildcards.append(
                f"{source.name}{through}: {', '.join(_NAMED.get(source.name, ('all but IAM',)))} on *"
            )
            return names, set(names), set()
        into.uncertain.append(f"the export holds no text of {source.name}{through}")
        return set(), set(), set()
    allowed, bare, refused = set[str](), set[str](), set[str]()
    for statement in _statements(source, into):
        given = _list(statement.get("Action")) or _list(statement.get("NotAction"))
        names = set().union(*(expand(one.lower()) for one in given))
        if "NotAction" in statement:
            names = set(every()) - names
        everything = "*" in _list(statement.get("Resource")) and not statement.get("Condition")
        if statement.get("Effect") == "Deny":
            refused |= names if everything else set()
            continue
        allowed |= names
        bare |= set() if statement.get("Condition") else names
        wide = [one for one in given if "*" in one or "?" in one]
        where = "*" if "*" in _list(statement.get("Resource")) else "some resources"
        if "NotAction" in statement:
            into.wildcards.append(f"{source.name}{through}: all but {', '.join(given[:5])} on {where}")
        elif wide:
            into.wildcards.append(f"{source.name}{through}: {', '.join(wide[:8])} on {where}")
    return allowed, bare, refused


def _statements(source: Source, into: Granted) -> list[Mapping[str, Any]]:
    try:
        body = json.loads(source.document)
        found = body.get("Statement", [])
        parts = found if isinstance(found, list) else [found]
        if all(isinstance(part, dict) for part in parts):
            return parts
    except (ValueError, AttributeError, RecursionError):
        pass
    into.uncertain.append(f"{source.name} cannot be read as a policy")
    return []


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


@cache
def every() -> frozenset[str]:
    """Return every action of IAM, in lower case."""
    return frozenset(_spelling())


@cache
def _spelling() -> Mapping[str, str]:
    return {action.lower(): action for action in every_action()}


def spelled(action: str) -> str:
    """Return an action as IAM spells it."""
    return _spelling().get(action, action)


@lru_cache(maxsize=20_000)
def expand(pattern: str) -> frozenset[str]:
    """Return the actions that a pattern stands for, in lower case."""
    prefix, _, name = pattern.lower().partition(":")
    if prefix == "*" and name in ("", "*"):
        return every()
    wild = any(sign in pattern for sign in "*?")
    if not wild:
        return frozenset((pattern.lower(),))
    inside = [f"{prefix}:{one}".lower() for one in actions_of(prefix)] if not any(
        sign in prefix for sign in "*?") else every()  # fmt: skip
    return frozenset(fnmatch.filter(inside, f"{prefix}:{name.replace('[', '[[]')}"))
