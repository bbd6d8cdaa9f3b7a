"""Policies in, rows out: what an identity may do, from inline, attached and AWS's own policies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from iam import ACCOUNT, ALL, details, role, user

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)


def _allow(action="*", resource="*", **change):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **change}],
    }


@pytest.mark.parametrize(
    ("document", "admin", "iam_all"),
    [
        (ALL, True, True),
        (_allow(["s3:GetObject", "*"], ["arn:aws:s3:::b", "*"]), True, True),
        (_allow("*:*"), True, True),
        (_allow("IAM:*"), False, True),
        (_allow("iam:*", "arn:aws:iam::111122223333:user/alice"), False, False),
        (_allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), True, True),
        ({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}, False, False),
        ({"Statement": {"Effect": "Allow", "NotAction": "*", "Resource": "*"}}, False, False),
        ({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "*"}}, False, False),
        ({}, False, False),
    ],
)
def test_a_policy_that_allows_everything(shelf, document, admin, iam_all) -> None:
    shelf.put("authorization-details", details(users=[user(
        UserPolicyList=[{"PolicyName": "p", "PolicyDocument": document}])]))  # fmt: skip
    (one,) = shelf.rows("iam_policies")
    assert (one["policy_kind"], one["admin"], one["iam_all"], one["owner_kind"]) == ("inline", admin, iam_all, "user")


def test_an_attached_policy_has_the_text_of_its_default_version(shelf) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    group = {"GroupName": "g", "Arn": f"arn:aws:iam::{ACCOUNT}:group/g", "GroupPolicyList": [],
             "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn}]}  # fmt: skip
    managed = {"PolicyName": "p", "Arn": arn, "PolicyVersionList": [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": ALL},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": _allow("s3:GetObject")}]}  # fmt: skip
    shelf.put("authorization-details", details(groups=[group], policies=[managed], roles=[role(
        Path="/aws-service-role/x/", AttachedManagedPolicies=[
            {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}])]))  # fmt: skip
    aws, own = shelf.rows("iam_policies", order="policy_name")
    assert (own["policy_kind"], own["owner_name"], own["admin"]) == ("customer", "g", False)
    assert "s3:GetObject" in own["document"]
    assert (aws["policy_kind"], aws["admin"], aws["service_linked"], aws["document"]) == ("aws", True, True, "")


def test_statements_are_rows_of_single_actions(shelf) -> None:
    document = {"Statement": [
        {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": ["a", "b"]},
        {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "c", "Condition": {"Bool": {"x": "true"}}}]}  # fmt: skip
    shelf.put("authorization-details", details(users=[user(
        UserPolicyList=[{"PolicyName": "p", "PolicyDocument": document}])]))  # fmt: skip
    found = [(one["effect"], one["action"], one["not_action"], one["resource"], one["not_resource"], one["conditions"])
             for one in shelf.rows("iam_statements", order="action")]  # fmt: skip
    assert found == [
        ("Deny", "iam:*", True, ["c"], True, '{"Bool":{"x":"true"}}'),
        ("Allow", "s3:Get*", False, ["a", "b"], False, ""),
        ("Allow", "s3:List*", False, ["a", "b"], False, ""),
    ]
