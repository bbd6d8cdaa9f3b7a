"""From a moment to the CloudTrail record of it, small and complete enough for the real pipeline."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from trailwatch.scorecard.calls import reads
from trailwatch.scorecard.organization import Identity
from trailwatch.scorecard.routine import Moment
from trailwatch.simulate import apis
from trailwatch.simulate.callers import reserved
from trailwatch.simulate.chance import guid, stable_hex, stable_id
from trailwatch.simulate.records import stamp
from trailwatch.simulate.stock import agent

Record = dict[str, Any]
HOME = "eu-west-1"
SYSTEMS = ("mac", "linux", "windows")
_TARGETS = {
    "GetSecretValue": "secretId", "GetParameter": "name", "DescribeTable": "tableName", "UpdateService": "service",
    "GetRole": "roleName", "CreateRole": "roleName", "AttachRolePolicy": "roleName", "DescribeStacks": "stackName",
    "StartInstances": "instanceId", "StopInstances": "instanceId", "GetBucketLocation": "bucketName",
    "UpdateFunctionCode20150331v2": "functionName", "PutRolePolicy": "roleName", "DescribeSecret": "secretId",
    "GetBucketPolicy": "bucketName", "PutMetricAlarm": "alarmName", "GetTable": "name", "CreatePolicy": "policyName",
    "CreatePolicyVersion": "policyArn", "DetachRolePolicy": "roleName", "PutParameter": "name",
    "GetParameters": "names", "GetParametersByPath": "path", "GetParameterHistory": "name",
}  # fmt: skip


_DOCUMENTS = ("PutRolePolicy", "CreatePolicy", "CreatePolicyVersion", "CreateRole")


def record(chance: random.Random, moment: Moment) -> Record:
    """Return the record of one call."""
    who = moment.who
    service, name = moment.api.split(":")
    region = "us-east-1" if service in apis.GLOBAL_SERVICES else moment.region or HOME
    event: Record = {
        "eventVersion": "1.10",
        "userIdentity": _identity(who, moment.at.date(), moment.client, _hour(moment.at)),
        "eventTime": stamp(moment.at),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": moment.address,
        "userAgent": _agent(moment.client, who.name, moment.at.date()),
    }
    if moment.refused:
        event["errorCode"] = "Client.UnauthorizedOperation" if service == "ec2" else "AccessDenied"
        event["errorMessage"] = f"User: {event['userIdentity']['arn']} is not authorized to perform: {moment.api}"
    event["requestParameters"] = filled(moment.params, who.account) if moment.params else _params(chance, who, name)
    event["responseElements"] = None
    event["requestID"] = event["eventID"] = guid(chance)
    event["readOnly"] = reads(moment.api)
    event["eventType"] = "AwsApiCall"
    event["managementEvent"] = True
    event["recipientAccountId"] = who.account
    event["eventCategory"] = "Management"
    if moment.client == "browser" and who.human:
        event["sessionCredentialFromConsole"] = "true"
    return event


def filled(params: dict[str, Any], account: str) -> Any:
    """Fill the words in capitals of an attack's parameters."""
    number = stable_hex(8, account, json.dumps(params, sort_keys=True))
    text = json.dumps(params).replace("NUMBER", number).replace("ACCOUNT", account)
    return json.loads(text.replace('"INSTANCE"', f'"i-0{number}{number}"'))


def _params(chance: random.Random, who: Identity, name: str) -> Record | None:
    key = _TARGETS.get(name)
    if key is None:
        return None
    # Programs read the same few things every day.
    number = min(chance.randrange(12), chance.randrange(12)) if who.human else chance.randrange(3)
    params: Record = {key: f"{who.trade}-{who.organization if who.human else who.role}-{number}"}
    if name == "GetParameters":
        params = {"names": [params[key]]}
    if name in _DOCUMENTS:
        trust = name == "CreateRole"
        rest = {"Principal": {"Service": "lambda.amazonaws.com"}} if trust else {"Resource": "arn:aws:s3:::app-data/*"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole" if trust else "s3:GetObject", **rest}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        params["assumeRolePolicyDocument" if trust else "policyDocument"] = document
    if name in ("AttachRolePolicy", "DetachRolePolicy"):
        params["policyArn"] = f"arn:aws:iam::{who.account}:policy/app-{number}"
    return params


def _hour(at: datetime) -> int:
    return at.hour // 4 * 4


@cache
def _agent(client: str, name: str, day: date) -> str:
    if client == "tool":
        return "python-requests/2.31.0"
    kind, _, system = client.partition("-")
    # The tools are newer from some day on, each at the same client.
    shifted = day + timedelta(days=int(stable_hex(2, name), 16) % 30 + 90)
    return agent(
        kind, system or SYSTEMS[int(stable_hex(2, "system", name), 16) % 3], shifted, "ec2", "DescribeInstances"
    )


@cache
def _identity(who: Identity, day: date, client: str, hour: int) -> Record:
    if who.trade in ("batch", "spare"):
        return {
            "type": "IAMUser", "principalId": stable_id("AIDA", who.account, who.role), "accountId": who.account,
            "arn": f"arn:aws:iam::{who.account}:user/{who.role}", "userName": who.role,
            "accessKeyId": stable_id("AKIA", who.account, who.role, length=16),
        }  # fmt: skip
    role = reserved(who.account, who.role) if who.human else who.role
    path = "aws-reserved/sso.amazonaws.com/" if who.human else ""
    session = who.email or {"pipeline": "GitHubActions", "vendor": "monitoring"}.get(who.trade, who.role)
    issuer = stable_id("AROA", who.account, role)
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer}:{session}",
        "arn": f"arn:aws:sts::{who.account}:assumed-role/{role}/{session}",
        "accountId": who.account,
        "accessKeyId": stable_id("ASIA", who.name, day, client, hour, length=16),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": issuer, "arn": f"arn:aws:iam::{who.account}:role/{path}{role}",
                "accountId": who.account, "userName": role,
            },
            "attributes": {"creationDate": f"{day}T{hour:02d}:00:00Z", "mfaAuthenticated": "false"},
        },
    }  # fmt: skip
