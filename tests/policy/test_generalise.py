"""The rule that makes resources to allow of resources that were used, and statements and documents of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwatch.errors import PolicyError
from trailwatch.policy import document, forms, patterns, write
from trailwatch.policy.generalise import generalise, least, wildcards
from trailwatch.policy.patterns import HOLE
from trailwatch.policy.write import Grant

HERE = "arn:aws:lambda:eu-west-1:111122223333:function:"
BUCKET = "arn:aws:s3:::bucket/"
UUID = "1234abcd-12ab-34cd-56ef-1234567890"


@pytest.mark.parametrize(
    ("used", "allowed"),
    [
        ([BUCKET + f"a/{n}" for n in range(4)], [BUCKET + f"a/{n}" for n in range(4)]),
        ([BUCKET + f"a/{n}" for n in range(5)], [BUCKET + "a/*"]),
        ([BUCKET + f"a/{n}/x" for n in range(5)] + [BUCKET + "b"], [BUCKET + "a/*", BUCKET + "b"]),
        ([BUCKET + f"{n}" for n in range(5)], [BUCKET + "*"]),
        # The deepest path first, so that five in one folder open no more than the folder.
        ([BUCKET + f"a/b/{n}" for n in range(5)] + [BUCKET + "a/c"], [BUCKET + "a/b/*", BUCKET + "a/c"]),
        ([f"arn:aws:s3:::logs-{n}" for n in range(9)], [f"arn:aws:s3:::logs-{n}" for n in range(9)]),
        ([HERE + name for name in "abcde"], [HERE + name for name in "abcde"]),
        ([HERE + f"orders-{name}" for name in "abcde"] + [HERE + "x"], [HERE + "orders-*", HERE + "x"]),
        ([f"arn:aws:kms:eu-west-1:1:key/{UUID}{n:02d}" for n in range(5)], ["arn:aws:kms:eu-west-1:1:key/*"]),
        ([f"arn:aws:ec2:eu-west-1:1:instance/i-0{n:09x}" for n in range(5)], ["arn:aws:ec2:eu-west-1:1:instance/*"]),
        ([f"arn:aws:sqs:eu-west-1:1:{name}" for name in "abcde"], [f"arn:aws:sqs:eu-west-1:1:{name}" for name in "abcde"]),
        # Another account or region is another path.
        ([f"arn:aws:sqs:eu-west-{n}:1:q-a" for n in range(5)], [f"arn:aws:sqs:eu-west-{n}:1:q-a" for n in range(5)]),
        ([f"arn:aws:iam::1:role/{HOLE}worker"], ["arn:aws:iam::1:role/*worker"]),
        ([HOLE, BUCKET + "a"], ["*"]),
    ],
)  # fmt: skip
def test_the_rule(used: list[str], allowed: list[str]) -> None:
    assert generalise(used) == sorted(allowed)


NAMES = st.lists(st.sampled_from(["a", "b", "c1", "d-1", "d-2", "e", "f", HOLE]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(NAMES.map(lambda name: "arn:aws:s3:::bucket/" + name), min_size=1, max_size=30), st.integers(2, 6))
def test_what_was_used_stays_allowed_and_its_account_stays(used: list[str], siblings: int) -> None:
    allowed = [patterns.glob(one) for one in generalise(used, siblings=siblings)]
    assert all(any(patterns.matches(one, text) for one in allowed) for text in used)
    assert all(one.startswith("arn:aws:s3:::bucket/") for one in allowed)


def test_what_another_covers_is_left_out() -> None:
    assert least([BUCKET + "*", BUCKET + "a", "arn:aws:s3:::other"]) == [BUCKET + "*", "arn:aws:s3:::other"]


def test_a_wildcard_for_a_kind_is_told_from_one_for_a_rest() -> None:
    wide = ["*", "arn:aws:kms:eu-west-1:1:key/*", "arn:aws:sqs:eu-west-1:1:*"]
    assert list(wildcards([*wide, BUCKET + "a/*", HERE + "orders-*"])) == wide


def allows(made: dict[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for part in made["Statement"]:
        lists = [part[key] if isinstance(part[key], list) else [part[key]] for key in ("Action", "Resource")]
        found |= {(action, resource) for action in lists[0] for resource in lists[1]}
    return found


GRANTS = st.sets(st.builds(Grant, st.sampled_from(["s3:A", "s3:B", "s3:C", "sqs:D"]), st.sampled_from(["*", "r1", "r2", "r3"])), min_size=1)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(GRANTS, st.integers(150, 400))
def test_statements_and_documents_allow_exactly_what_was_asked(grants: set[Grant], limit: int) -> None:
    made = write.pack(write.statements(grants), limit=limit)
    found = [pair for one in made for pair in allows(one)]
    assert set(found) == {(grant.action, grant.resource) for grant in grants}
    assert all(write.size(one) <= limit for one in made)


def test_what_is_alike_stands_in_one_statement() -> None:
    made = write.statements([Grant(action, one) for action in ("s3:A", "s3:B") for one in ("r1", "r2")])
    assert made == [{"Effect": "Allow", "Action": ["s3:A", "s3:B"], "Resource": ["r1", "r2"]}]


def used(actions: int, resources: int) -> dict[tuple[str, write.Condition], list[str]]:
    return {
        (f"s3:Action{n}", ()): [f"arn:aws:s3:::bucket-{n}-{m}/{m}/x" for m in range(resources)] for n in range(actions)
    }


def test_what_is_too_large_for_one_managed_policy_becomes_several() -> None:
    made = forms.make(used(10, 40), "managed")
    assert 1 < len(made.documents) <= 10
    assert made.widened == ""
    assert all(document.parse(json.dumps(one)).size <= document.MANAGED for one in made.documents)


def test_what_is_too_large_for_one_document_is_widened_and_says_so() -> None:
    assert "any resource" in forms.make(used(20, 40), "boundary").widened
    assert "any resource" in forms.make(used(5, 30), "inline", user=True).widened
    assert forms.make(used(5, 30), "inline").widened == ""
    whole = forms.make(used(600, 1), "boundary")
    assert "whole services" in whole.widened
    assert whole.documents[0]["Statement"][0]["Action"] == "s3:*"
    many = {(f"service{n}:Act", ()): ["*"] for n in range(700)}
    with pytest.raises(PolicyError, match="6,144"):
        forms.make(many, "boundary")


def test_a_service_control_policy_denies_all_else_to_the_principal_alone() -> None:
    made = forms.make(
        {("s3:GetObject", ()): ["*"]}, "scp", free=["sts:GetCallerIdentity"], arns=["arn:aws:iam::1:user/a"]
    )
    (part,) = made.documents[0]["Statement"]
    assert part["NotAction"] == ["s3:GetObject", "sts:GetCallerIdentity"]
    assert part["Condition"] == {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::1:user/a"]}}
    large = forms.make(used(500, 1) | {("sqs:SendMessage", ()): ["*"]}, "scp", arns=["arn:aws:iam::1:user/a"])
    assert "s3" in large.widened
    assert large.documents[0]["Statement"][0]["NotAction"] == ["s3:*", "sqs:SendMessage"]


def test_of_nothing_nothing_is_made() -> None:
    assert forms.make({}, "scp").documents == forms.make({}, "managed").documents == ()
