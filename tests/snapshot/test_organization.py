"""IAM of all accounts of an organization, over an assumed role, asked over the wire."""

from __future__ import annotations

import json
from typing import Any

import aws_api
import pytest
from aws_api import Front, denied, plain

import trailwatch as tw
from trailwatch.errors import SourceError
from trailwatch.snapshot.export import KINDS, REPORT

OWN = aws_api.OWN


@pytest.fixture
def organization(front: Front) -> tuple[str, str]:
    """Two more accounts with a role to enter them, one of them closed; and the id of the open one first."""
    organizations = front.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = [organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]["AccountId"]
            for name in ("dev", "old")]  # fmt: skip
    organizations.close_account(AccountId=made[1])
    credentials = front.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{made[0]}:role/audit", RoleSessionName="setup"
    )["Credentials"]
    import boto3

    inside = boto3.client("iam", endpoint_url=f"http://127.0.0.1:{front.port}", region_name=aws_api.REGION,
                          aws_access_key_id=credentials["AccessKeyId"], aws_secret_access_key=credentials["SecretAccessKey"],
                          aws_session_token=credentials["SessionToken"])  # fmt: skip
    inside.create_user(UserName="dave")
    front.calls.clear()
    return made[0], made[1]


def _with_role(tmp_path: Any) -> tw.Trail:
    return tw.open(str(tmp_path / "s"), create=True, flags={"snapshot.role_name": "audit"})


def test_all_accounts_of_an_organization(front, organization, tmp_path) -> None:
    dev, old = organization
    trail = _with_role(tmp_path)
    taken = trail.snapshot()
    assert taken.failed == []
    assert {(line.account, line.kind) for line in taken.good} == {
        (account, kind) for account in (OWN, dev) for kind in KINDS
    }
    assert [(one.name, one.reason) for one in taken.passed] == [(old, "the account is SUSPENDED")]
    rows = {
        row["account"]: json.loads(row["body"])
        for row in trail.sql(f"select account, body from snapshots where kind = '{REPORT}'")
    }
    assert {account: [user["user"] for user in body] for account, body in rows.items()} == {
        OWN: ["alice"],
        dev: ["dave"],
    }
    assert front.calls.count("sts:AssumeRole") == 1


def test_only_some_accounts(front, organization, tmp_path) -> None:
    dev, _ = organization
    taken = _with_role(tmp_path).snapshot(accounts=[dev])
    assert {line.account for line in taken.lines} == {dev}
    assert "organizations:ListAccounts" not in front.calls


def test_an_account_that_cannot_be_entered_fails_and_others_go_on(front, organization, tmp_path) -> None:
    dev, _ = organization
    front.answer("sts:AssumeRole", denied("sts:AssumeRole"))
    taken = _with_role(tmp_path).snapshot()
    assert {line.account for line in taken.good} == {OWN}
    assert {(line.account, line.kind) for line in taken.failed} == {(dev, kind) for kind in KINDS}
    assert all("allow sts:AssumeRole" in line.reason for line in taken.failed)
    assert front.calls.count("sts:AssumeRole") == 1


def test_an_organization_that_cannot_be_listed_is_an_error(front, tmp_path) -> None:
    with pytest.raises(SourceError, match="no active account"):
        _with_role(tmp_path).snapshot()  # moto answers an empty list
    front.answer("organizations:ListAccounts", (200, "<html>"))
    with pytest.raises(SourceError, match="without Accounts"):
        _with_role(tmp_path).snapshot()
    front.answer(
        "organizations:ListAccounts", plain({"__type": "AWSOrganizationsNotInUseException", "message": "no"}, 400)
    )
    with pytest.raises(SourceError, match="AWSOrganizationsNotInUse") as caught:
        _with_role(tmp_path).snapshot()
    assert "--account" in str(caught.value)
