"""A policy of what one identity used: what is in it, what is left out and why, and what it says of itself."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import iam
import pytest
import trails
from policy.alice import KEY, ROLE, SECRET, TABLE, allowed, call, first, trail

import trailwatch
from trailwatch.api import Trail
from trailwatch.cli import generate as command
from trailwatch.errors import ConfigError, PolicyError, StoreError
from trailwatch.policy.forms import FORMS

__all__ = ["first", "trail"]  # fixtures


def conditions(made: Any) -> dict[str, Any]:
    return {
        str(part["Action"]): part["Condition"]
        for one in made.documents
        for part in one["Statement"]
        if "Condition" in part
    }


def test_what_succeeded_is_allowed_and_nothing_else(first: Trail) -> None:
    found = allowed(first.policy("alice"))
    assert found == {
        "s3:GetObject": {"arn:aws:s3:::mine/data/*"}, "s3:PutObject": {"arn:aws:s3:::mine/reports/one"},
        "lambda:CreateFunction": {f"arn:aws:lambda:{trails.REGION}:{trails.ACCOUNT}:function:f"}, "iam:PassRole": {ROLE},
        "kms:Decrypt": {KEY}, "dynamodb:DescribeTable": {TABLE}, "secretsmanager:GetSecretValue": {SECRET},
        "iam:DeleteUser": {f"arn:aws:iam::{trails.ACCOUNT}:user/*bob"}, "ec2:DescribeInstances": {"*"},
        "s3:DeleteBucket": {"arn:aws:s3:::mine"}, "s3:ListAllMyBuckets": {"*"},
    }  # fmt: skip


def test_what_a_service_did_on_behalf_is_allowed_to_it_alone(first: Trail) -> None:
    assert conditions(first.policy("alice")) == {
        "kms:Decrypt": {"StringEquals": {"kms:ViaService": f"s3.{trails.REGION}.amazonaws.com"}},
        "dynamodb:DescribeTable": {"StringEquals": {"aws:CalledViaLast": "cloudformation.amazonaws.com"}},
    }


def test_denied_and_failed_calls_stand_apart(first: Trail) -> None:
    made = first.policy("alice")
    assert [(line.action, line.calls, line.granted) for line in made.denied] == [("iam:DeleteUser", 1, True)]
    assert [(line.action, line.granted) for line in made.failed] == [("s3:DeleteObject", False), ("s3:GetObject", True)]
    counted = first.policy("alice", failed=True)
    assert allowed(counted)["s3:DeleteObject"] == {"arn:aws:s3:::mine/data/none"}
    assert counted.failed == ()


def test_what_is_uncertain_is_told(first: Trail) -> None:
    made = first.policy("alice")
    told = {doubt.what: doubt.about for doubt in made.doubts}
    assert next(about for what, about in told.items() if "iam:PassRole" in what) == [ROLE]
    assert any("days only" in what for what in told)
    assert any("no digest" in what for what in told)
    assert any("no table knows the action" in what for what in told)
    assert not any("no data events" in what for what in told)
    assert list(made.coverage.none) == ["sts:GetCallerIdentity"]
    assert sum(made.coverage.unknown.values()) == 1
    assert made.coverage.by_exception == 7  # ListBuckets, HeadObject, and the date of an API


def test_a_whole_window_without_data_events_is_told(first: Trail) -> None:
    made = first.policy("alice", start="2026-01-01", end="2026-01-04")
    assert any("no data events" in doubt.what for doubt in made.doubts)
    assert allowed(made) == {"s3:ListAllMyBuckets": {"*"}}


@pytest.mark.parametrize("form", FORMS)
def test_the_policy_allows_the_calls_that_it_was_made_of(first: Trail, form: Any, tmp_path: Path) -> None:
    made = first.policy("alice", form=form)
    assert (made.proof.allowed, made.proof.denied, made.proof.unknown) == (19, 0, 0)
    path, every = tmp_path / "made.json", tmp_path / "every.json"
    path.write_text(made.policies()[0])
    every.write_text(
        json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    )
    given = {"scp": {"scps": [str(path)]}, "boundary": {"boundary": str(path)}}.get(form, {})
    replayed = first.replay(str(every if given else path), principal="alice", **given)
    # What failed is no use, and may be denied; the event that no table knows nobody can judge.
    assert {line.action for line in replayed.lines if line.outcome == "would deny"} <= {
        "s3:DeleteObject",
        "s3:GetObject",
    }
    assert sum(line.calls for line in replayed.lines if line.outcome == "cannot tell") <= 1
    assert replayed.calls("allow") >= 19


@pytest.mark.parametrize("form", FORMS)
def test_parliament_has_nothing_against_it(first: Trail, form: Any) -> None:
    with warnings.catch_warnings():
        # It reads its data by a deprecated way.
        warnings.simplefilter("ignore")
        from parliament import analyze_policy_string

    def issues(text: str) -> list[str]:
        return [found.issue for found in analyze_policy_string(text).findings]

    assert [issues(text) for text in first.policy("alice", form=form).policies()] == [[]]
    assert "UNKNOWN_ACTION" in issues(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Nothing", "Resource": "*"}}'
    )


def test_users_of_a_group_share_one_policy(trail: Trail) -> None:
    shelf = iam.Shelf(trail.store.uri)
    read = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
    policies = [{
        "PolicyName": name, "Arn": f"arn:aws:iam::aws:policy/{name}", "AttachmentCount": 1,
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": text}],
    } for name, text in (("Everything", iam.ALL), ("Reading", read), ("Broken", {"Statement": 7}))]  # fmt: skip
    own = {"PolicyName": "Everything", "PolicyArn": "arn:aws:iam::aws:policy/Everything"}
    shelf.put("authorization-details", iam.details(users=[iam.user(AttachedManagedPolicies=[own])], policies=policies))
    arn = f"arn:aws:iam::{trails.ACCOUNT}:user/alice"
    last = [{"ServiceNamespace": name, "LastAuthenticated": "2026-01-05T11:00:00Z"} for name in ("s3", "glue")]
    shelf.put("service-last-accessed", {arn: last})
    made = trail.policy(group="Developers")
    assert made.principals == (f"{trails.ACCOUNT}/user/alice",)
    assert [about for doubt in made.doubts for about in doubt.about if "glue" in about] == [
        f"glue by {trails.ACCOUNT}/user/alice, last on 2026-01-05"
    ]
    ranked = {one.name: one for one in made.managed}
    assert list(ranked) == ["Everything", "Reading", "Broken"]
    assert "statement 1" in ranked["Broken"].problem
    assert (ranked["Everything"].covered, ranked["Everything"].attached) == (ranked["Everything"].needed, True)
    assert ranked["Everything"].excess > 20_000
    assert ranked["Everything"].risky > 300
    assert ranked["Reading"].missing[0] == "dynamodb:DescribeTable"
    assert 10 < ranked["Reading"].excess < 200
    with pytest.raises(StoreError, match="no snapshot knows"):
        trail.policy(group="nobody")


def test_mistakes_are_told_in_a_sentence(first: Trail) -> None:
    for names, problem in (((), "nobody is named"), (("zed",), "no principal is called")):
        with pytest.raises(StoreError, match=problem):
            first.policy(*names)


def test_it_shows_itself(first: Trail) -> None:
    made = first.policy("alice")
    for text in (made.text(), str(made), made._repr_html_()):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<pre>" in made._repr_html_()
    frame = made.df()
    assert list(frame["action"]) == sorted(frame["action"])
    assert bool(frame.set_index("action")["inferred"]["iam:PassRole"])
    values = json.loads(made.json())
    assert values["schema"] == 1
    assert values["documents"] == list(made.documents)
    assert values["sizes"] == [len(json.dumps(made.documents[0], separators=(",", ":")))]


def test_the_command_prints_a_policy_that_pipes(
    first: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared: dict[str, Any] = {"store": first.store.uri, "form": command.Print.policy}
    command.generate(["alice"], **shared)
    shown = capsys.readouterr()
    assert json.loads(shown.out)["Version"] == "2012-10-17"
    assert "uncertain: " in shown.err
    command.generate(["alice"], **shared, out=str(tmp_path / "p.json"))
    assert json.loads((tmp_path / "p.json").read_text()) == json.loads(shown.out)
    with pytest.raises(ConfigError, match="no use"):
        command.generate(["alice"], **shared, start="2026-01-06", end="2026-01-07")


def test_several_documents_become_several_files(
    first: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trailwatch.policy import forms

    monkeypatch.setattr(forms, "LIMITS", {**forms.LIMITS, "managed": (700, 10)})
    shared: dict[str, Any] = {"store": first.store.uri, "form": command.Print.policy}
    with pytest.raises(ConfigError, match="takes 2 policies"):
        command.generate(["alice"], **shared)
    command.generate(["alice"], **shared, out=str(tmp_path / "p.json"))
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["p-1.json", "p-2.json"]
    assert all(json.loads(path.read_text())["Statement"] for path in files)


def test_root_takes_nothing_but_a_service_control_policy(tmp_path: Path) -> None:
    who = {
        "type": "Root",
        "principalId": trails.ACCOUNT,
        "arn": f"arn:aws:iam::{trails.ACCOUNT}:root",
        "accountId": trails.ACCOUNT,
    }
    trails.Tree(tmp_path / "logs").put(trails.key(), [call(1, "s3", "ListBuckets", userIdentity=who)])
    made = trailwatch.open(str(tmp_path / "store"), config=trailwatch.Config(), create=True)
    made.ingest(str(tmp_path / "logs"))
    made.settle()
    with pytest.raises(PolicyError, match="root"):
        made.policy(f"{trails.ACCOUNT}/root")
    (part,) = made.policy(f"{trails.ACCOUNT}/root", form="scp").documents[0]["Statement"]
    assert part["Condition"]["ArnLike"]["aws:PrincipalArn"] == [who["arn"]]
