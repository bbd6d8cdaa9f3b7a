"""The law of permissions: what doctor prints names every call that is made, and is enough to make them."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from pathlib import Path

import aws_api
import pytest

import trailwatch as tw
from trailwatch import cli, doctor
from trailwatch.snapshot import accounts, live

_ACTION = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z]+")


def _allowed(config: tw.Config | None = None) -> set[str]:
    return {action for one in doctor.policy(config or tw.Config())["Statement"] for action in one["Action"]}


def _written(module: object) -> set[str]:
    """The actions that stand as arguments of calls in the source of a module."""
    tree = ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))  # type: ignore[arg-type]
    return {
        argument.value
        for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for argument in node.args[:1]
        if node.func.attr in {"call", "pages"} and isinstance(argument, ast.Constant)
    }  # fmt: skip


@pytest.mark.parametrize("module", [live, accounts])
def test_every_call_is_declared_and_none_too_many(module) -> None:
    called = _written(module)
    assert called
    assert all(_ACTION.fullmatch(action) for action in called)
    assert called | ({"sts:AssumeRole"} if module is accounts else set()) == set(module.ACTIONS)


def test_no_call_goes_past_the_caller() -> None:
    # A client of its own could call what no policy names.
    for path in Path(inspect.getfile(live)).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert ".client(" not in text, path
        for found in re.findall(r"\.(?:call|pages)\(\s*([^,)\s]+)", text):
            assert found.startswith('"'), f"{path}: an action must stand there as it is: {found}"


def test_what_is_called_over_the_wire_is_allowed(front, trail) -> None:
    front.answer("iam:GetCredentialReport", aws_api.error(410, "ReportExpired"), aws_api.error(404, "ReportInProgress"),
                 aws_api.query("GetCredentialReport", ""))  # fmt: skip
    trail.snapshot()
    assert set(front.calls) == set(live.ACTIONS) | {"sts:GetCallerIdentity"}
    assert set(front.calls) <= _allowed()


def test_the_policy_is_enough_and_nothing_else_is_allowed(front, trail, monkeypatch) -> None:
    iam = front.client("iam")
    iam.create_user(UserName="trailwatch")
    iam.put_user_policy(UserName="trailwatch", PolicyName="p", PolicyDocument=json.dumps(doctor.policy(tw.Config())))
    key = iam.create_access_key(UserName="trailwatch")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    try:
        front.post("/moto-api/reset-auth", b"0")
        assert trail.snapshot().failed == []
        front.post("/moto-api/reset-auth", b"inf")
        less = doctor.policy(tw.Config())
        less["Statement"][-1]["Action"].remove("iam:GetAccountSummary")
        iam.put_user_policy(UserName="trailwatch", PolicyName="p", PolicyDocument=json.dumps(less))
        front.post("/moto-api/reset-auth", b"0")
        (failed,) = trail.snapshot().failed
        assert "allow iam:GetAccountSummary" in failed.reason
    finally:
        front.post("/moto-api/reset-auth", b"inf")


def test_doctor_prints_it_with_the_names_of_the_configuration(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "trailwatch.toml").write_text(
        '[source]\npath = "s3://org-logs/some/prefix"\n[snapshot]\nrole_name = "audit"\n'
    )
    monkeypatch.setattr(sys, "argv", ["trailwatch", "doctor", "--policy"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert not left.value.code
    printed = {one["Sid"]: one for one in json.loads(capsys.readouterr().out)["Statement"]}
    assert printed["ListLogs"]["Resource"] == "arn:aws:s3:::org-logs"
    assert printed["ReadLogs"]["Resource"] == "arn:aws:s3:::org-logs/some/prefix/*"
    assert printed["EnterAccounts"]["Resource"] == "arn:aws:iam::*:role/audit"
    assert printed["ReadIdentities"]["Action"] == list(live.ACTIONS)


def test_the_policy_only_reads() -> None:
    made = {"iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "sts:AssumeRole", "kms:Decrypt"}
    assert all(action.split(":")[1].startswith(("Get", "List", "Describe")) for action in _allowed() - made)
