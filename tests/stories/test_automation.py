"""A pipeline of forty days, and the day on which somebody else holds its role: logs in, a digest out."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from trails import ACCOUNT, Tree, key, record

from trailwatch import api
from trailwatch.config import Automation, Config, Model
from trailwatch.finding import Finding

DAY = date(2026, 1, 5)
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.50"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.7.0 (+https://www.terraform.io) terraform-provider-aws/5.31.0"
CONFIG = Config(
    networks={"build": ["198.51.100.0/24"]},
    automation=Automation(principals=["*/role/terraform"], actions=["iam:*", "ec2:*"], networks=["build"]),
    model=Model(enabled=False),
)
UNDECLARED = Config(model=Model(enabled=False))


def call(
    number: int, day: date, name: str, *, source: str = "iam", role: str = "terraform", **change: Any
) -> dict[str, Any]:
    identity = {
        "type": "AssumedRole", "principalId": "AROATERRAFORMEXAMPLE:run", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/run", "accessKeyId": f"ASIATERRAFORM{number:07d}",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": "AROATERRAFORMEXAMPLE", "accountId": ACCOUNT,
                              "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "userName": role},
            "attributes": {"creationDate": f"{day}T09:59:00Z", "mfaAuthenticated": "false"},
        },
    }  # fmt: skip
    return record(
        number, userIdentity=identity, eventTime=f"{day}T10:00:00Z", eventSource=f"{source}.amazonaws.com", eventName=name,
        userAgent=TERRAFORM, sourceIPAddress=HOME, readOnly=False,
        requestParameters={"roleName": "svc", "policyName": "p", "policyDocument": "{}"}, **change,
    )  # fmt: skip


def policy(tmp_path: Path, config: Config, name: str = "PutRolePolicy", **change: Any) -> Finding:
    """The finding of the last day, after forty days on which the role did the same from its network."""
    tree = Tree(tmp_path / "logs")
    for number in range(1, 41):
        day = DAY - timedelta(days=number)
        tree.put(key(number, day=str(day)), [call(number, day, "PutRolePolicy"), call(number + 100, day, "CreateRole")])
    last = call(900, DAY, name)
    tree.put(key(0, day=str(DAY)), [last | change])
    trail = api.open(str(tmp_path / "store"), config=config, create=True)
    assert trail.ingest(str(tree.root)).balanced()
    (found,) = trail.digest(DAY).happening
    return found


@pytest.mark.parametrize("config", [CONFIG, UNDECLARED], ids=["declared", "learned"])
def test_from_elsewhere_the_same_call_with_the_same_client_weighs_more(tmp_path, config) -> None:
    home = policy(tmp_path / "home", config)
    away = policy(tmp_path / "away", config, sourceIPAddress=ELSEWHERE)
    assert home.clients == away.clients, "the user agent is the same"
    assert home.detection == "inline-policy"
    assert home.severity == ("info" if config is CONFIG else "low")
    # Where networks are declared, coming from elsewhere is a finding of its own, and the graver one speaks.
    assert away.detection == ("off-network-declared" if config is CONFIG else "inline-policy")
    assert away.severity == ("high" if config is CONFIG else "medium")
    assert "203.0.113.0/24" in away.evidence["automation"]
    assert "automation" not in home.evidence


def test_a_service_as_the_source_quiets_nobody(tmp_path) -> None:
    """The role never worked through CloudFormation: somebody who does so takes another way."""
    through = policy(tmp_path, CONFIG, sourceIPAddress="cloudformation.amazonaws.com",
                     userAgent="cloudformation.amazonaws.com")  # fmt: skip
    assert through.origin == "via-service"
    assert through.severity == "medium"
    assert through.evidence["automation"] == "it came through cloudformation.amazonaws.com, never before"
