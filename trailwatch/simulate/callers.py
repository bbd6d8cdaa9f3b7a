"""The ways into an account: each returns the caller and the records that its credentials came from."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from .chance import guid, hexes, stable_hex, stable_id, temporary_key, text
from .records import Caller, Record, american, call, stamp
from .stock import GLOBAL, HOME, SECURITY


def _token(chance: random.Random) -> str:
    return "IQoJb3JpZ2luX2VjE" + text(chance, 16) + "=="


def role_arn(account: str, role: str, path: str = "") -> str:
    """Return a role's ARN, with the path of an Identity Center or service-linked role."""
    return f"arn:aws:iam::{account}:role/{path}{role}"


def reserved(account: str, permission_set: str) -> str:
    """Return the name that Identity Center gives a permission set's role in an account."""
    return f"AWSReservedSSO_{permission_set}_{stable_hex(16, account, permission_set)}"


def assumed(account: str, role: str, session: str, key: str, since: datetime, *, path: str = "", source: str = "", mfa: bool = False, **context: Any) -> Record:
    """Return the userIdentity of a role session."""
    principal = stable_id("AROA", account, role)
    session_context: Record = {
        "sessionIssuer": {"type": "Role", "principalId": principal, "arn": role_arn(account, role, path), "accountId": account, "userName": role},
        "webIdFederationData": context.pop("federation", {}),
        "attributes": {"creationDate": stamp(since), "mfaAuthenticated": "true" if mfa else "false"},
    }
    if source:
        session_context["sourceIdentity"] = source
    if "delivery" in context:
        session_context["ec2RoleDelivery"] = context.pop("delivery")
    return {"type": "AssumedRole", "principalId": f"{principal}:{session}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}", "accountId": account, "accessKeyId": key, "sessionContext": session_context, **context}


def credentials(chance: random.Random, at: datetime, account: str, role: str, session: str, key: str, *, source: str = "", hours: int = 1, **more: Any) -> Record:
    """Return what STS answers when it issues a role's credentials."""
    answer: Record = {
        "credentials": {"accessKeyId": key, "sessionToken": _token(chance), "expiration": american(at + timedelta(hours=hours))},
        "assumedRoleUser": {"assumedRoleId": f"{stable_id('AROA', account, role)}:{session}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}"},
        **more,
    }
    if source:
        answer["sourceIdentity"] = source
    return answer


def _role_resource(account: str, role: str, path: str = "") -> list[Record]:
    return [{"accountId": account, "type": "AWS::IAM::Role", "ARN": role_arn(account, role, path)}]


def sso(chance: random.Random, at: datetime, *, email: str, account: str, permission_set: str, address: str, client: str, system: str) -> tuple[Caller, list[Record]]:
    """Enter by Identity Center; the console signs in, the command line fetches role credentials."""
    role, key = reserved(account, permission_set), temporary_key(chance)
    path = "aws-reserved/sso.amazonaws.com/eu-central-1/"
    console = client == "browser"
    caller = Caller(assumed(account, role, email, key, at, path=path), account, address, client, system, console, values={"query": guid(chance)})
    who = {"type": "SAMLUser", "principalId": f"{stable_hex(20, 'saml')}:{email}", "userName": email, "identityProvider": stable_hex(20, "saml")}
    provider = f"arn:aws:iam::{account}:saml-provider/AWSSSO_{stable_hex(16, account, 'saml')}_DO_NOT_DELETE"
    answer = credentials(chance, at, account, role, email, key, subject=email, subjectType="persistent", issuer="https://portal.sso.eu-central-1.amazonaws.com/saml/assertion", audience="https://signin.aws.amazon.com/saml", nameQualifier=stable_hex(20, "saml"))
    mint = call(
        chance, at, Caller(who, account, "sso.amazonaws.com", context="sso.amazonaws.com"), "sts:AssumeRoleWithSAML",
        params={"sAMLAssertionID": "_" + guid(chance), "roleSessionName": email, "roleArn": role_arn(account, role, path), "principalArn": provider, "durationSeconds": 3600},
        answer=answer, extra={"resources": [*_role_resource(account, role, path), {"accountId": account, "type": "AWS::IAM::SAMLProvider", "ARN": provider}]},
    )
    records = [mint]
    if console:
        records.append(console_login(chance, at + timedelta(seconds=1), caller, mfa="No", federated=True))
    return caller, records


