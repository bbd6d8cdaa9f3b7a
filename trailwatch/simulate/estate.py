"""What IAM holds in an account: users, keys, groups, roles, policies, and how root stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """One access key; its last use is read from the records."""

    id: str
    created: datetime
    active: bool = True


@dataclass(frozen=True)
class User:
    """One IAM user; `password` is when it was set, None where there is none."""

    name: str
    created: datetime
    groups: tuple[str, ...] = ()
    password: datetime | None = None
    mfa: bool = False
    keys: tuple[Key, ...] = ()
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """One group and what it grants."""

    name: str
    created: datetime
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    """One role: who may take it, and what it may do."""

    name: str
    created: datetime
    trust: Document
    path: str = ""
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Root:
    """How root stands; without a password its credentials were removed centrally."""

    password: bool = True
    mfa: bool = True
    used: datetime | None = None
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Account:
    """Everything that the exports of one account show."""

    number: str
    created: datetime
    root: Root
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[Role, ...] = ()
    policies: Mapping[str, Document] = field(default_factory=dict)  # ARN → document, AWS's own among them
    passwords: Document | None = None
    trails: tuple[Document, ...] = ()  # beside the organisation's

    def having(self, user: User, *groups: Group) -> Account:
        """Return the account with a user in place of one of its name, or with one more, and with further groups."""
        others = tuple(one for one in self.users if one.name != user.name)
        names = {one.name for one in groups}
        kept = tuple(one for one in self.groups if one.name not in names)
        return replace(self, users=(*others, user), groups=(*kept, *groups))

    def user(self, name: str) -> User:
        """Return the user of this name."""
        return next(one for one in self.users if one.name == name)


Estate = Mapping[str, Account]


def policy_arn(account: str, name: str) -> str:
    """Return the ARN of an account's own policy."""
    return f"arn:aws:iam::{account}:policy/{name}"


def aws_policy(name: str) -> str:
    """Return the ARN of a policy that AWS keeps."""
    return f"arn:aws:iam::aws:policy/{name}"


def allow(actions: list[str], resource: str | list[str] = "*", **more: Any) -> Document:
    """Return a policy document with one statement."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(kind: str, value: str | list[str], action: str | list[str] = "sts:AssumeRole", **condition: Any) -> Document:
    """Return a trust policy with one statement."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {kind: value}, "Action": action}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}
