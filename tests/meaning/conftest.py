"""JSON records in, through the real decoder, into the real views."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

Record = dict[str, Any]
HOME, AWAY = "111122223333", "444455556666"
KEY = "AKIAIOSFODNN7EXAMPLE"
BASE: Record = {
    "eventVersion": "1.10",
    "userIdentity": {
        "type": "IAMUser", "principalId": "AIDAALICE000000000001", "arn": f"arn:aws:iam::{HOME}:user/staff/alice",
        "accountId": HOME, "accessKeyId": KEY, "userName": "alice",
    },
    "eventTime": "2026-01-05T10:00:00Z", "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
    "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.7",
    "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/5.10 exe/x86_64.amzn.2 prompt/off command/ec2.describe-instances",
    "requestParameters": None, "responseElements": None, "requestID": "00000000-0000-4000-8000-000000000001",
    "readOnly": True, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": HOME,
    "eventCategory": "Management",
}  # fmt: skip


def record(differences: Mapping[str, Any] | None = None, /, **fields: Any) -> Record:
    """Return the complete record with differences: nested values are merged, fields replace."""
    made = copy.deepcopy(BASE)
    _merge(made, differences or {})
    return made | fields


def _merge(into: Record, differences: Mapping[str, Any]) -> None:
    for name, value in differences.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def user(key: str = KEY, *, name: str = "alice", created: str = "", mfa: str = "true") -> Record:
    """Return the identity of an IAM user, with a session where `created` says since when."""
    identity = {
        "type": "IAMUser", "principalId": "AIDA" + name.upper().ljust(16, "0") + "1", "accountId": HOME,
        "arn": f"arn:aws:iam::{HOME}:user/staff/{name}", "accessKeyId": key, "userName": name,
    }  # fmt: skip
    context = {"sessionIssuer": {}, "attributes": {"creationDate": created, "mfaAuthenticated": mfa}}
    return identity | ({"sessionContext": context} if created else {})


def role_id(role: str) -> str:
    """Return the immutable id that a role of these tests has."""
    return "AROA" + "".join(letter for letter in role.upper() if letter.isalnum())[:17].ljust(17, "0")


def session(role: str, name: str, key: str = "", *, account: str = HOME, created: str = "2026-01-05T10:00:00Z",
            **context: Any) -> Record:  # fmt: skip
    """Return the identity of a role session."""
    issuer = {
        "type": "Role", "principalId": role_id(role), "arn": f"arn:aws:iam::{account}:role/path/{role}",
        "accountId": account, "userName": role,
    }  # fmt: skip
    attributes = {"attributes": {"creationDate": created, "mfaAuthenticated": "false"}} if created else {}
    return {
        "type": "AssumedRole", "principalId": f"{role_id(role)}:{name}", "accountId": account,
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "sessionContext": {"sessionIssuer": issuer, "webIdFederationData": {}, **attributes, **context},
    } | ({"accessKeyId": key} if key else {})  # fmt: skip


def assume(caller: Record, role: str, name: str, key: str, *, account: str = HOME, call: str = "AssumeRole",
           given: Mapping[str, Any] | None = None, **fields: Any) -> Record:  # fmt: skip
    """Return a successful call that hands out a role session."""
    response = {
        "credentials": {"accessKeyId": key, "expiration": "Jan 5, 2026, 11:00:00 AM"},
        "assumedRoleUser": {
            "assumedRoleId": f"{role_id(role)}:{name}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        },
        **(given or {}),
    }  # fmt: skip
    request = {"roleArn": f"arn:aws:iam::{account}:role/path/{role}", "roleSessionName": name}
    return record(
        {"eventSource": "sts.amazonaws.com", "eventName": call},
        **({"userIdentity": caller, "requestParameters": request, "responseElements": response} | fields),
    )


def signin(identity: Record, time: str, name: str = "ConsoleLogin", **fields: Any) -> Record:
    """Return a successful call of the sign-in service."""
    return record(
        {"eventSource": "signin.amazonaws.com", "eventName": name, "eventType": "AwsConsoleSignIn", "eventTime": time},
        **({"userIdentity": identity, "responseElements": {name: "Success"}} | fields),
    )


def at(clock: str, day: int = 5) -> str:
    """Return a time of January 2026."""
    return f"2026-01-{day:02}T{clock}Z"


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Builders of records and identities."""
    return SimpleNamespace(record=record, user=user, session=session, assume=assume, signin=signin, at=at, KEY=KEY)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as made:
        yield made


@pytest.fixture
def load(engine: Engine) -> Callable[..., None]:
    """Put JSON records into the engine as `raw_events`, in the order given."""

    def put(*records: Record) -> None:
        named = [{"eventID": f"event-{at:04}", **each} for at, each in enumerate(records)]
        rows = decode.records(named)
        assert rows.num_rows == len(records), "the decoder did not take every record"
        engine.table("raw_events", rows)

    return put


@pytest.fixture
def said(engine: Engine, load: Callable[..., None]) -> Callable[..., list[Record]]:
    """Return what each record says by itself."""

    def read(*records: Record) -> list[Record]:
        load(*records)
        sessions.means(engine)
        return engine.query("from events order by event_id").to_pylist()

    return read


@pytest.fixture
def attributed(engine: Engine, load: Callable[..., None]) -> Callable[..., list[Record]]:
    """Return each record with the person behind it; sessions and links stay readable in the engine."""

    def read(*records: Record, aliases: Mapping[str, str] | None = None) -> list[Record]:
        load(*records)
        sessions.resolve(engine, aliases=aliases or {})
        rows = engine.query("from attributed order by event_id").to_pylist()
        assert len(rows) == len(records), "a join lost or doubled an event"
        return rows

    return read
