"""A review: granted against used, ways to more, boundaries, changes since the signature, and a pack that nothing obeys."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import exports
import pytest
import trails
from typer.testing import CliRunner

import trailwatch
from trailwatch import cli
from trailwatch.actions import exists
from trailwatch.api import Trail
from trailwatch.config import Config
from trailwatch.errors import ConfigError, StoreError
from trailwatch.policy.escalation import held, paths
from trailwatch.policy.granted import Source, expand, granted
from trailwatch.policy.reviewed import Identity, Review

ACCOUNT = exports.ACCOUNT
HOSTILE = "=cmd|' /C calc'!A0<script>"


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [usual | dict(one) for one in statements]}


def source(*statements: Mapping[str, Any], name: str = "p") -> Source:
    return Source(name, "inline", "", json.dumps(document(*statements)))


def details(*policies: tuple[str, dict[str, Any]], boundary: str = "") -> dict[str, Any]:
    """The export, with alice alone and these inline policies."""
    made = copy.deepcopy(exports.DETAILS)
    alice = made["UserDetailList"][0]
    alice |= {
        "AttachedManagedPolicies": [],
        "UserPolicyList": [{"PolicyName": n, "PolicyDocument": d} for n, d in policies],
    }
    if boundary:
        alice["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    made["UserDetailList"] = [alice]
    return made


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """Alice lists buckets, makes a key, and takes a role to a function."""
    names = [
        ("s3", "ListBuckets"),
        ("s3", "ListBuckets"),
        ("iam", "CreateAccessKey"),
        ("lambda", "CreateFunction20150331"),
    ]
    trails.Tree(tmp_path / "logs").put(trails.key(), [
        trails.record(n, eventSource=f"{source}.amazonaws.com", eventName=name) for n, (source, name) in enumerate(names)
    ])  # fmt: skip
    made = trailwatch.open(str(tmp_path / "store"), config=Config(), create=True)
    made.ingest(str(tmp_path / "logs"))
    made.settle()
    return made


def keep(trail: Trail, folder: Path, body: dict[str, Any], taken: str) -> None:
    exports.write(folder / taken[:10], **{"account-authorization-details.json": body})
    trail.snapshot(str(folder / taken[:10]), taken=taken)


def alice(made: Review) -> Identity:
    (one,) = [one for one in made.identities if one.principal == f"{ACCOUNT}/user/alice"]
    return one


def test_unused_services_and_actions_are_told_apart_from_used_ones(trail: Trail, tmp_path: Path) -> None:
    policy = document({"Action": ["s3:ListAllMyBuckets", "s3:PutBucketPolicy", "sqs:*", "dynamodb:PutItem"]})
    keep(trail, tmp_path, details(("work", policy)), "2026-01-02T00:00:00Z")
    one = alice(trail.review())
    assert [service.service for service in one.unused] == ["sqs"]
    assert one.unused_actions == {"s3": ("s3:PutBucketPolicy",)}
    assert one.used == 1
    assert one.wildcards == ("work: sqs:* on *",)
    assert any("dynamodb:PutItem" in what for what in one.uncertain), "no log of data events, so nobody knows"
    assert {step.breaks for step in one.steps} == {0}


def test_ways_to_more_come_with_their_use_and_order_by_risk_per_call(trail: Trail, tmp_path: Path) -> None:
    policy = document(
        {"Action": ["iam:CreateAccessKey", "iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]}
    )
    keep(trail, tmp_path, details(("work", policy)), "2026-01-02T00:00:00Z")
    made = trail.review("alice")
    one = alice(made)
    assert {way.id: way.calls for way in one.ways} == {"key-of-another": 1, "pass-to-function": 0}
    worth = [step.worth for step in made.steps]
    assert worth == sorted(worth, reverse=True)
    assert [step.breaks for step in made.steps if step.what.startswith("iam:CreateAccessKey")] == [1]
    assert "iam:PassRole" not in json.dumps([step.what for step in made.steps if not step.breaks]), (
        "what leaves no record"
    )


def test_a_boundary_and_a_deny_take_away(trail: Trail, tmp_path: Path) -> None:
    edge = f"arn:aws:iam::{ACCOUNT}:policy/own"
    body = details(
        ("all", document({"Action": ["sqs:*", "sns:*"]}, {"Effect": "Deny", "Action": "sns:Publish"})), boundary=edge
    )
    body["Policies"][0]["PolicyVersionList"][0]["Document"] = document({"Action": "sns:*"})
    keep(trail, tmp_path, body, "2026-01-02T00:00:00Z")
    one = alice(trail.review("alice"))
    assert one.boundary == "own"
    assert one.granted == len(expand("sns:*")) - 1
    assert [(service.service, service.actions) for service in one.unused] == [("sns", one.granted)]


def test_a_signature_is_kept_and_later_changes_are_told(trail: Trail, tmp_path: Path) -> None:
    keep(trail, tmp_path, details(("work", document({"Action": "sqs:*"}))), "2026-01-02T00:00:00Z")
    assert alice(trail.review()).signed is None
    made = trail.review(sign="Carol")
    rows = trail.sql("select principal, signed_by, account from reviews order by principal").arrow().to_pylist()
    assert [row["principal"] for row in rows] == sorted(one.principal for one in made.identities)
    assert {(row["signed_by"], row["account"]) for row in rows} == {("Carol", ACCOUNT)}
    again = alice(trail.review())
    assert again.signed is not None
    assert (again.signed.by, again.changes) == ("Carol", ())
    with pytest.raises(ConfigError, match="a signature is a name"):
        trail.review(sign="a\x1b[31m")


def test_changes_since_the_signature(trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from trailwatch.policy import review as room
    from trailwatch.window import Window

    keep(trail, tmp_path, details(("work", document({"Action": "sqs:*"}))), "2026-01-02T00:00:00Z")
    room.review(trail.store, window=Window(), sign="Carol", now=datetime(2026, 1, 3, tzinfo=UTC))
    keep(trail, tmp_path, details(("work", document({})), ("more", document({}))), "2026-01-04T00:00:00Z")
    one = alice(trail.review())
    assert sorted(one.changes) == ["added policy inline more of user alice", "changed policy inline work of user alice"]


def test_nothing_to_review_is_said(trail: Trail, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no export of IAM"):
        trail.review()
    keep(trail, tmp_path, details(), "2026-01-02T00:00:00Z")
    with pytest.raises(StoreError, match="no user or role"):
        trail.review("nobody")


def test_the_pack_is_private_and_nothing_in_it_is_obeyed(trail: Trail, tmp_path: Path) -> None:
    body = details((HOSTILE, document({"Action": ["sqs:*", "sns:*"]})))
    body["UserDetailList"][0]["UserName"] = HOSTILE
    keep(trail, tmp_path, body, "2026-01-02T00:00:00Z")
    words = ["policy", "review", "--store", str(tmp_path / "store"), "--pack", str(tmp_path / "pack"), "--sign", "=1+1"]
    run = CliRunner().invoke(cli.app, words)
    assert run.exit_code == 0, run.output
    page, table = (tmp_path / "pack" / name for name in ("review.html", "review.csv"))
    assert {path.stat().st_mode & 0o777 for path in (page, table)} == {0o600}
    text = page.read_text()
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "&lt;script&gt;" in text
    cells = [cell for line in table.read_text().splitlines() for cell in line.split(",")]
    assert cells
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@"))]


def test_every_path_names_actions_that_iam_has() -> None:
    assert len(paths()) > 20
    assert [action for path in paths() for action in path.actions if not exists(*action.split(":"))] == []
    assert [path.id for path in held({"iam:createaccesskey", "iam:passrole"})] == ["key-of-another"]
    assert len(held(granted([source({})]).actions)) == len(paths())


@pytest.mark.parametrize(
    ("statements", "inside", "outside"),
    [
        ([{"Action": "s3:Get*"}], "s3:getobject", "s3:putobject"),
        ([{"Action": "S3:GETOBJECT"}], "s3:getobject", "s3:getobjectacl"),
        ([{"Action": "s3:?etObject"}], "s3:getobject", "s3:putobject"),
        ([{}, {"Effect": "Deny", "Action": "s3:*"}], "sqs:sendmessage", "s3:getobject"),
        (
            [{}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
            "s3:getobject",
            "",
        ),
    ],
)
def test_what_is_granted(statements: list[dict[str, Any]], inside: str, outside: str) -> None:
    found = granted([source(*statements)]).actions
    assert inside in found
    assert outside not in found


def test_not_action_allows_the_rest_and_aws_policies_go_by_name() -> None:
    rest = Source(
        "p", "inline", "", json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})
    )
    assert not {action for action in granted([rest]).actions if action.startswith("iam:")}
    assert granted([rest]).actions >= expand("s3:*")
    assert granted([Source("AdministratorAccess", "aws", "", "")]).actions == expand("*")
    unknown = granted([Source("Other", "aws", "ops", ""), Source("Bad", "inline", "", "[1]")])
    assert unknown.actions == set()
    assert len(unknown.uncertain) == 2
