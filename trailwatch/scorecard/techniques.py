"""What an attacker calls: a table of own writing, one entry for each technique of the Stratus logs that are public.

Only calls and the parameters that a detection may read; the words in capitals are filled in from the victim's account.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

OUTSIDER = "904030110045"
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Act:
    """One call of an attack, made `times` times."""

    api: str  # service:name
    params: dict[str, Any] | None = None
    times: int = 1
    refused: bool = False


@dataclass(frozen=True)
class Technique:
    """A named way to attack, with the calls that it is made of."""

    id: str
    acts: tuple[Act, ...]

    @property
    def held_out(self) -> bool:
        """Whether nothing is tuned on it: one technique in three, for ever the same ones."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 3 == 0


def _policy(principal: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})  # fmt: skip


_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
TECHNIQUES = (
    Technique("ec2-get-password-data", (Act("ec2:GetPasswordData", {"instanceId": "INSTANCE"}, times=30, refused=True),)),
    Technique("secretsmanager-batch-retrieve", (Act("secretsmanager:BatchGetSecretValue",
        {"filters": [{"key": "name", "values": ["prod"]}]}, times=5),)),
    Technique("ssm-retrieve-parameters", (Act("ssm:DescribeParameters", {"maxResults": 50}, times=3),
        Act("ssm:GetParameters", {"names": ["/prod/NUMBER/password"], "withDecryption": True}, times=7))),
    Technique("cloudtrail-event-selectors", (Act("cloudtrail:PutEventSelectors", {"trailName": "main", "eventSelectors": [
        {"includeManagementEvents": False, "readWriteType": "ReadOnly", "dataResources": []}]}),)),
    Technique("dns-delete-logs", (Act("route53resolver:DeleteResolverQueryLogConfig",
        {"resolverQueryLogConfigId": "rqlc-NUMBER"}),)),
    Technique("vpc-remove-flow-logs", (Act("ec2:DeleteFlowLogs",
        {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-0NUMBER", "tag": 1}}}),)),
    Technique("ec2-launch-unusual-instances", (Act("ec2:RunInstances", {"instanceType": "p3.8xlarge", "instancesSet":
        {"items": [{"imageId": "ami-0NUMBER", "minCount": 10, "maxCount": 10}]}}, refused=True),)),
    Technique("ssm-send-command", (Act("ssm:SendCommand", {"documentName": "AWS-RunShellScript",
        "instanceIds": ["INSTANCE"], "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}, times=2),)),
    Technique("open-port-22", (Act("ec2:AuthorizeSecurityGroupIngress", {"groupId": "sg-0NUMBER", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": ANYWHERE}]}}]}}),)),
    Technique("share-ebs-snapshot", (Act("ec2:ModifySnapshotAttribute", {"snapshotId": "snap-0NUMBER", "attributeType":
        "CREATE_VOLUME_PERMISSION", "createVolumePermission": {"add": {"items": [{"userId": OUTSIDER}]}}}),)),
    Technique("bedrock-invoke-model", (Act("bedrock:ListFoundationModelAgreementOffers", {"modelId": "anthropic.claude"}),
        Act("bedrock:PutFoundationModelEntitlement", {"modelId": "anthropic.claude"}),
        Act("bedrock:InvokeModel", {"modelId": "anthropic.claude"}, times=4))),
    Technique("ec2-instance-connect", (Act("ec2-instance-connect:SendSSHPublicKey",
        {"instanceId": "INSTANCE", "instanceOSUser": "ec2-user"}, times=3),)),
    Technique("backdoor-role", (Act("iam:UpdateAssumeRolePolicy", {"roleName": "app-NUMBER",
        "policyDocument": _policy({"AWS": f"arn:aws:iam::{OUTSIDER}:root"})}),)),
    Technique("create-admin-user", (Act("iam:CreateUser", {"userName": "support-NUMBER"}),
        Act("iam:AttachUserPolicy", {"userName": "support-NUMBER", "policyArn": _ADMIN}),
        Act("iam:CreateAccessKey", {"userName": "support-NUMBER"}))),
    Technique("create-login-profile", (Act("iam:CreateLoginProfile",
        {"userName": "svc-NUMBER", "passwordResetRequired": False}),)),
    Technique("lambda-layer-extension", (Act("lambda:UpdateFunctionConfiguration20150331v2", {"functionName": "fn-NUMBER",
        "layers": [f"arn:aws:lambda:eu-west-1:{OUTSIDER}:layer:ext:1"]}),)),
    Technique("rolesanywhere-trust-anchor", (Act("rolesanywhere:CreateTrustAnchor", {"name": "anchor", "enabled": True}),
        Act("rolesanywhere:CreateProfile", {"name": "profile", "roleArns": ["arn:aws:iam::ACCOUNT:role/app-NUMBER"]}))),
    Technique("update-login-profile", (Act("iam:UpdateLoginProfile", {"userName": "svc-NUMBER"}),)),
)  # fmt: skip
LOOKING_AROUND = [
    "sts:GetCallerIdentity",
    "iam:ListUsers",
    "iam:ListAttachedUserPolicies",
    "iam:GetAccountAuthorizationDetails",
    "iam:ListRoles",
    "s3:ListBuckets",
    "ec2:DescribeInstances",
    "secretsmanager:ListSecrets",
    "ssm:DescribeParameters",
    "iam:ListAccessKeys",
    "organizations:DescribeOrganization",
    "kms:ListKeys",
    "lambda:ListFunctions20150331",
    "rds:DescribeDBInstances",
    "iam:GetAccountSummary",
    "cloudtrail:DescribeTrails",
    "guardduty:ListDetectors",
]
BIT_BY_BIT = [
    "iam:ListRolePolicies",
    "iam:GetPolicyVersion",
    "iam:ListGroupsForUser",
    "iam:GetLoginProfile",
    "iam:ListMFADevices",
    "s3:GetBucketPolicy",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "lambda:GetFunction20150331v2",
    "lambda:GetPolicy20150331v2",
    "ecr:GetAuthorizationToken",
    "iam:GetRolePolicy",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeSnapshots",
    "rds:DescribeDBSnapshots",
    "kms:CreateGrant",
    "lambda:UpdateFunctionCode20150331v2",
    "iam:UpdateAccessKey",
    "s3:PutBucketPolicy",
]
