"""Exports of IAM as the CLI and the console write them, for tests: one small account, and its files in every form."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

ACCOUNT, OTHER = "111122223333", "444455556666"
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ROOT_ROW = (
    "<root_account>,arn:aws:iam::111122223333:root,2024-01-02T03:04:05Z,not_supported,2026-06-30T10:00:00Z,"
    "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
ALICE_ROW = (
    "alice,arn:aws:iam::111122223333:user/alice,2025-03-01T09:00:00Z,true,no_information,2025-03-01T09:00:00Z,"
    "2025-05-30T09:00:00Z,false,true,2025-03-01T09:05:00Z,2026-07-20T11:00:00Z,us-east-1,s3,false,N/A,N/A,N/A,N/A,"
    "false,N/A,false,N/A"
)
BOB_ROW = (
    "bob,arn:aws:iam::111122223333:user/ops/bob,2025-04-01T09:00:00Z,false,N/A,N/A,N/A,false,true,"
    "2025-04-01T09:05:00Z,N/A,N/A,N/A,true,2026-01-01T00:00:00Z,2026-07-01T00:00:00Z,N/A,iam,false,N/A,false,N/A"
)
REPORT = f"{HEADER}\n{ROOT_ROW}\n{ALICE_ROW}\n{BOB_ROW}"  # AWS writes no line feed at the end

ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"sts:ExternalId": "50 % + ä"}}},
    ],
}  # fmt: skip
DETAILS: dict[str, Any] = {
    "UserDetailList": [
        {"Path": "/", "UserName": "alice", "UserId": "AIDAALICE00000000001", "Arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
         "CreateDate": "2025-03-01T09:00:00+00:00", "GroupList": ["staff"], "Tags": [],
         "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": ALLOW_ALL}],
         "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/own"}]},
        {"Path": "/ops/", "UserName": "bob", "UserId": "AIDABOB0000000000001", "Arn": f"arn:aws:iam::{ACCOUNT}:user/ops/bob",
         "CreateDate": "2025-04-01T09:00:00+00:00", "GroupList": [], "AttachedManagedPolicies": [], "Tags": []},
    ],
    "GroupDetailList": [
        {"Path": "/", "GroupName": "staff", "GroupId": "AGPASTAFF00000000001", "Arn": f"arn:aws:iam::{ACCOUNT}:group/staff",
         "CreateDate": "2025-01-01T00:00:00+00:00", "GroupPolicyList": [], "AttachedManagedPolicies": []},
    ],
    "RoleDetailList": [
        {"Path": "/", "RoleName": "deploy", "RoleId": "AROADEPLOY0000000001", "Arn": f"arn:aws:iam::{ACCOUNT}:role/deploy",
         "CreateDate": "2025-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": TRUST, "InstanceProfileList": [],
         "RolePolicyList": [], "AttachedManagedPolicies": [], "Tags": [],
         "RoleLastUsed": {"LastUsedDate": "2026-07-01T10:00:00+00:00", "Region": "eu-central-1"}},
    ],
    "Policies": [
        {"PolicyName": "own", "PolicyId": "ANPAOWN0000000000001", "Arn": f"arn:aws:iam::{ACCOUNT}:policy/own", "Path": "/",
         "DefaultVersionId": "v1", "AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0, "IsAttachable": True,
         "CreateDate": "2025-01-01T00:00:00+00:00", "UpdateDate": "2025-01-01T00:00:00+00:00",
         "PolicyVersionList": [{"Document": ALLOW_ALL, "VersionId": "v1", "IsDefaultVersion": True,
                                "CreateDate": "2025-01-01T00:00:00+00:00"}]},
    ],
}  # fmt: skip
POLICY = {
    "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "ExpirePasswords": True,
    "MaxPasswordAge": 90, "PasswordReusePrevention": 24,
}  # fmt: skip
SUMMARY = {"Users": 2, "Groups": 1, "Roles": 1, "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}
USES = {
    "JobStatus": "COMPLETED", "JobType": "SERVICE_LEVEL", "JobCreationDate": "2026-07-27T10:00:00.123000+00:00",
    "JobCompletionDate": "2026-07-27T10:00:01.123000+00:00", "IsTruncated": False,
    "ServicesLastAccessed": [
        {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": "2026-07-20T11:00:00+00:00",
         "LastAuthenticatedEntity": f"arn:aws:iam::{ACCOUNT}:user/alice", "TotalAuthenticatedEntities": 1},
        {"ServiceName": "AWS IAM", "ServiceNamespace": "iam", "TotalAuthenticatedEntities": 0},
    ],
}  # fmt: skip
TRAIL_ARN = f"arn:aws:cloudtrail:eu-central-1:{ACCOUNT}:trail/own-trail"
TRAIL = {
    "Name": "own-trail", "S3BucketName": "logs", "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": True,
    "HomeRegion": "eu-central-1", "TrailARN": TRAIL_ARN, "LogFileValidationEnabled": True,
    "HasCustomEventSelectors": True, "HasInsightSelectors": False, "IsOrganizationTrail": False,
}  # fmt: skip
SELECTORS = {
    "TrailARN": TRAIL_ARN,
    "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [],
                        "ExcludeManagementEventSources": ["kms.amazonaws.com"]}],
}  # fmt: skip
STATUS = {"IsLogging": True, "LatestDeliveryTime": "2026-07-27T10:00:00+00:00", "LatestDeliveryError": ""}


def other(value: Any) -> Any:
    """The same export of another account."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = text.replace(OTHER, "999988887777").replace(ACCOUNT, OTHER)
    return text if isinstance(value, str) else json.loads(text)


def encoded(details: dict[str, Any]) -> dict[str, Any]:
    """The same with every policy document as AWS sends it: JSON, URL-encoded."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(one) for one in value]
        if not isinstance(value, dict):
            return value
        documents = {"PolicyDocument", "AssumeRolePolicyDocument", "Document"}
        return {key: quote(json.dumps(one), safe="") if key in documents else walk(one) for key, one in value.items()}

    return dict(walk(copy.deepcopy(details)))


def pages(details: dict[str, Any]) -> list[dict[str, Any]]:
    """The same in two pages, as the API answers them."""
    first = {**details, "Policies": [], "RoleDetailList": [], "IsTruncated": True, "Marker": "more"}
    second = {**details, "UserDetailList": [], "GroupDetailList": [], "IsTruncated": False}
    return [first, second]


def answered(report: str, made: str = "2026-07-27T06:00:00+00:00") -> str:
    """The credential report as `aws iam get-credential-report` prints it."""
    content = base64.b64encode(report.encode()).decode()
    return json.dumps({"Content": content, "ReportFormat": "text/csv", "GeneratedTime": made}, indent=4)


def write(folder: Path, **files: Any) -> Path:
    """Write files by their stems: text and bytes as they are, everything else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, value in files.items():
        data = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
        (folder / stem).write_bytes(data)
    return folder
