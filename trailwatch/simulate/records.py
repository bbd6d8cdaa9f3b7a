"""One CloudTrail record, with the fields AWS writes in the order it writes them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from trailwatch.simulate import apis
from trailwatch.simulate.chance import guid, text
from trailwatch.simulate.stock import GLOBAL, HOME, Filler, agent

Record = dict[str, Any]

_TLS = {
    "ec2",
    "s3",
    "iam",
    "sts",
    "kms",
    "secretsmanager",
    "ssm",
    "lambda",
    "dynamodb",
    "cloudtrail",
    "organizations",
    "signin",
}
# Each service moves to a newer record version at its own pace.
_VERSIONS = {
    "ec2": "1.10",
    "s3": "1.10",
    "kms": "1.11",
    "sts": "1.10",
    "iam": "1.11",
    "signin": "1.10",
    "lambda": "1.11",
    "secretsmanager": "1.11",
    "cloudtrail": "1.11",
}
_RESOURCES = {
    "secretsmanager": (
        "AWS::SecretsManager::Secret",
        "secretId",
        "arn:aws:secretsmanager:{region}:{account}:secret:{value}",
    ),
    "kms": ("AWS::KMS::Key", "keyId", "{value}"),
    "s3": ("AWS::S3::Bucket", "bucketName", "arn:aws:s3:::{value}"),
    "dynamodb": ("AWS::DynamoDB::Table", "tableName", "arn:aws:dynamodb:{region}:{account}:table/{value}"),
}


@dataclass(frozen=True)
class Caller:
    """Who calls, with what, from where: everything a record takes from the session and not from the call."""

    identity: Record
    account: str
    address: str
    client: str = ""
    system: str = "linux"
    console: bool = False
    endpoint: str = ""
    values: dict[str, str] = field(default_factory=dict)
    context: str = ""

    @property
    def arn(self) -> str:
        """Return the caller's ARN, empty where CloudTrail names none."""
        return str(self.identity.get("arn", ""))

    def at(self, address: str) -> Caller:
        """Return the same caller at another address."""
        return replace(self, address=address)


def stamp(at: datetime) -> str:
    """Write a time as CloudTrail does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def american(at: datetime) -> str:
    """Write a time as the answers of IAM and STS do."""
    return at.astimezone(UTC).strftime("%b %d, %Y, %I:%M:%S %p").replace(" 0", " ")


def call(
    chance: random.Random,
    at: datetime,
    caller: Caller,
    api: str,
    *,
    region: str = HOME,
    params: Record | None = None,
    answer: Record | None = None,
    error: tuple[str, str] | None = None,
    extra: Record | None = None,
    shared: str = "",
) -> Record:
    """Build the record of one API call; parameters and answer come from the table unless given."""
    service, name = api.split(":")
    region = GLOBAL if service in apis.GLOBAL_SERVICES else region
    request = text(chance, 16, "ABCDEFGHJKMNPQRSTVWXYZ0123456789") if service == "s3" else guid(chance)
    filler = Filler(chance, caller.account, region, {"request": request, **caller.values})
    if params is None and answer is None:
        params, answer = apis.TABLE.get(api, (None, None))
    params, answer = filler.fill(params), filler.fill(answer)
    record: Record = {
        "eventVersion": _VERSIONS.get(service, "1.09"),
        "userIdentity": caller.identity,
        "eventTime": stamp(at),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": caller.address,
        "userAgent": _agent(caller, at, service, name),
    }
    if error:
        record["errorCode"], record["errorMessage"] = error
    record["requestParameters"] = params
    record["responseElements"] = None if error else answer
    extra = dict(extra or {})
    if service == "s3" and not caller.context:
        record["additionalEventData"] = {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": text(chance, 12) + "=",
            "bytesTransferredOut": chance.randrange(200, 4000),
        }
    record.update(extra)
    record["requestID"] = request
    record["eventID"] = guid(chance)
    record["readOnly"] = apis.read_only(name)
    resources = _resources(service, caller.account, region, params)
    if resources and "resources" not in record:
        record["resources"] = resources
    record["eventType"] = "AwsApiCall"
    record["managementEvent"] = True
    record["recipientAccountId"] = caller.account
    if shared:
        record["sharedEventID"] = shared
    if caller.endpoint:
        record["vpcEndpointId"], record["vpcEndpointAccountId"] = caller.endpoint, caller.account
    record["eventCategory"] = "Management"
    if service in _TLS and not caller.context and caller.client:
        host = "sts.amazonaws.com" if service == "sts" and region == GLOBAL else f"{service}.{region}.amazonaws.com"
        record["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "iam.amazonaws.com" if service == "iam" else host,
        }
    if caller.console:
        record["sessionCredentialFromConsole"] = "true"
    return record


def denied(caller: Caller, api: str) -> tuple[str, str]:
    """Return the error that a service gives to a caller who may not make this call."""
    service, name = api.split(":")
    action = f"{service}:{name}".replace("20150331v2", "").replace("20150331", "").replace("monitoring:", "cloudwatch:")
    who = f"User: {caller.arn} is not authorized to perform: {action}"
    if service == "ec2":
        return (
            "Client.UnauthorizedOperation",
            f"You are not authorized to perform this operation. {who} because no identity-based policy allows the {action} action",
        )
    code = (
        "AccessDeniedException"
        if service in {"lambda", "secretsmanager", "ssm", "ecs", "kms", "organizations", "logs"}
        else "AccessDenied"
    )
    return code, f"{who} because no identity-based policy allows the {action} action"


def throttled(api: str) -> tuple[str, str]:
    """Return the error of a call that came too fast."""
    return (
        ("Client.RequestLimitExceeded", "Request limit exceeded.")
        if api.startswith("ec2:")
        else ("ThrottlingException", "Rate exceeded")
    )


def _agent(caller: Caller, at: datetime, service: str, name: str) -> str:
    if caller.context:
        return caller.context
    if caller.console and service == "s3":
        return "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.785 Linux/5.10.236 OpenJDK_64-Bit_Server_VM/25.452-b09 java/1.8.0_452 vendor/Oracle_Corporation cfg/retry-mode/standard]"
    return agent(caller.client, caller.system, at.date(), service, name)


def _resources(service: str, account: str, region: str, params: Record | None) -> list[Record]:
    if service not in _RESOURCES or not params:
        return []
    kind, key, arn = _RESOURCES[service]
    value = params.get(key)
    if not isinstance(value, str):
        return []
    if value.startswith("arn:"):
        return [{"accountId": account, "type": kind, "ARN": value}]
    return (
        [{"accountId": account, "type": kind, "ARN": arn.format(region=region, account=account, value=value)}]
        if service != "kms"
        else []
    )
