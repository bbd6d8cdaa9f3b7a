"""Long-term keys on workloads: by what the client says, by an address that a machine had, and the role to use instead."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import exports
import trails

import trailwatch
from trailwatch.api import Trail
from trailwatch.config import Config

LAMBDA = "Boto3/1.34 md/Botocore#1.34 lang/python#3.12.3 exec-env/AWS_Lambda_python3.12 Botocore/1.34"
EXIT = "192.0.2.8"
INSTANCE = {
    "type": "AssumedRole", "principalId": "AROAEXAMPLE0000000001:i-0123456789abcdef0", "accountId": trails.ACCOUNT,
    "arn": f"arn:aws:sts::{trails.ACCOUNT}:assumed-role/app/i-0123456789abcdef0", "accessKeyId": "ASIAEXAMPLEEXAMPLE01",
    "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE0000000001", "userName": "app",
                                         "arn": f"arn:aws:iam::{trails.ACCOUNT}:role/app", "accountId": trails.ACCOUNT}},
}  # fmt: skip


def store(folder: Path, *records: dict[str, Any], config: Config | None = None) -> Trail:
    trails.Tree(folder / "logs").put(trails.key(), list(records))
    made = trailwatch.open(str(folder / "store"), config=config or Config(), create=True)
    made.ingest(str(folder / "logs"))
    made.settle()
    return made


def test_a_key_in_a_function_gets_a_new_role_for_functions(tmp_path: Path) -> None:
    trail = store(tmp_path, trails.record(1, userAgent=LAMBDA), trails.record(2, userAgent=LAMBDA))
    (one,) = trail.workloads().workloads
    assert (one.key, one.signs[0].kind, one.calls) == ("AKIAIOSFODNN7EXAMPLE", "function", 2)
    assert "exec-env/AWS_Lambda_python3.12" in one.signs[0].evidence
    assert (one.role, one.exists) == ("alice-role", False)
    (trust,) = one.trust["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    (statement,) = one.policies[0]["Statement"]
    assert statement["Action"] == "s3:ListAllMyBuckets"
    assert list(trail.workloads().df()["principal"]) == [f"{trails.ACCOUNT}/user/alice"]


def test_a_key_at_the_address_of_an_own_machine_unless_an_office_shares_it(tmp_path: Path) -> None:
    both = (trails.record(1, sourceIPAddress=EXIT), trails.record(2, sourceIPAddress=EXIT, userIdentity=INSTANCE))
    (one,) = store(tmp_path / "a", *both).workloads().workloads
    assert one.signs[0].kind == "instance"
    assert EXIT in one.signs[0].evidence
    office = Config(networks={"office": [f"{EXIT}/32"]})
    made = store(tmp_path / "b", *both, config=office).workloads()
    assert made.workloads == ()
    assert "None was seen" in made.text()


def test_a_role_that_functions_have_already_and_that_allows_it_is_named(tmp_path: Path) -> None:
    trail = store(tmp_path, trails.record(1, userAgent=LAMBDA))
    body = copy.deepcopy(exports.DETAILS)
    role = body["RoleDetailList"][0]
    role["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
    role["RolePolicyList"] = [{"PolicyName": "p", "PolicyDocument": exports.ALLOW_ALL}]
    exports.write(tmp_path / "iam", **{"account-authorization-details.json": body})
    trail.snapshot(str(tmp_path / "iam"), taken="2026-01-02T00:00:00Z")
    (one,) = trail.workloads().workloads
    assert (one.role, one.exists) == ("deploy", True)
    assert "Keys on workloads" in trail.review().html()
