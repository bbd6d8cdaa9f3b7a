"""The eighteen IAM practices that findings refer to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Practice:
    """One practice: its number in the published list, its code, and what it asks for."""

    number: str
    code: str
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
    Practice("B3a", "shifts", "Access only in working hours"),
    Practice("B3b", "networks", "Access only from trusted networks"),
    Practice("B3c", "end-dates", "Contractors and partners cut off at the end date"),
    Practice("B4", "permission-review", "Permissions reviewed regularly"),
    Practice("B5", "unused", "Users and credentials unused for 90 days removed"),
    Practice("B6", "monitoring", "What users do is monitored"),
)

CODES = frozenset(practice.code for practice in PRACTICES)
