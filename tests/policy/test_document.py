"""Policies that IAM would refuse are refused with the statement, the key, and what to try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trailwatch.errors import PolicyError
from trailwatch.policy import contradictions, document

GOOD: dict[str, Any] = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def text(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def changed(**more: Any) -> str:
    return text({key: value for key, value in {**GOOD, **more}.items() if value is not None})


@pytest.mark.parametrize(
    ("given", "place", "hint"),
    [
        ("{", "p:1:2", "comma"),
        ("[]", "p", "Version"),
        ('{"Statement": [], "Statement": []}', "p", "one list"),
        (json.dumps({"Statment": []}), "p", "Statement"),
        (text(GOOD, Version="2020-01-01"), "p: Version", "2012-10-17"),
        (text(), "p: Statement", "at least one"),
        (text("all"), "p: statement 1", "Effect"),
        (changed(Condtion={}), "statement 1 (Read)", "Condition"),
        (changed(Effect="allow"), "statement 1 (Read), Effect", "Allow"),
        (changed(Action="GetObject"), "statement 1 (Read), Action", "s3:GetObject"),
        (changed(Action=None), "statement 1 (Read), Action", "Action"),
        (changed(Action=[]), "statement 1 (Read), Action", "Action"),
        (changed(NotAction="s3:*"), "statement 1 (Read), NotAction", "two statements"),
        (changed(NotResource="*"), "statement 1 (Read), NotResource", "two statements"),
        (changed(Resource="bucket"), "statement 1 (Read), Resource", "arn:"),
        (changed(Resource="arn:aws:s3:::b/${aws:username"), "statement 1 (Read), Resource", "${aws:username}"),
        (changed(Principal="*"), "statement 1 (Read), Principal", "leave it out"),
        (changed(Sid="Read it"), "statement 1, Sid", "leave it out"),
        (text(GOOD, GOOD), "p: Sid", "another Sid"),
        (changed(Condition=[]), "statement 1 (Read), Condition", "Bool"),
        (changed(Condition={"StringEqual": {"aws:a": "b"}}), "statement 1 (Read), Condition", "StringEquals"),
        (changed(Condition={"Bool": {"aws:a": "yes"}}), "statement 1 (Read), Condition, Bool, aws:a", "operator"),
        (changed(Condition={"Bool": {"aws:a": None}}), "statement 1 (Read), Condition, Bool, aws:a", "texts"),
        (changed(Condition={"Bool": "aws:a"}), "statement 1 (Read), Condition, Bool", "SourceIp"),
        (changed(Resource=[f"arn:aws:s3:::bucket-{n}/*" for n in range(500)]), "p: statement 1, Resource", "split"),
        ("[" * 100_000, "p", "five levels"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_statement_and_key(given: str, place: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        document.parse(given, name="p")
    assert place in caught.value.where
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        ([GOOD, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}], "denied by statement number 2"),
        ([{**GOOD, "Condition": {"Null": {"aws:A": "true"}, "StringEquals": {"aws:a": "b"}}}], "aws:A absent"),
        ([{**GOOD, "Condition": {"Null": {"aws:a": "true"}, "ForAnyValue:StringLike": {"aws:a": "b"}}}], "absent"),
        ([{**GOOD, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-02-01"},
                                 "DateLessThan": {"aws:CurrentTime": "2026-01-01"}}}], "never applies"),
        ([{**GOOD, "Condition": {"NumericGreaterThan": {"s3:max-keys": 10},
                                 "NumericLessThanEquals": {"s3:max-keys": [5, 7]}}}], "above 10 and below 7"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named(statements: list[Any], what: str) -> None:
    with pytest.raises(PolicyError) as caught:
        contradictions.refuse(document.parse(text(*statements), name="p"))
    assert what in caught.value.what


@pytest.mark.parametrize(
    "statements",
    [
        [GOOD, {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}],
        [GOOD, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}],
        [GOOD, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:a": "true"}}}],
        [{**GOOD, "Condition": {"Null": {"aws:a": "true"}, "StringEqualsIfExists": {"aws:a": "b"}}}],
        [{**GOOD, "Condition": {"Null": {"aws:a": "true"}, "ForAllValues:StringLike": {"aws:a": "b"}}}],
        [{**GOOD, "Condition": {"NumericGreaterThan": {"s3:max-keys": 10},
                                "NumericLessThan": {"s3:max-keys": [5, 20]}}}],
    ],
)  # fmt: skip
def test_what_narrows_is_no_contradiction(statements: list[Any]) -> None:
    policy = document.parse(text(*statements))
    assert contradictions.refuse(policy) is policy


@pytest.mark.parametrize(("kind", "limit"), [(kind, limit) for kind, (limit, _) in document.LIMITS.items()])
def test_the_size_counts_no_white_space(kind: document.Kind, limit: int) -> None:
    who = {"Principal": "*"} if kind == "resource" else {}
    bare = len(text({**GOOD, **who, "Resource": "arn:aws:s3:::"}).replace(" ", ""))
    fits = text({**GOOD, **who, "Resource": "arn:aws:s3:::" + "x" * (limit - bare)})
    spaced = json.dumps(json.loads(fits), indent=8)
    assert document.parse(spaced, kind=kind).size == limit
    with pytest.raises(PolicyError, match=f"{limit:,}"):
        document.parse(fits.replace("xx", "xxx", 1), kind=kind)


def test_a_resource_policy_needs_principals() -> None:
    with pytest.raises(PolicyError, match="needs principals"):
        document.parse(text(GOOD), kind="resource")
    with pytest.raises(PolicyError, match="no wildcard"):
        document.parse(text({**GOOD, "Principal": {"AWS": "arn:aws:iam::1:role/*"}}), kind="resource")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    assert document.parse(text(trust), kind="resource").statements[0].principals == (("Service", "ec2.amazonaws.com"),)


def test_files_that_are_no_policy(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary", tmp_path / "large"
    binary.write_bytes(b"\xff\xfe\x00")
    large.write_bytes(b" " * 1_000_001)
    for path, what in ((binary, "UTF-8"), (large, "larger"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(PolicyError, match=what):
            document.load(str(path))
