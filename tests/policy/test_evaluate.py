"""The evaluator: a table of IAM's documented logic, and laws that hold for any policy and any request."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwatch.policy import document
from trailwatch.policy.evaluate import Outcome, Policies, Request, Verdict, applies, evaluate, together
from trailwatch.policy.patterns import HOLE, Context

GET, OBJECT = "s3:GetObject", "arn:aws:s3:::bucket/key"
ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NONE: dict[str, Any] = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}
NOT_HOME = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


def policy(*statements: dict[str, Any], kind: document.Kind = "identity") -> document.Policy:
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), name=kind, kind=kind)


def ask(policies: Policies, *, action: str = GET, resource: str = OBJECT, **known: str) -> Verdict:
    context = {f"aws:{key}": (value,) if value else () for key, value in known.items()}
    return evaluate(Request(action, resource, Context(context)), policies)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([NONE], "would deny"),
        ([ALL], "allow"),
        ([{**ALL, "Action": "s3:Get*"}], "allow"),
        ([{**ALL, "Action": "S3:getobject"}], "allow"),
        ([{**ALL, "Action": "s3:Get?"}], "would deny"),
        ([{**ALL, "Resource": "arn:aws:s3:::bucket/*"}], "allow"),
        ([{**ALL, "Resource": "arn:aws:s3:::Bucket/*"}], "would deny"),
        ([{**ALL, "Resource": "arn:aws:s3:::bucket/${aws:username}"}], "cannot tell"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allow"),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "would deny"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}], "allow"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::bucket/*"}], "would deny"),
        ([ALL, {**ALL, "Effect": "Deny"}], "would deny"),
        ([{**ALL, "Effect": "Deny"}, ALL], "would deny"),
        ([ALL, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}], "would deny"),
        ([ALL, {**ALL, "Effect": "Deny", "Condition": NOT_HOME}], "cannot tell"),
        ([NONE, {**ALL, "Effect": "Deny", "Condition": NOT_HOME}], "would deny"),
        ([ALL, {**ALL, "Effect": "Deny", "Action": "sns:*", "Condition": NOT_HOME}], "allow"),
        ([ALL, {**ALL, "Condition": NOT_HOME}], "allow"),
    ],
)
def test_identity_policies(statements: list[dict[str, Any]], expected: Outcome) -> None:
    assert ask(Policies((policy(*statements),))).outcome == expected


def test_a_deny_outside_of_networks_spares_calls_of_aws() -> None:
    denied = {**NOT_HOME, "Bool": {"aws:ViaAWSService": "false"}}
    both = Policies((policy(ALL, {**ALL, "Effect": "Deny", "Condition": denied}),))
    assert ask(both, SourceIp="203.0.113.7", ViaAWSService="false").outcome == "allow"
    assert ask(both, SourceIp="198.51.100.7", ViaAWSService="false").outcome == "would deny"
    assert ask(both, ViaAWSService="true").outcome == "allow"
    # A call over a VPC endpoint has no SourceIp, and a negated operator takes that for another network.
    assert ask(both, SourceIp="", ViaAWSService="false").outcome == "would deny"


def test_a_boundary_and_every_level_of_scps_must_allow() -> None:
    own, narrow = policy(ALL), {**ALL, "Action": "sns:*"}
    assert ask(Policies((own,), (policy(narrow, kind="boundary"),))).outcome == "would deny"
    assert ask(Policies((own,), (policy(ALL, kind="boundary"),))).outcome == "allow"
    assert ask(Policies((policy(NONE),), (policy(ALL, kind="boundary"),))).outcome == "would deny"
    levels = (policy(ALL, kind="scp"), policy(narrow, kind="scp"))
    assert ask(Policies((own,), scps=levels)).outcome == "would deny"
    assert ask(Policies((own,), scps=levels[:1])).outcome == "allow"
    denies = policy({**ALL, "Effect": "Deny", "Action": "iam:*"}, kind="scp")
    assert ask(Policies((own,), scps=(denies,))).outcome == "allow"
    assert "scp" in ask(Policies((own,), scps=(denies,)), action="iam:CreateUser").reason


def test_the_reason_names_the_statement_or_what_is_not_known() -> None:
    named = policy(ALL, {**ALL, "Sid": "Home", "Effect": "Deny", "Condition": NOT_HOME})
    assert ask(Policies((named,))).reason == "identity: statement Home depends on aws:SourceIp"
    assert ask(Policies((named,)), SourceIp="198.51.100.1").reason == "identity: denied by statement Home"
    assert ask(Policies((policy(NONE),))).reason == "identity: no statement allows it"
    one = Policies((policy({**ALL, "Resource": "arn:aws:s3:::bucket/*"}),))
    assert ask(one, resource=f"arn:aws:s3:::{HOLE}").reason == "identity: statement number 1 depends on the resource"
    assert ask(Policies((policy(NONE),)), action=f"s3:{HOLE}").outcome == "would deny"
    assert "the action" in ask(Policies((policy(NONE),)), action=HOLE).reason


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}}, False),
        ({"Principal": {"AWS": ["444455556666", "111122223333"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::444455556666:root"}}, False),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/app"}}, False),
        ({"NotPrincipal": {"AWS": "444455556666"}}, True),
        ({"Principal": {"Service": "ec2.amazonaws.com"}}, False),
        ({"Principal": {"Federated": "cognito-identity.amazonaws.com"}}, None),
        ({"Principal": {"CanonicalUser": "79a5"}}, None),
    ],
)
def test_principals(principal: dict[str, Any], expected: bool | None) -> None:
    statement = policy({**ALL, **principal}, kind="resource").statements[0]
    known = {
        "aws:PrincipalArn": ("arn:aws:iam::111122223333:role/app",), "aws:PrincipalAccount": ("111122223333",),
        "trailwatch:SessionArn": ("arn:aws:sts::111122223333:assumed-role/app/s",), "aws:PrincipalServiceName": (),
    }  # fmt: skip
    assert applies(statement, Request(GET, OBJECT, Context(known))) is expected


def test_a_call_of_several_requests_passes_when_all_pass() -> None:
    allow, deny, open_ = Verdict("allow", "a"), Verdict("would deny", "d"), Verdict("cannot tell", "c")
    assert together([allow, open_, deny]) == deny
    assert together([allow, open_]) == open_
    assert together([allow, allow]) == allow


KEYS = ("t:a", "t:b")
VALUES = ("x", "y", "1", "203.0.113.7", "true", "arn:aws:iam::1:role/x")
POLICY_VALUES = ("x", "x*", "?", "${t:b}", "z${t:a, 'y'}", "${*}")
texts = st.sampled_from(("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotLike",
                         "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"))  # fmt: skip
typed = st.sampled_from((("NumericLessThan", "5"), ("NumericNotEquals", "1"), ("Bool", "true"), ("Null", "true"),
                         ("IpAddress", "203.0.113.0/24"), ("NotIpAddress", "203.0.113.0/24"),
                         ("DateGreaterThan", "2026-01-31")))  # fmt: skip
qualified = st.sampled_from(("", "ForAllValues:", "ForAnyValue:"))


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=2)):
        if draw(st.booleans()):
            operator, values = draw(texts), draw(st.lists(st.sampled_from(POLICY_VALUES), min_size=1, max_size=2))
        else:
            operator, value = draw(typed)
            values = [value]
        suffix = draw(st.sampled_from(("", "IfExists"))) if operator != "Null" else ""
        made.setdefault(f"{draw(qualified)}{operator}{suffix}", {})[key] = values
    return made


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None) -> dict[str, Any]:
    action = draw(st.sampled_from(("*", "s3:*", "s3:GetObject", "s3:P?tObject", "sns:Publish")))
    resource = draw(st.sampled_from(("*", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/${t:a}", "arn:aws:s3:::?*/k*")))
    return {
        "Effect": effect or draw(st.sampled_from(("Allow", "Deny"))),
        draw(st.sampled_from(("Action", "NotAction"))): action,
        draw(st.sampled_from(("Resource", "NotResource"))): resource,
        "Condition": draw(conditions()),
    }


several = st.lists(statements(), min_size=1, max_size=3)
values = st.lists(st.sampled_from(VALUES), max_size=2, unique=True).map(tuple)
contexts = st.dictionaries(st.sampled_from(KEYS), values)
resources = st.sampled_from(
    (OBJECT, "arn:aws:s3:::bucket/x", "arn:aws:s3:::other/k", HOLE, f"arn:aws:s3:::bucket/{HOLE}")
)
actions = st.sampled_from((GET, "s3:PutObject", "sns:Publish"))


def said(made: list[dict[str, Any]], request: Request) -> Outcome:
    return evaluate(request, Policies((policy(*made),))).outcome


@given(several, statements("Allow"), actions, resources, contexts)
@settings(max_examples=60, deadline=None)
def test_an_allow_more_never_denies_more(made: Any, more: Any, action: str, resource: str, known: Any) -> None:
    request = Request(action, resource, Context(known))
    order = ("would deny", "cannot tell", "allow")
    assert order.index(said([*made, more], request)) >= order.index(said(made, request))


@given(several, statements("Deny"), actions, resources, contexts)
@settings(max_examples=60, deadline=None)
def test_a_deny_more_never_allows_more(made: Any, more: Any, action: str, resource: str, known: Any) -> None:
    request = Request(action, resource, Context(known))
    order = ("would deny", "cannot tell", "allow")
    assert order.index(said([*made, more], request)) <= order.index(said(made, request))


@given(several, several, actions, resources, contexts)
@settings(max_examples=40, deadline=None)
def test_a_boundary_never_allows_more(made: Any, limit: Any, action: str, resource: str, known: Any) -> None:
    request = Request(action, resource, Context(known))
    own, bounded = policy(*made), policy(*limit, kind="boundary")
    both = evaluate(request, Policies((own,), (bounded,))).outcome
    order = ("would deny", "cannot tell", "allow")
    assert order.index(both) <= order.index(evaluate(request, Policies((own,))).outcome)


COMPLETIONS = ((), ("x",), ("1",), ("203.0.113.7",), ("true",), ("x", "y"))
FILLED = ("", "x", "k", "arn:aws:s3:::bucket/key", "arn:aws:s3:::b/k1")


@given(several, actions, resources, contexts)
@settings(max_examples=100, deadline=None)
def test_what_is_said_of_the_unknown_holds_however_it_turns_out(
    made: Any, action: str, resource: str, known: dict[str, tuple[str, ...]]
) -> None:
    verdict = said(made, Request(action, resource, Context(known)))
    if verdict == "cannot tell":
        return
    open_keys = [key for key in KEYS if key not in known]
    for filled in itertools.product(COMPLETIONS, repeat=len(open_keys)):
        whole = Context({**known, **dict(zip(open_keys, filled, strict=True))})
        for text in FILLED if HOLE in resource else ("",):
            assert said(made, Request(action, resource.replace(HOLE, text), whole)) == verdict
