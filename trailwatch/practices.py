"""The eighteen IAM practices that findings refer to, and the monitoring controls of CIS that detections serve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Practice:
    """One practice: its number in the published list, its code, what it asks for, and which sides can show it."""

    number: str
    code: str
    title: str
    activity: bool = True  # what was done can break it
    posture: bool = True  # how IAM is configured can break it


@dataclass(frozen=True)
class Control:
    """One monitoring control of the CIS AWS Foundations benchmark: its number, and what must not go unnoticed."""

    number: str
    title: str


PRACTICES: tuple[Practice, ...] = (
    Practice("R1", "root-use", "Root only for tasks that nothing else can do"),
    Practice("R2", "root-keys", "No root access keys; if there are any, rotated"),
    Practice("R3", "root-mfa", "MFA on root"),
    Practice("U1", "own-credentials", "One person, one identity; nothing shared"),
    Practice("U2", "managed-policies", "Managed policies, not inline ones"),
    Practice("U3", "groups", "Permissions through groups"),
    Practice("U4", "least-privilege", "Only the permissions that the task needs"),
    Practice("U5", "password-policy", "Strong passwords that expire and are not used again"),
    Practice("U6", "mfa", "MFA for everybody"),
    Practice("U7", "rotation", "Passwords and keys rotated on schedule"),
    Practice("B1", "workload-roles", "Programs on AWS use roles, not keys"),
    Practice("B2", "delegation", "Access across accounts through roles"),
    Practice("B3a", "shifts", "Access only in working hours", posture=False),
    Practice("B3b", "networks", "Access only from trusted networks", posture=False),
    Practice("B3c", "end-dates", "Contractors and partners cut off at the end date"),
    Practice("B4", "permission-review", "Permissions reviewed regularly", activity=False),
    Practice("B5", "unused", "Users and credentials unused for 90 days removed"),
    Practice("B6", "monitoring", "What users do is monitored"),
)

CODES = frozenset(practice.code for practice in PRACTICES)

CONTROLS: tuple[Control, ...] = (
    Control("4.1", "Unauthorized API calls"),
    Control("4.2", "Console sign-ins without MFA"),
    Control("4.3", "Use of the root user"),
    Control("4.4", "Changes of IAM policies"),
    Control("4.5", "Changes of the CloudTrail configuration"),
    Control("4.6", "Failed console sign-ins"),
    Control("4.7", "KMS keys disabled or scheduled for deletion"),
    Control("4.8", "Changes of S3 bucket policies"),
    Control("4.9", "Changes of the AWS Config configuration"),
    Control("4.10", "Changes of security groups"),
    Control("4.11", "Changes of network ACLs"),
    Control("4.12", "Changes of network gateways"),
    Control("4.13", "Changes of route tables"),
    Control("4.14", "Changes of VPCs"),
    Control("4.15", "Changes of AWS Organizations"),
)
