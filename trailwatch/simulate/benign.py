"""Sensitive calls in their harmless form: who makes them, on which weekdays, with which parameters.

A detection that names a call belongs beside a row here, so that quiet days prove it silent on the harmless form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .stock import DEV, OFFICE, PROD, SECURITY

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
WORKDAYS = (MON, TUE, WED, THU, FRI)
Json = dict[str, Any] | None


@dataclass(frozen=True)
class Benign:
    """One harmless call: `actor` is terraform, terraform-dev, terraform-security, a person, ci, rotation or break-fix."""

    api: str
    actor: str
    weekdays: tuple[int, ...]
    params: Json = None
    answer: Json = None


def _policy(action: str, resource: str = "*", **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]})


def _trust(**principal: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


_OK: Json = {"requestId": "<request>", "_return": True}
_LOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
_OFFICE_RULE = {"items": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": {}, "ipRanges": {"items": [{"cidrIp": f"{OFFICE}.0/24", "description": "office"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}
_SELECTORS = [{"readWriteType": "All", "includeManagementEvents": True, "dataResources": [], "excludeManagementEventSources": []}]
_BUCKET_POLICY = {"Version": "2012-10-17", "Statement": [{"Sid": "OwnAccount", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:role/web-app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-shop-assets-eu/*"}]}
_KEY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"}, "Action": "kms:*", "Resource": "*"}]})

TABLE: tuple[Benign, ...] = (
    # Preview environments come and go in dev: roles are made, given little, and removed.
    Benign("iam:CreateRole", "terraform-dev", (MON, TUE, THU), {"roleName": "preview-<hex8>", "assumeRolePolicyDocument": _trust(Service="lambda.amazonaws.com")}, {"role": {"roleName": "preview-<hex8>", "arn": "arn:aws:iam::<account>:role/preview-<hex8>"}}),
    Benign("iam:AttachRolePolicy", "terraform-dev", (MON, TUE, THU), {"roleName": "preview-<hex8>", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    Benign("iam:PutRolePolicy", "terraform-dev", (MON, WED), {"roleName": "preview-<hex8>", "policyName": "logs", "policyDocument": _policy("logs:PutLogEvents")}),
    Benign("iam:DeleteRolePolicy", "terraform-dev", (TUE, FRI), {"roleName": "preview-<hex8>", "policyName": "logs"}),
    Benign("iam:DetachRolePolicy", "terraform-dev", (TUE, FRI), {"roleName": "preview-<hex8>", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    Benign("iam:DeleteRole", "terraform-dev", (TUE, FRI), {"roleName": "preview-<hex8>"}),
    Benign("iam:CreateInstanceProfile", "terraform-dev", (MON,), {"instanceProfileName": "preview-<hex8>"}, {"instanceProfile": {"instanceProfileName": "preview-<hex8>"}}),
    Benign("iam:AddRoleToInstanceProfile", "terraform-dev", (MON,), {"instanceProfileName": "preview-<hex8>", "roleName": "preview-<hex8>"}),
    Benign("lambda:CreateFunction20150331", "terraform-dev", (MON, THU), {"functionName": "preview-<hex8>", "runtime": "python3.12", "role": "arn:aws:iam::<account>:role/preview-<hex8>", "handler": "app.run"}, {"functionName": "preview-<hex8>", "state": "Pending"}),
    Benign("lambda:CreateFunctionUrlConfig", "terraform-dev", (THU,), {"functionName": "preview-<hex8>", "authType": "AWS_IAM"}, {"authType": "AWS_IAM"}),
    Benign("logs:DeleteLogGroup", "terraform-dev", (TUE, FRI), {"logGroupName": "/preview/<hex8>"}),
    Benign("s3:DeleteBucket", "terraform-dev", (FRI,), {"bucketName": "preview-<hex8>", "Host": "preview-<hex8>.s3.eu-central-1.amazonaws.com"}),
    Benign("ec2:TerminateInstances", "terraform-dev", (FRI, WED), {"instancesSet": {"items": [{"instanceId": "<instance>"}]}}, {"requestId": "<request>", "instancesSet": {"items": [{"instanceId": "<instance>", "currentState": {"code": 32, "name": "shutting-down"}}]}}),
    Benign("cloudformation:DeleteStack", "terraform-dev", (FRI,), {"stackName": "preview-<hex8>"}),
    # Production changes through the pipeline.
    Benign("iam:UpdateAssumeRolePolicy", "terraform", (TUE, THU), {"roleName": "audit-reader", "policyDocument": _trust(AWS=f"arn:aws:iam::{SECURITY}:root")}),
    Benign("iam:CreatePolicy", "terraform", (WED,), {"policyName": "shop-<hex8>", "policyDocument": _policy("sqs:SendMessage", f"arn:aws:sqs:eu-central-1:{PROD}:orders")}, {"policy": {"policyName": "shop-<hex8>", "arn": "arn:aws:iam::<account>:policy/shop-<hex8>"}}),
    Benign("iam:CreatePolicyVersion", "terraform", (MON, WED), {"policyArn": "arn:aws:iam::<account>:policy/shop-deploy", "setAsDefault": True, "policyDocument": _policy("ecs:UpdateService")}, {"policyVersion": {"versionId": "v5", "isDefaultVersion": True}}),
    Benign("iam:DeletePolicyVersion", "terraform", (MON, WED), {"policyArn": "arn:aws:iam::<account>:policy/shop-deploy", "versionId": "v1"}),
    Benign("iam:SetDefaultPolicyVersion", "terraform", (THU,), {"policyArn": "arn:aws:iam::<account>:policy/shop-deploy", "versionId": "v5"}),
    Benign("iam:PutRolePermissionsBoundary", "terraform", (THU,), {"roleName": "ci-deploy", "permissionsBoundary": "arn:aws:iam::<account>:policy/boundary"}),
    Benign("iam:UpdateRole", "terraform", (WED,), {"roleName": "ci-deploy", "maxSessionDuration": 3600}),
    Benign("s3:PutBucketPolicy", "terraform", (MON, THU), {"bucketName": "prod-shop-assets-eu", "policy": "", "bucketPolicy": _BUCKET_POLICY, "Host": "prod-shop-assets-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("s3:PutBucketPublicAccessBlock", "terraform", (TUE,), {"bucketName": "prod-shop-assets-eu", "publicAccessBlock": "", "PublicAccessBlockConfiguration": _LOCKED, "Host": "prod-shop-assets-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("s3:PutBucketAcl", "terraform", (TUE,), {"bucketName": "prod-reports-eu", "acl": "", "x-amz-acl": "private", "Host": "prod-reports-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("s3:PutBucketLifecycle", "terraform", (WED,), {"bucketName": "prod-datalake-eu", "lifecycle": "", "LifecycleConfiguration": {"Rule": {"ID": "old", "Status": "Enabled", "Expiration": {"Days": 365}}}, "Host": "prod-datalake-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("s3:PutBucketVersioning", "terraform", (WED,), {"bucketName": "prod-datalake-eu", "versioning": "", "VersioningConfiguration": {"Status": "Enabled"}, "Host": "prod-datalake-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("s3:PutBucketEncryption", "terraform", (FRI,), {"bucketName": "prod-datalake-eu", "encryption": "", "ServerSideEncryptionConfiguration": {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}}, "Host": "prod-datalake-eu.s3.eu-central-1.amazonaws.com"}),
    Benign("ec2:AuthorizeSecurityGroupIngress", "terraform", (MON, WED), {"groupId": "<group>", "ipPermissions": _OFFICE_RULE}, {"requestId": "<request>", "_return": True, "securityGroupRuleSet": {"items": [{"groupOwnerId": "<account>", "groupId": "<group>", "securityGroupRuleId": "sgr-0<hex16>", "isEgress": False, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": f"{OFFICE}.0/24"}]}}),
    Benign("ec2:RevokeSecurityGroupIngress", "terraform", (WED, FRI), {"groupId": "<group>", "ipPermissions": _OFFICE_RULE}, _OK),
    Benign("ec2:AuthorizeSecurityGroupEgress", "terraform", (FRI,), {"groupId": "<group>", "ipPermissions": _OFFICE_RULE}, _OK),
    Benign("ec2:CreateRoute", "terraform", (THU,), {"routeTableId": "rtb-0<hex16>", "destinationCidrBlock": "10.40.0.0/16", "vpcPeeringConnectionId": "pcx-0<hex16>"}, _OK),
    Benign("ec2:CreateFlowLogs", "terraform", (TUE,), {"CreateFlowLogsRequest": {"ResourceType": "VPC", "TrafficType": "ALL", "ResourceId": {"content": "<vpc>", "tag": 1}}}, {"CreateFlowLogsResponse": {"flowLogIdSet": {"item": "fl-0<hex16>"}}}),
    Benign("ec2:EnableEbsEncryptionByDefault", "terraform", (FRI,), {"EnableEbsEncryptionByDefaultRequest": ""}, {"EnableEbsEncryptionByDefaultResponse": {"ebsEncryptionByDefault": True}}),
    Benign("lambda:AddPermission20150331v2", "terraform", (TUE,), {"functionName": "invoice-fn", "statementId": "events", "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com", "sourceAccount": "<account>"}, {"statement": "events"}),
    Benign("kms:PutKeyPolicy", "terraform", (THU,), {"keyId": "<key>", "policyName": "default", "policy": _KEY_POLICY, "bypassPolicyLockoutSafetyCheck": False}),
    Benign("kms:EnableKeyRotation", "terraform", (THU,), {"keyId": "<key>"}),
    Benign("sns:SetTopicAttributes", "terraform", (WED,), {"topicArn": "<topic>", "attributeName": "DisplayName", "attributeValue": "alerts"}),
    Benign("sqs:SetQueueAttributes", "terraform", (WED,), {"queueUrl": "<queue>", "attributes": {"VisibilityTimeout": "60"}}),
    Benign("ecr:SetRepositoryPolicy", "terraform", (FRI,), {"repositoryName": "orders", "policyText": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "ecr:BatchGetImage"}]}), "force": False}),
    Benign("secretsmanager:PutResourcePolicy", "terraform", (THU,), {"secretId": "prod/shop/db", "resourcePolicy": _policy("secretsmanager:GetSecretValue", Principal={"AWS": f"arn:aws:iam::{PROD}:role/web-app"}), "blockPublicPolicy": True}, {"name": "prod/shop/db"}),
    Benign("secretsmanager:RotateSecret", "terraform", (TUE,), {"secretId": "prod/shop/db", "rotateImmediately": True}, {"name": "prod/shop/db", "versionId": "<uuid>"}),
    Benign("events:PutRule", "terraform", (MON,), {"name": "nightly", "state": "ENABLED", "scheduleExpression": "rate(1 day)"}, {"ruleArn": "arn:aws:events:<region>:<account>:rule/nightly"}),
    Benign("rds:ModifyDBInstance", "terraform", (WED,), {"dBInstanceIdentifier": "shop-db", "backupRetentionPeriod": 14, "publiclyAccessible": False, "applyImmediately": False}, {"dBInstanceIdentifier": "shop-db", "publiclyAccessible": False}),
    Benign("wafv2:UpdateWebACL", "terraform", (FRI,), {"name": "shop", "scope": "REGIONAL", "lockToken": "<uuid>"}, {"nextLockToken": "<uuid>"}),
    # The watchers are written down too, and applied again each week in the state they should have.
    Benign("cloudtrail:UpdateTrail", "terraform-security", (MON,), {"name": "org-trail", "isMultiRegionTrail": True, "enableLogFileValidation": True, "includeGlobalServiceEvents": True, "isOrganizationTrail": True}, {"name": "org-trail", "isMultiRegionTrail": True, "logFileValidationEnabled": True}),
    Benign("cloudtrail:PutEventSelectors", "terraform-security", (MON, THU), {"trailName": "org-trail", "eventSelectors": _SELECTORS}, {"trailARN": f"arn:aws:cloudtrail:eu-central-1:{SECURITY}:trail/org-trail", "eventSelectors": _SELECTORS}),
    Benign("cloudtrail:PutInsightSelectors", "terraform-security", (MON,), {"trailName": "org-trail", "insightSelectors": [{"insightType": "ApiCallRateInsight"}, {"insightType": "ApiErrorRateInsight"}]}),
    Benign("cloudtrail:StartLogging", "terraform-security", (TUE,), {"name": "org-trail"}),
    Benign("guardduty:UpdateDetector", "terraform-security", (TUE, THU), {"detectorId": "<detector>", "enable": True, "findingPublishingFrequency": "FIFTEEN_MINUTES"}),
    Benign("config:PutConfigurationRecorder", "terraform-security", (MON, WED), {"configurationRecorder": {"name": "default", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}}),
    Benign("config:StartConfigurationRecorder", "terraform-security", (MON, WED), {"configurationRecorderName": "default"}),
    Benign("config:PutDeliveryChannel", "terraform-security", (WED,), {"deliveryChannel": {"name": "default", "s3BucketName": "config-410987654321"}}),
    Benign("organizations:AttachPolicy", "terraform-security", (THU,), {"policyId": "p-9x2m4k1c", "targetId": DEV}),
    Benign("securityhub:UpdateStandardsControl", "terraform-security", (FRI,), {"StandardsControlArn": "arn:aws:securityhub:eu-central-1:<account>:control/cis/1.4", "ControlStatus": "ENABLED"}),
    # Operations by people, in their own sessions.
    Benign("ssm:SendCommand", "erin@example.com", (MON, TUE, THU), {"documentName": "AWS-RunShellScript", "instanceIds": ["<instance>"], "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS", "interactive": False}, {"command": {"commandId": "<uuid>", "status": "Pending"}}),
    Benign("ssm:StartSession", "erin@example.com", (MON, WED, THU), {"target": "<instance>"}, {"sessionId": "erin@example.com-0<hex16>", "streamUrl": "wss://ssmmessages.eu-central-1.amazonaws.com/v1/data-channel/erin"}),
    Benign("ec2:ModifySnapshotAttribute", "erin@example.com", (MON, WED), {"snapshotId": "<snapshot>", "createVolumePermission": {"add": {"items": [{"userId": DEV}]}}, "attributeType": "CREATE_VOLUME_PERMISSION"}, _OK),
    Benign("ec2:ModifyImageAttribute", "erin@example.com", (TUE,), {"imageId": "ami-0<hex16>", "launchPermission": {"add": {"items": [{"userId": DEV}]}}, "attributeType": "launchPermission"}, _OK),
    Benign("ec2:ModifyInstanceAttribute", "erin@example.com", (TUE, FRI), {"instanceId": "<instance>", "instanceType": {"value": "m6g.xlarge"}}, _OK),
    Benign("ec2:GetConsoleOutput", "erin@example.com", (THU,), {"instanceId": "<instance>"}),
    Benign("ec2:GetConsoleScreenshot", "erin@example.com", (THU,), {"instanceId": "<instance>"}),
    Benign("ec2:StopInstances", "erin@example.com", (WED,), {"instancesSet": {"items": [{"instanceId": "<instance>"}]}, "force": False}, _OK),
    Benign("ec2:StartInstances", "erin@example.com", (WED,), {"instancesSet": {"items": [{"instanceId": "<instance>"}]}}, _OK),
    Benign("ec2:DescribeInstanceAttribute", "erin@example.com", (TUE, FRI), {"instanceId": "<instance>", "attribute": "userData"}),
    Benign("rds:ModifyDBSnapshotAttribute", "erin@example.com", (FRI,), {"dBSnapshotIdentifier": "shop-db-<hex8>", "attributeName": "restore", "valuesToAdd": [DEV]}, {"dBSnapshotIdentifier": "shop-db-<hex8>"}),
    Benign("rds:DeleteDBSnapshot", "erin@example.com", (FRI,), {"dBSnapshotIdentifier": "shop-db-<hex8>"}, {"dBSnapshotIdentifier": "shop-db-<hex8>"}),
    Benign("ecs:ExecuteCommand", "alice@example.com", (TUE, THU), {"cluster": "shop", "task": "<hex32>", "interactive": True, "command": "HIDDEN_DUE_TO_SECURITY_REASONS"}, {"clusterArn": "arn:aws:ecs:<region>:<account>:cluster/shop"}),
    Benign("ec2-instance-connect:SendSSHPublicKey", "alice@example.com", (MON,), {"instanceId": "<instance>", "instanceOSUser": "ec2-user", "sSHPublicKey": "ssh-ed25519 AAAA"}, {"success": True, "requestId": "<request>"}),
    Benign("ec2:RunInstances", "alice@example.com", (TUE,), {"instancesSet": {"items": [{"imageId": "ami-0b5673b5f6e8f7fa7", "minCount": 1, "maxCount": 1}]}, "instanceType": "m6g.large"}, {"requestId": "<request>", "instancesSet": {"items": [{"instanceId": "i-0<hex16>"}]}}),
    Benign("sso:CreateAccountAssignment", "grace@example.com", (TUE,), {"instanceArn": "arn:aws:sso:::instance/ssoins-6987ab12cd34ef56", "targetId": DEV, "targetType": "AWS_ACCOUNT", "principalType": "USER", "principalId": "<uuid>", "permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-6987ab12cd34ef56/ps-1a2b3c4d5e6f7a8b"}, {"accountAssignmentCreationStatus": {"status": "IN_PROGRESS", "requestId": "<request>"}}),
    Benign("iam:UpdateAccountPasswordPolicy", "grace@example.com", (THU,), {"minimumPasswordLength": 16, "requireSymbols": True, "requireNumbers": True, "requireUppercaseCharacters": True, "requireLowercaseCharacters": True, "allowUsersToChangePassword": True, "maxPasswordAge": 90, "passwordReusePrevention": 24, "hardExpiry": False}),
    Benign("iam:TagRole", "grace@example.com", (MON, WED), {"roleName": "audit-reader", "tags": [{"key": "owner", "value": "security"}]}),
    Benign("iam:AddUserToGroup", "grace@example.com", (WED,), {"groupName": "readers", "userName": "break-fix"}),
    Benign("iam:RemoveUserFromGroup", "grace@example.com", (WED,), {"groupName": "readers", "userName": "break-fix"}),
    Benign("guardduty:ArchiveFindings", "ivan@example.com", (MON, WED), {"detectorId": "<detector>", "findingIds": ["<hex32>"]}),
    Benign("iam:SimulatePrincipalPolicy", "ivan@example.com", (TUE,), {"policySourceArn": "arn:aws:iam::<account>:role/audit-reader", "actionNames": ["s3:GetObject"]}),
    Benign("s3:GetBucketAcl", "ivan@example.com", (FRI,), {"bucketName": "org-trail-410987654321", "acl": "", "Host": "org-trail-410987654321.s3.eu-central-1.amazonaws.com"}),
    Benign("secretsmanager:GetSecretValue", "frank@example.com", (MON, THU), {"secretId": "prod/reports/smtp"}),
    Benign("ssm:GetParametersByPath", "frank@example.com", (TUE,), {"path": "/prod/reports", "recursive": True, "withDecryption": True}),
    Benign("lambda:UpdateFunctionConfiguration20150331v2", "frank@example.com", (WED,), {"functionName": "export-fn", "memorySize": 512, "timeout": 60}, {"functionName": "export-fn"}),
)
