"""The ways into an account that people take: Identity Center, the console, long-term keys."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from trailwatch.simulate import sts
from trailwatch.simulate.chance import guid, hexes, stable_hex, stable_id, temporary_key
from trailwatch.simulate.records import Caller, Record, call, stamp
from trailwatch.simulate.stock import GLOBAL, HOME, SECURITY


def reserved(account: str, permission_set: str) -> str:
    """Return the name that Identity Center gives a permission set's role in an account."""
    return f"AWSReservedSSO_{permission_set}_{stable_hex(16, account, permission_set)}"


def sso(
    chance: random.Random,
    at: datetime,
    *,
    email: str,
    account: str,
    permission_set: str,
    address: str,
    client: str,
    system: str,
) -> tuple[Caller, list[Record]]:
    """Enter by Identity Center; the console signs in, the command line fetches role credentials."""
    role, key = reserved(account, permission_set), temporary_key(chance)
    path = "aws-reserved/sso.amazonaws.com/eu-central-1/"
    console = client == "browser"
    caller = Caller(
        sts.assumed(account, role, email, key, at, path=path),
        account,
        address,
        client,
        system,
        console,
        values={"query": guid(chance)},
    )
    who = {
        "type": "SAMLUser",
        "principalId": f"{stable_hex(20, 'saml')}:{email}",
        "userName": email,
        "identityProvider": stable_hex(20, "saml"),
    }
    provider = f"arn:aws:iam::{account}:saml-provider/AWSSSO_{stable_hex(16, account, 'saml')}_DO_NOT_DELETE"
    answer = sts.credentials(
        chance,
        at,
        account,
        role,
        email,
        key,
        subject=email,
        subjectType="persistent",
        issuer="https://portal.sso.eu-central-1.amazonaws.com/saml/assertion",
        audience="https://signin.aws.amazon.com/saml",
        nameQualifier=stable_hex(20, "saml"),
    )
    mint = call(
        chance,
        at,
        Caller(who, account, "sso.amazonaws.com", context="sso.amazonaws.com"),
        "sts:AssumeRoleWithSAML",
        params={
            "sAMLAssertionID": "_" + guid(chance),
            "roleSessionName": email,
            "roleArn": sts.role_arn(account, role, path),
            "principalArn": provider,
            "durationSeconds": 3600,
        },
        answer=answer,
        extra={
            "resources": [
                *sts.role_resource(account, role, path),
                {"accountId": account, "type": "AWS::IAM::SAMLProvider", "ARN": provider},
            ]
        },
    )
    records = [mint]
    if console:
        records.append(console_login(chance, at + timedelta(seconds=1), caller, mfa="No", federated=True))
    return caller, records


def portal(chance: random.Random, at: datetime, *, email: str, address: str, system: str) -> Record:
    """Return the Identity Center sign-in that a person's working day begins with."""
    user = f"{stable_hex(10, 'store')}-{user_id(email)}"
    identity = {
        "type": "Unknown",
        "principalId": SECURITY,
        "arn": "",
        "accountId": SECURITY,
        "accessKeyId": "",
        "userName": email,
        "onBehalfOf": {
            "userId": user,
            "identityStoreArn": f"arn:aws:identitystore::{SECURITY}:identitystore/d-99{stable_hex(8, 'store')}",
        },
    }
    record = call(
        chance,
        at,
        Caller(identity, SECURITY, address, "browser", system),
        "signin:UserAuthentication",
        extra={
            "additionalEventData": {
                "AuthWorkflowID": guid(chance),
                "LoginTo": "https://example.awsapps.com/start/",
                "CredentialType": "PASSWORD,TOTP",
            }
        },
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


def console_login(
    chance: random.Random,
    at: datetime,
    caller: Caller,
    *,
    mfa: str,
    federated: bool = False,
    success: bool = True,
    region: str = GLOBAL,
) -> Record:
    """Return a sign-in to the console, or a failed one."""
    identity = {
        k: v
        for k, v in caller.identity.items()
        if k not in ({"accessKeyId", "sessionContext"} if not federated else {"accessKeyId"})
    }
    if identity["type"] == "IAMUser" and not success:
        identity = {**{k: v for k, v in identity.items() if k != "arn"}, "accessKeyId": ""}
    data: Record = {
        "LoginTo": "https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1",
        "MobileVersion": "No",
        "MFAUsed": mfa,
    }
    if mfa == "Yes":
        data["MFAIdentifier"] = f"arn:aws:iam::{caller.account}:mfa/{identity.get('userName', 'root')}"
    record = call(
        chance,
        at,
        Caller(identity, caller.account, caller.address, "browser", caller.system),
        "signin:ConsoleLogin",
        region=HOME if federated else region,
        answer={"ConsoleLogin": "Success" if success else "Failure"},
        extra={"additionalEventData": data},
    )
    if not success:
        at_message = list(record.items())
        at_message.insert(8, ("errorMessage", "Failed authentication"))
        record = dict(at_message)
    record["eventType"] = "AwsConsoleSignIn"
    record["readOnly"] = False
    record["tlsDetails"] = {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": "signin.aws.amazon.com"
        if region == GLOBAL and not federated
        else "eu-central-1.signin.aws.amazon.com",
    }
    del record["requestID"]
    return record


def user(account: str, name: str, address: str, client: str, system: str = "linux", *, key: str = "") -> Caller:
    """Enter as an IAM user with its long-term key."""
    key = key or stable_id("AKIA", account, name, length=16)
    identity = {
        "type": "IAMUser",
        "principalId": stable_id("AIDA", account, name),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key,
        "userName": name,
    }
    return Caller(identity, account, address, client, system)


def console_user(
    chance: random.Random, at: datetime, account: str, name: str, address: str, system: str, *, mfa: bool = True
) -> Caller:
    """Return an IAM user inside the console, on the temporary key that the console holds."""
    plain = user(account, name, address, "browser", system, key=temporary_key(chance))
    context = {
        "sessionIssuer": {},
        "webIdFederationData": {},
        "attributes": {"creationDate": stamp(at), "mfaAuthenticated": "true" if mfa else "false"},
    }
    return Caller({**plain.identity, "sessionContext": context}, account, address, "browser", system, console=True)


def root(chance: random.Random, at: datetime, account: str, address: str, system: str) -> Caller:
    """Return the root user inside the console."""
    context = {
        "sessionIssuer": {},
        "webIdFederationData": {},
        "attributes": {"creationDate": stamp(at), "mfaAuthenticated": "false"},
    }
    identity = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": temporary_key(chance),
        "sessionContext": context,
    }
    return Caller(identity, account, address, "browser", system, console=True)


def instance_id(*parts: object) -> str:
    """Return the id of an instance that lives as long as its parts say."""
    return "i-0" + stable_hex(16, *parts)


def task_id(chance: random.Random) -> str:
    """Return the id of an ECS task."""
    return hexes(chance, 32)
