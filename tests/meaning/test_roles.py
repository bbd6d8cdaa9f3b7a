"""Role sessions: who assumed a role, over chains, accounts, providers and services."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from trailwatch.engine import Engine

Read = Callable[..., list[dict[str, Any]]]
HOME, AWAY = "111122223333", "444455556666"
ALICE = f"{HOME}/user/alice"
WHO = ("person", "long_term_key", "parent_principal", "parent_credential", "session_root", "session_depth")


def facts(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)


def test_a_role_assumed_with_a_long_term_key(make: SimpleNamespace, attributed: Read) -> None:
    call, use = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "job", "ASIADEPLOY0000000001"), eventTime=make.at("10:05:00")),
    )
    assert facts(call, *WHO) == ("alice", make.KEY, "", "", make.KEY, 0)
    assert facts(use, *WHO) == ("alice", make.KEY, ALICE, make.KEY, make.KEY, 1)
    assert use["principal"] == f"{HOME}/role/deploy"


def test_a_chain_of_three_roles_over_two_accounts(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    first = make.session("entry", "one", "ASIAENTRY00000000001", created=make.at("10:00:00"))
    second = make.session("hop", "two", "ASIAHOP0000000000001", account=AWAY, created=make.at("10:10:00"))
    third = make.session("goal", "three", "ASIAGOAL000000000001", account=AWAY, created=make.at("10:20:00"))
    rows = attributed(
        make.assume(make.user(), "entry", "one", "ASIAENTRY00000000001"),
        make.assume(first, "hop", "two", "ASIAHOP0000000000001", account=AWAY, eventTime=make.at("10:10:00")),
        make.assume(second, "goal", "three", "ASIAGOAL000000000001", account=AWAY, eventTime=make.at("10:20:00"),
                    recipientAccountId=AWAY),
        make.record(userIdentity=third, eventTime=make.at("10:30:00"), recipientAccountId=AWAY),
    )  # fmt: skip
    assert facts(rows[3], *WHO) == (
        "alice", make.KEY, f"{AWAY}/role/hop", "ASIAHOP0000000000001", make.KEY, 3,
    )  # fmt: skip
    (parent,) = engine.rows("select parent_person from links where credential = 'ASIAGOAL000000000001'")
    assert parent == ("alice",)


def test_the_two_records_of_one_call_make_one_session(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    caller = make.assume(make.user(), "partner", "job", "ASIAPARTNER000000001", account=AWAY, sharedEventID="s-1")
    callee = make.assume(
        {"type": "AWSAccount", "principalId": "AIDAALICE000000000001", "accountId": HOME}, "partner", "job",
        "ASIAPARTNER000000001", account=AWAY, sharedEventID="s-1", recipientAccountId=AWAY,
    )  # fmt: skip
    use = make.record(userIdentity=make.session("partner", "job", "ASIAPARTNER000000001", account=AWAY),
                      eventTime=make.at("10:01:00"), recipientAccountId=AWAY)  # fmt: skip
    seen = attributed(callee, caller, use)
    assert seen[0]["principal"] == f"{AWAY}/external/{HOME}/AIDAALICE000000000001"
    assert [row["person"] for row in seen] == ["alice"] * 3
    assert {row["session_root"] for row in seen} == {make.KEY}
    assert engine.rows("select parent_principal, parent_credential, depth from links") == [(ALICE, make.KEY, 1)]


def test_a_key_that_only_the_callee_was_told(make: SimpleNamespace, attributed: Read) -> None:
    caller = make.assume(make.user(), "partner", "job", "", account=AWAY, sharedEventID="s-1", responseElements=None)
    callee = make.assume({"type": "AWSAccount", "principalId": "AIDAALICE000000000001", "accountId": HOME}, "partner",
                         "job", "ASIAPARTNER000000001", account=AWAY, sharedEventID="s-1",
                         recipientAccountId=AWAY)  # fmt: skip
    use = make.record(userIdentity=make.session("partner", "job", "ASIAPARTNER000000001", account=AWAY),
                      eventTime=make.at("10:01:00"), recipientAccountId=AWAY)  # fmt: skip
    assert attributed(caller, callee, use)[2]["person"] == "alice"


def test_a_stranger_stays_a_stranger(make: SimpleNamespace, attributed: Read) -> None:
    callee = make.assume({"type": "AWSAccount", "principalId": "AROAPARTNER0000000001:sync", "accountId": AWAY},
                         "vendor", "sync", "ASIAVENDOR0000000001")  # fmt: skip
    use = make.record(
        userIdentity=make.session("vendor", "sync", "ASIAVENDOR0000000001"), eventTime=make.at("10:01:00")
    )
    row = attributed(callee, use)[1]
    assert facts(row, "person", "parent_principal", "session_depth") == (
        "", f"{HOME}/external/{AWAY}/AROAPARTNER0000000001", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "subject", "person"),
    [("persistent", "Alice@Example.com", "alice@example.com"), ("transient", "_f00d", "session-name"),
     ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "_f00d", "session-name")],
)  # fmt: skip
def test_saml_names_the_person(make: SimpleNamespace, attributed: Read, kind: str, subject: str, person: str) -> None:
    caller = {"type": "SAMLUser", "principalId": f"nq:{subject}", "userName": subject, "identityProvider": "nq"}
    rows = attributed(
        make.assume(caller, "admin", "session-name", "ASIASAML000000000001", call="AssumeRoleWithSAML",
                    given={"subject": subject, "subjectType": kind}),
        make.record(userIdentity=make.session("admin", "session-name", "ASIASAML000000000001")),
    )  # fmt: skip
    assert [row["person"] for row in rows] == [person, person]
    assert rows[1]["session_depth"] == 1
    assert rows[0]["session_root"] == rows[1]["session_root"] == "ASIASAML000000000001"


def test_a_pipeline_is_known_by_its_subject(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    subject = "repo:example/app:ref:refs/heads/main"
    caller = {"type": "WebIdentityUser", "principalId": f"github:sts:{subject}", "userName": subject,
              "identityProvider": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}  # fmt: skip
    first = make.session("ci", "run", "ASIACI00000000000001")
    rows = attributed(
        make.assume(caller, "ci", "run", "ASIACI00000000000001", call="AssumeRoleWithWebIdentity",
                    given={"subjectFromWebIdentityToken": subject}),
        make.assume(first, "deploy", "run", "ASIADEPLOY0000000001", eventTime=make.at("10:01:00")),
        make.record(userIdentity=make.session("deploy", "run", "ASIADEPLOY0000000001", created=make.at("10:01:00")),
                    eventTime=make.at("10:02:00")),
    )  # fmt: skip
    assert facts(rows[2], "person", "session_depth") == (subject, 2)
    assert engine.rows("select subject from links where credential = 'ASIADEPLOY0000000001'") == [(subject,)]


def test_application_users_are_no_persons(make: SimpleNamespace, attributed: Read) -> None:
    caller = {"type": "WebIdentityUser", "principalId": "c", "userName": "eu-west-1:5f0e",
              "identityProvider": "cognito-identity.amazonaws.com"}  # fmt: skip
    rows = attributed(
        make.assume(caller, "app", "CognitoIdentityCredentials", "ASIAAPP0000000000001",
                    call="AssumeRoleWithWebIdentity", given={"subjectFromWebIdentityToken": "eu-west-1:5f0e"}),
        make.record(userIdentity=make.session("app", "CognitoIdentityCredentials", "ASIAAPP0000000000001")),
    )  # fmt: skip
    assert [row["person"] for row in rows] == ["", ""]


def test_root_of_a_member_account(make: SimpleNamespace, attributed: Read) -> None:
    root = {
        "type": "Root", "principalId": AWAY, "arn": f"arn:aws:iam::{AWAY}:root", "accountId": AWAY,
        "accessKeyId": "ASIAROOT000000000001",
        "sessionContext": {"assumedRoot": "true", "attributes": {"creationDate": make.at("10:00:00")}},
    }  # fmt: skip
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot"},
                    requestParameters={"targetPrincipal": AWAY},
                    responseElements={"credentials": {"accessKeyId": "ASIAROOT000000000001"}}),
        make.record(userIdentity=root, eventTime=make.at("10:01:00"), recipientAccountId=AWAY),
    )  # fmt: skip
    assert facts(rows[1], "principal", "person", "parent_principal", "session_depth") == (
        f"{AWAY}/root", "alice", ALICE, 1,
    )  # fmt: skip


def test_source_identity_names_the_person_behind_a_broker(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.assume(make.user(name="broker"), "deploy", "x", "ASIADEPLOY0000000001",
                    given={"sourceIdentity": "Carol@Example.com"}),
        make.record(userIdentity=make.session("deploy", "x", "ASIADEPLOY0000000001",
                                              sourceIdentity="Carol@Example.com"), eventTime=make.at("10:01:00")),
        make.assume(make.session("deploy", "x", "ASIADEPLOY0000000001", sourceIdentity="Carol@Example.com"), "next",
                    "y", "ASIANEXT000000000001", eventTime=make.at("10:02:00")),
        make.record(userIdentity=make.session("next", "y", "ASIANEXT000000000001", created=make.at("10:02:00")),
                    eventTime=make.at("10:03:00")),
    )  # fmt: skip
    assert [row["person"] for row in rows] == ["broker", *["carol@example.com"] * 3]
    assert rows[3]["parent_principal"] == f"{HOME}/role/deploy"


@pytest.mark.parametrize(
    ("service", "role", "name"),
    [("ec2.amazonaws.com", "web", "i-0dbc91f429e48eeed"), ("lambda.amazonaws.com", "fn", "resize"),
     ("ecs-tasks.amazonaws.com", "task", "0123456789abcdef0123456789abcdef")],
)  # fmt: skip
def test_a_workload_has_no_person_and_neither_has_what_it_assumes(
    make: SimpleNamespace, attributed: Read, service: str, role: str, name: str
) -> None:
    workload = make.session(role, name, "ASIAWORK000000000001")
    rows = attributed(
        # A service gets no assumedRoleUser.
        make.assume({"type": "AWSService", "invokedBy": service}, role, name, "ASIAWORK000000000001",
                    responseElements={"credentials": {"accessKeyId": "ASIAWORK000000000001"}}),
        make.record(userIdentity=workload, eventTime=make.at("10:01:00")),
        make.assume(workload, "next", "y", "ASIANEXT000000000001", eventTime=make.at("10:02:00")),
        make.record(userIdentity=make.session("next", "y", "ASIANEXT000000000001", created=make.at("10:02:00")),
                    eventTime=make.at("10:03:00")),
    )  # fmt: skip
    assert [row["person"] for row in rows] == [""] * 4
    assert rows[1]["parent_principal"] == f"service/{service}"
    assert [row["session_depth"] for row in rows] == [0, 1, 1, 2]
    assert {row["session_root"] for row in rows} == {"ASIAWORK000000000001"}


def test_a_denied_call_hands_out_nothing(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    attributed(make.assume(make.user(), "deploy", "x", "", errorCode="AccessDenied", responseElements=None))
    assert engine.rows("select count(*) from links") == [(0,)]
