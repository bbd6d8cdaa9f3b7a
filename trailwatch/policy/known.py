"""What the newest snapshots tell of policies, groups, trails, and of services that were used last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from trailwatch.detect import exports
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.snapshot.export import DETAILS, TRAILS, USES
from trailwatch.store.tables import Store

_SUFFIX = re.compile(r"(/AWSReservedSSO_[^/]+)_[0-9a-f]{16}$")


@dataclass(frozen=True)
class Held:
    """A managed policy of an account, or an inline one of a principal."""

    name: str
    arn: str  # '' of an inline one
    account: str
    document: Mapping[str, Any]
    attached: bool  # to one of the principals that are asked about, or to a group of theirs


@dataclass(frozen=True)
class Known:
    """The newest good exports of each account up to the end of a window."""

    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trails: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    accessed: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)  # by ARN

    def members(self, group: str) -> list[str]:
        """Return the users of a group, or say that no snapshot names it."""
        wanted = group.lower()
        found = [
            f"{account}/user/{user['UserName']}"
            for account, details in sorted(self.details.items())
            for user in details.get("UserDetailList", ())
            if wanted in (str(name).lower() for name in user.get("GroupList") or ())
            or any(wanted == f"{account}/group/{name}".lower() for name in user.get("GroupList") or ())
        ]
        if not found:
            names = sorted({one["GroupName"] for one in self._entities("GroupDetailList")})
            hint = f"one of {', '.join(names[:10])}" if names else "trailwatch snapshot, or the names of its users"
            raise StoreError(f"no snapshot knows users of a group {group!r}", where="--group", hint=hint)
        return found

    def groups(self) -> dict[str, list[str]]:
        """Return the groups of each user."""
        return {
            f"{account}/user/{user['UserName']}": sorted(user.get("GroupList") or ())
            for account, details in self.details.items()
            for user in details.get("UserDetailList", ())
        }

    def policies(self, names: Sequence[str]) -> list[Held]:
        """Return the managed policies of the principals' accounts, and what is attached to them and their groups."""
        found = []
        for account in sorted({name.split("/")[0] for name in names}):
            details = self.details.get(account, {})
            attached = {one.get("PolicyArn") for owner in self._owners(account, names)
                        for one in owner.get("AttachedManagedPolicies") or ()}  # fmt: skip
            for policy in details.get("Policies", ()):
                document = next((one.get("Document") for one in policy.get("PolicyVersionList") or ()
                                 if one.get("IsDefaultVersion")), None)  # fmt: skip
                if isinstance(document, dict):
                    arn = str(policy.get("Arn"))
                    found.append(Held(str(policy.get("PolicyName")), arn, account, document, arn in attached))
            for owner in self._owners(account, names):
                for key in ("UserPolicyList", "RolePolicyList", "GroupPolicyList"):
                    found += [
                        Held(str(one.get("PolicyName")), "", account, one["PolicyDocument"], attached=True)
                        for one in owner.get(key) or () if isinstance(one.get("PolicyDocument"), dict)
                    ]  # fmt: skip
        return found

    def last_accessed(self, names: Sequence[str]) -> Iterator[tuple[str, str, datetime]]:
        """Yield principal, service and moment of what IAM itself says was used last."""
        for arn, services in sorted(self.accessed.items()):
            if (principal := principal_of(arn)) not in names:
                continue
            for service in services:
                if last := service.get("LastAuthenticated"):
                    moment = datetime.fromisoformat(str(last))
                    yield principal, str(service.get("ServiceNamespace")), moment.astimezone(UTC)

    def _owners(self, account: str, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        details = self.details.get(account, {})
        own = [one for key in ("UserDetailList", "RoleDetailList") for one in details.get(key, ())
               if principal_of(str(one.get("Arn"))) in names]  # fmt: skip
        groups = {name for one in own for name in one.get("GroupList") or ()}
        yield from own
        yield from (one for one in details.get("GroupDetailList", ()) if one.get("GroupName") in groups)

    def _entities(self, key: str) -> Iterator[Mapping[str, Any]]:
        for details in self.details.values():
            yield from details.get(key, ())


def read(store: Store) -> Known:
    """Return what the newest snapshots tell, whenever they were taken."""
    with Engine() as engine:
        exports.show(store, engine, day=date.max.replace(year=9998))
        rows = engine.relation("posture_exports").to_pylist()
    bodies = {
        (row["account"], row["kind"]): json.loads(row["body"]) for row in rows if row["kind"] in (DETAILS, TRAILS, USES)
    }
    return Known(
        {account: body for (account, kind), body in bodies.items() if kind == DETAILS},
        {account: body for (account, kind), body in bodies.items() if kind == TRAILS},
        {arn: services for (_, kind), body in bodies.items() if kind == USES for arn, services in body.items()},
    )  # fmt: skip


def principal_of(arn: str) -> str:
    """Return the principal of a user's or a role's ARN, as events name it."""
    found = re.fullmatch(r"arn:[a-z-]+:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)", stable(arn).removesuffix("_*"))
    return "/".join(found.groups()) if found else ""


def stable(arn: str) -> str:
    """Return the ARN of a role with what stays of it: one of Identity Center gets a new suffix whenever it is made anew."""
    return _SUFFIX.sub(r"\1_*", arn)
