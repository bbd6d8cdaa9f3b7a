"""What the records do to IAM: last uses, and keys, passwords and policies that come and go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from trailwatch.simulate.estate import Account, Estate, Group, Key, User
from trailwatch.simulate.records import Record


@dataclass(frozen=True)
class Use:
    """When, where and with which service a credential was used last."""

    at: datetime
    region: str
    service: str


@dataclass
class Upkeep:
    """What was seen up to a time, gathered while the records pass by."""

    until: datetime
    keys: dict[str, Use] = field(default_factory=dict)  # by id of a long-term key
    roles: dict[str, Use] = field(default_factory=dict)  # by ARN
    sign_ins: dict[str, datetime] = field(default_factory=dict)  # by ARN of a user or root
    writes: list[Record] = field(default_factory=list)

    def see(self, record: Record) -> None:
        """Remember what a record means for IAM."""
        at = datetime.fromisoformat(record["eventTime"])
        if at >= self.until:
            return
        identity = record["userIdentity"]
        service = str(record["eventSource"]).removesuffix(".amazonaws.com")
        use = Use(at, str(record["awsRegion"]), service)
        key = str(identity.get("accessKeyId") or "")
        if key.startswith("AKIA"):
            self.keys[key] = _later(self.keys.get(key), use)
        issuer = str(identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn", ""))
        if issuer:
            self.roles[issuer] = _later(self.roles.get(issuer), use)
        if (
            record["eventName"] == "ConsoleLogin"
            and (record["responseElements"] or {}).get("ConsoleLogin") == "Success"
        ):
            arn = str(identity.get("arn", ""))
            self.sign_ins[arn] = max(at, self.sign_ins.get(arn, at))
        if service == "iam" and record["eventName"] in _WRITES and "errorCode" not in record:
            self.writes.append(record)

    def carry_out(self, estate: Estate) -> Estate:
        """Return the estate after everything that was written to it."""
        accounts = dict(estate)
        for record in sorted(self.writes, key=lambda one: (one["eventTime"], one["eventID"])):
            number = str(record["recipientAccountId"])
            accounts[number] = _carry_out(accounts[number], record)
        for number, account in accounts.items():
            signed_in = self.sign_ins.get(f"arn:aws:iam::{number}:root")
            accounts[number] = replace(account, root=replace(account.root, used=signed_in or account.root.used))
        return accounts


def _later(one: Use | None, other: Use) -> Use:
    return other if one is None or other.at > one.at else one


def _carry_out(account: Account, record: Record) -> Account:
    name, params, at = (
        record["eventName"],
        record["requestParameters"] or {},
        datetime.fromisoformat(record["eventTime"]),
    )
    if record["userIdentity"]["type"] == "Root" and name == "CreateAccessKey" and "userName" not in params:
        made = Key(record["responseElements"]["accessKey"]["accessKeyId"], at)
        return replace(account, root=replace(account.root, keys=(*account.root.keys, made)))
    if "groupName" in params:
        groups = tuple(_group(one, params) if one.name == params["groupName"] else one for one in account.groups)
        return replace(account, groups=groups)
    who = params.get("userName") or record["userIdentity"].get("userName")
    users = tuple(
        _WRITES[name](one, params, record["responseElements"] or {}, at) if one.name == who else one
        for one in account.users
    )
    return replace(account, users=users)


def _group(group: Group, params: Record) -> Group:
    return replace(group, inline={**group.inline, params["policyName"]: msgspec.json.decode(params["policyDocument"])})


Write = Callable[[User, Record, Record, datetime], User]


def _make_key(user: User, _params: Record, answer: Record, at: datetime) -> User:
    made = answer["accessKey"]["accessKeyId"]
    return user if any(key.id == made for key in user.keys) else replace(user, keys=(*user.keys, Key(made, at)))


def _set_key(user: User, params: Record, _answer: Record, _at: datetime) -> User:
    active = params["status"] == "Active"
    keys = (replace(key, active=active) if key.id == params["accessKeyId"] else key for key in user.keys)
    return replace(user, keys=tuple(keys))


def _drop_key(user: User, params: Record, _answer: Record, _at: datetime) -> User:
    return replace(user, keys=tuple(key for key in user.keys if key.id != params["accessKeyId"]))


def _attach(user: User, params: Record, _answer: Record, _at: datetime) -> User:
    return replace(user, attached=tuple(dict.fromkeys((*user.attached, params["policyArn"]))))


def _detach(user: User, params: Record, _answer: Record, _at: datetime) -> User:
    return replace(user, attached=tuple(arn for arn in user.attached if arn != params["policyArn"]))


def _put(user: User, params: Record, _answer: Record, _at: datetime) -> User:
    return replace(user, inline={**user.inline, params["policyName"]: msgspec.json.decode(params["policyDocument"])})


def _password(user: User, _params: Record, _answer: Record, at: datetime) -> User:
    return replace(user, password=at)


_WRITES: dict[str, Any] = {
    "CreateAccessKey": _make_key, "UpdateAccessKey": _set_key, "DeleteAccessKey": _drop_key,
    "AttachUserPolicy": _attach, "DetachUserPolicy": _detach, "PutUserPolicy": _put, "PutGroupPolicy": _put,
    "ChangePassword": _password, "CreateLoginProfile": _password, "UpdateLoginProfile": _password,
}  # fmt: skip