def portal(chance: random.Random, at: datetime, *, email: str, address: str, system: str) -> Record:
    """Return the Identity Center sign-in that a person's working day begins with."""
    user = f"{stable_hex(10, 'store')}-{user_id(email)}"
    identity = {"type": "Unknown", "principalId": SECURITY, "arn": "", "accountId": SECURITY, "accessKeyId": "", "userName": email, "onBehalfOf": {"userId": user, "identityStoreArn": f"arn:aws:identitystore::{SECURITY}:identitystore/d-99{stable_hex(8, 'store')}"}}
    record = call(
        chance, at, Caller(identity, SECURITY, address, "browser", system), "signin:UserAuthentication",
        extra={"additionalEventData": {"AuthWorkflowID": guid(chance), "LoginTo": "https://example.awsapps.com/start/", "CredentialType": "PASSWORD,TOTP"}},
    )
    record["eventType"] = "AwsServiceEvent"
    record["readOnly"] = False
    record["serviceEventDetails"] = {"UserAuthentication": "Success"}
    del record["requestID"]
    return record


def user_id(email: str) -> str:
    """Return the Identity Center id of a user, without the store's prefix."""
    raw = stable_hex(32, "identity-center", email)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def console_login(chance: random.Random, at: datetime, caller: Caller, *, mfa: str, federated: bool = False, success: bool = True, region: str = GLOBAL) -> Record:
    """Return a sign-in to the console, or a failed one."""
    identity = {k: v for k, v in caller.identity.items() if k not in ({"accessKeyId", "sessionContext"} if not federated else {"accessKeyId"})}
    if identity["type"] == "IAMUser" and not success:
        identity = {**{k: v for k, v in identity.items() if k != "arn"}, "accessKeyId": ""}
    data: Record = {"LoginTo": "https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1", "MobileVersion": "No", "MFAUsed": mfa}
    if mfa == "Yes":
        data["MFAIdentifier"] = f"arn:aws:iam::{caller.account}:mfa/{identity.get('userName', 'root')}"
    record = call(
        chance, at, Caller(identity, caller.account, caller.address, "browser", caller.system), "signin:ConsoleLogin", region=HOME if federated else region,
        answer={"ConsoleLogin": "Success" if success else "Failure"}, extra={"additionalEventData": data},
    )
    if not success:
        at_message = list(record.items())
        at_message.insert(8, ("errorMessage", "Failed authentication"))
        record = dict(at_message)
    record["eventType"] = "AwsConsoleSignIn"
    record["readOnly"] = False
    record["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "signin.aws.amazon.com" if region == GLOBAL and not federated else "eu-central-1.signin.aws.amazon.com"}
    del record["requestID"]
    return record


def user(account: str, name: str, address: str, client: str, system: str = "linux", *, key: str = "") -> Caller:
    """Enter as an IAM user with its long-term key."""
    key = key or stable_id("AKIA", account, name, length=16)
    identity = {"type": "IAMUser", "principalId": stable_id("AIDA", account, name), "arn": f"arn:aws:iam::{account}:user/{name}", "accountId": account, "accessKeyId": key, "userName": name}
    return Caller(identity, account, address, client, system)


def console_user(chance: random.Random, at: datetime, account: str, name: str, address: str, system: str, *, mfa: bool = True) -> Caller:
    """Return an IAM user inside the console, on the temporary key that the console holds."""
    plain = user(account, name, address, "browser", system, key=temporary_key(chance))
    context = {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": {"creationDate": stamp(at), "mfaAuthenticated": "true" if mfa else "false"}}
    return Caller({**plain.identity, "sessionContext": context}, account, address, "browser", system, console=True)


def root(chance: random.Random, at: datetime, account: str, address: str, system: str) -> Caller:
    """Return the root user inside the console."""
    context = {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": {"creationDate": stamp(at), "mfaAuthenticated": "false"}}
    identity = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account, "accessKeyId": temporary_key(chance), "sessionContext": context}
    return Caller(identity, account, address, "browser", system, console=True)


def service(account: str, name: str) -> Caller:
    """Return an AWS service calling in its own name."""
    host = f"{name}.amazonaws.com"
    return Caller({"type": "AWSService", "invokedBy": host}, account, host, context=host)


def service_role(chance: random.Random, at: datetime, account: str, role: str, session: str, by: str, *, path: str = "", region: str = HOME) -> tuple[Caller, list[Record]]:
    """Enter as a service that takes a role and then acts as it, seen under the service's name."""
    key, host = temporary_key(chance), f"{by}.amazonaws.com"
    mint = mint_by_service(chance, at, account, role, session, key, by, path=path, region=region)
    identity = {**assumed(account, role, session, key, at, path=path), "invokedBy": host}
    return Caller(identity, account, host, context=host), [mint]


def mint_by_service(chance: random.Random, at: datetime, account: str, role: str, session: str, key: str, by: str, *, path: str = "", region: str = HOME) -> Record:
    """Return the AssumeRole by which a service hands a role's credentials to a workload."""
    return call(
        chance, at, service(account, by), "sts:AssumeRole", region=region, params={"roleArn": role_arn(account, role, path), "roleSessionName": session},
        answer=credentials(chance, at, account, role, session, key), extra={"resources": _role_resource(account, role, path)},
    )


def chain(chance: random.Random, at: datetime, parent: Caller, account: str, role: str, session: str, *, source: str = "", client: str = "", address: str = "") -> tuple[Caller, list[Record]]:
    """Assume a role from a session; across accounts both accounts get a record of the one act."""
    key, shared = temporary_key(chance), guid(chance)
    params: Record = {"roleArn": role_arn(account, role), "roleSessionName": session, "durationSeconds": 3600}
    if source:
        params["sourceIdentity"] = source
    if parent.identity["type"] == "AWSAccount":
        params["externalId"] = "7d2c-example"
    answer = credentials(chance, at, account, role, session, key, source=source)
    mint = call(chance, at, parent, "sts:AssumeRole", params=params, answer=answer, extra={"resources": _role_resource(account, role)}, shared=shared if parent.account != account else "")
    records = [mint]
    if parent.account != account:
        seen = {"type": "AWSAccount", "principalId": str(parent.identity["principalId"]), "accountId": parent.account}
        twin = {**mint, "userIdentity": seen, "eventID": guid(chance), "recipientAccountId": account}
        # A partner's own trail is not ours to read: only our side of the act is delivered.
        records = [twin] if parent.identity["type"] == "AWSAccount" else [mint, twin]
    caller = Caller(assumed(account, role, session, key, at, source=source), account, address or parent.address, client or parent.client, parent.system)
    return caller, records


def web_identity(chance: random.Random, at: datetime, account: str, role: str, session: str, subject: str, address: str, client: str) -> tuple[Caller, list[Record]]:
    """Enter with a GitHub Actions token."""
    key, provider = temporary_key(chance), f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"
    who = {"type": "WebIdentityUser", "principalId": f"{provider}:sts.amazonaws.com:{subject}", "userName": subject, "identityProvider": provider}
    answer = credentials(chance, at, account, role, session, key, subjectFromWebIdentityToken=subject, provider=provider, audience="sts.amazonaws.com")
    mint = call(
        chance, at, Caller(who, account, address, client), "sts:AssumeRoleWithWebIdentity",
        params={"roleArn": role_arn(account, role), "roleSessionName": session, "durationSeconds": 3600}, answer=answer,
        extra={"additionalEventData": {"identityProviderConnectionVerificationMethod": "IAMTrustStore"}, "resources": _role_resource(account, role)},
    )
    identity = assumed(account, role, session, key, at, federation={"federatedProvider": provider, "attributes": {}})
    return Caller(identity, account, address, client), [mint]


def instance_id(*parts: object) -> str:
    """Return the id of an instance that lives as long as its parts say."""
    return "i-0" + stable_hex(16, *parts)


def task_id(chance: random.Random) -> str:
    """Return the id of an ECS task."""
    return hexes(chance, 32)
