"""Roles and their sessions: what STS answers, and the records by which credentials pass on."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from trailwatch.simulate.chance import guid, stable_id, temporary_key, text
from trailwatch.simulate.records import Caller, Record, american, call, stamp
from trailwatch.simulate.stock import HOME


def _token(chance: random.Random) -> str:
    return "IQoJb3JpZ2luX2VjE" + text(chance, 16) + "=="


def role_arn(account: str, role: str, path: str = "") -> str:
    """Return a role's ARN, with the path of an Identity Center or service-linked role."""
    return f"arn:aws:iam::{account}:role/{path}{role}"


def assumed(
    account: str,
    role: str,
    session: str,
    key: str,
    since: datetime,
    *,
    path: str = "",
    source: str = "",
    mfa: bool = False,
    **context: Any,
) -> Record:
    """Return the userIdentity of a role session."""
    principal = stable_id("AROA", account, role)
    session_context: Record = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": principal,
            "arn": role_arn(account, role, path),
            "accountId": account,
            "userName": role,
        },
        "webIdFederationData": context.pop("federation", {}),
        "attributes": {"creationDate": stamp(since), "mfaAuthenticated": "true" if mfa else "false"},
    }
    if source:
        session_context["sourceIdentity"] = source
    if "delivery" in context:
        session_context["ec2RoleDelivery"] = context.pop("delivery")
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": session_context,
        **context,
    }


def credentials(
    chance: random.Random,
    at: datetime,
    account: str,
    role: str,
    session: str,
    key: str,
    *,
    source: str = "",
    hours: int = 1,
    **more: Any,
) -> Record:
    """Return what STS answers when it issues a role's credentials."""
    answer: Record = {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": _token(chance),
            "expiration": american(at + timedelta(hours=hours)),
        },
        "assumedRoleUser": {
            "assumedRoleId": f"{stable_id('AROA', account, role)}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        },
        **more,
    }
    if source:
        answer["sourceIdentity"] = source
    return answer


def role_resource(account: str, role: str, path: str = "") -> list[Record]:
    """Return the `resources` of a record that acts on a role."""
    return [{"accountId": account, "type": "AWS::IAM::Role", "ARN": role_arn(account, role, path)}]


def service(account: str, name: str) -> Caller:
    """Return an AWS service calling in its own name."""
    host = f"{name}.amazonaws.com"
    return Caller({"type": "AWSService", "invokedBy": host}, account, host, context=host)


def service_role(
    chance: random.Random,
    at: datetime,
    account: str,
    role: str,
    session: str,
    by: str,
    *,
    path: str = "",
    region: str = HOME,
) -> tuple[Caller, list[Record]]:
    """Enter as a service that takes a role and then acts as it, seen under the service's name."""
    key, host = temporary_key(chance), f"{by}.amazonaws.com"
    mint = mint_by_service(chance, at, account, role, session, key, by, path=path, region=region)
    identity = {**assumed(account, role, session, key, at, path=path), "invokedBy": host}
    return Caller(identity, account, host, context=host), [mint]


def mint_by_service(
    chance: random.Random,
    at: datetime,
    account: str,
    role: str,
    session: str,
    key: str,
    by: str,
    *,
    path: str = "",
    region: str = HOME,
) -> Record:
    """Return the AssumeRole by which a service hands a role's credentials to a workload."""
    return call(
        chance,
        at,
        service(account, by),
        "sts:AssumeRole",
        region=region,
        params={"roleArn": role_arn(account, role, path), "roleSessionName": session},
        answer=credentials(chance, at, account, role, session, key),
        extra={"resources": role_resource(account, role, path)},
    )


def chain(
    chance: random.Random,
    at: datetime,
    parent: Caller,
    account: str,
    role: str,
    session: str,
    *,
    source: str = "",
    client: str = "",
    address: str = "",
) -> tuple[Caller, list[Record]]:
    """Assume a role from a session; across accounts both accounts get a record of the one act."""
    key, shared = temporary_key(chance), guid(chance)
    params: Record = {"roleArn": role_arn(account, role), "roleSessionName": session, "durationSeconds": 3600}
    if source:
        params["sourceIdentity"] = source
    if parent.identity["type"] == "AWSAccount":
        params["externalId"] = "7d2c-example"
    answer = credentials(chance, at, account, role, session, key, source=source)
    mint = call(
        chance,
        at,
        parent,
        "sts:AssumeRole",
        params=params,
        answer=answer,
        extra={"resources": role_resource(account, role)},
        shared=shared if parent.account != account else "",
    )
    records = [mint]
    if parent.account != account:
        seen = {"type": "AWSAccount", "principalId": str(parent.identity["principalId"]), "accountId": parent.account}
        twin = {**mint, "userIdentity": seen, "eventID": guid(chance), "recipientAccountId": account}
        # A partner's own trail is not ours to read: only our side of the act is delivered.
        records = [twin] if parent.identity["type"] == "AWSAccount" else [mint, twin]
    caller = Caller(
        assumed(account, role, session, key, at, source=source),
        account,
        address or parent.address,
        client or parent.client,
        parent.system,
    )
    return caller, records


def web_identity(
    chance: random.Random, at: datetime, account: str, role: str, session: str, subject: str, address: str, client: str
) -> tuple[Caller, list[Record]]:
    """Enter with a GitHub Actions token."""
    key, provider = temporary_key(chance), f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"
    who = {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:{subject}",
        "userName": subject,
        "identityProvider": provider,
    }
    answer = credentials(
        chance,
        at,
        account,
        role,
        session,
        key,
        subjectFromWebIdentityToken=subject,
        provider=provider,
        audience="sts.amazonaws.com",
    )
    mint = call(
        chance,
        at,
        Caller(who, account, address, client),
        "sts:AssumeRoleWithWebIdentity",
        params={"roleArn": role_arn(account, role), "roleSessionName": session, "durationSeconds": 3600},
        answer=answer,
        extra={
            "additionalEventData": {"identityProviderConnectionVerificationMethod": "IAMTrustStore"},
            "resources": role_resource(account, role),
        },
    )
    identity = assumed(account, role, session, key, at, federation={"federatedProvider": provider, "attributes": {}})
    return Caller(identity, account, address, client), [mint]
