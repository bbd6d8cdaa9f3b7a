"""Session trees: whose hands a temporary credential came from, for every way in which AWS hands one out."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from trailwatch.engine import Engine

Read = Callable[..., list[dict[str, Any]]]
HOME, AWAY = "111122223333", "444455556666"
ALICE = f"{HOME}/user/alice"


def at(clock: str, day: int = 5) -> str:
    return f"2026-01-{day:02}T{clock}Z"


def signin(make: SimpleNamespace, identity: dict[str, Any], time: str, name: str = "ConsoleLogin",
           **fields: Any) -> dict[str, Any]:  # fmt: skip
    return make.record(
        {"eventSource": "signin.amazonaws.com", "eventName": name, "eventType": "AwsConsoleSignIn", "eventTime": time},
        **({"userIdentity": identity, "responseElements": {name: "Success"}} | fields),
    )


def facts(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)


WHO = ("person", "long_term_key", "parent_principal", "parent_credential", "session_root", "session_depth")


def test_a_role_assumed_with_a_long_term_key(make: SimpleNamespace, attributed: Read) -> None:
    call, use = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "job", "ASIADEPLOY0000000001"), eventTime=at("10:05:00")),
    )
    assert facts(call, *WHO) == ("alice", make.KEY, "", "", make.KEY, 0)
    assert facts(use, *WHO) == ("alice", make.KEY, ALICE, make.KEY, make.KEY, 1)
    assert use["principal"] == f"{HOME}/role/deploy"


def test_a_chain_of_three_roles_over_two_accounts(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    first = make.session("entry", "one", "ASIAENTRY00000000001", created=at("10:00:00"))
    second = make.session("hop", "two", "ASIAHOP0000000000001", account=AWAY, created=at("10:10:00"))
    third = make.session("goal", "three", "ASIAGOAL000000000001", account=AWAY, created=at("10:20:00"))
    rows = attributed(
        make.assume(make.user(), "entry", "one", "ASIAENTRY00000000001"),
        make.assume(first, "hop", "two", "ASIAHOP0000000000001", account=AWAY, eventTime=at("10:10:00")),
        make.assume(second, "goal", "three", "ASIAGOAL000000000001", account=AWAY, eventTime=at("10:20:00"),
                    recipientAccountId=AWAY),
        make.record(userIdentity=third, eventTime=at("10:30:00"), recipientAccountId=AWAY),
    )  # fmt: skip
    assert facts(rows[3], *WHO) == (
        "alice", make.KEY, f"{AWAY}/role/hop", "ASIAHOP0000000000001", make.KEY, 3,
    )  # fmt: skip
    (parent,) = engine.rows("select parent_person from links where credential = 'ASIAGOAL000000000001'")
    assert parent == ("alice",)


def test_the_two_records_of_one_call_make_one_session(
    make: SimpleNamespace, attributed: Read, engine: Engine
) -> None:
    caller = make.assume(make.user(), "partner", "job", "ASIAPARTNER000000001", account=AWAY, sharedEventID="s-1")
    callee = make.assume(
        {"type": "AWSAccount", "principalId": "AIDAALICE000000000001", "accountId": HOME}, "partner", "job",
        "ASIAPARTNER000000001", account=AWAY, sharedEventID="s-1", recipientAccountId=AWAY,
    )  # fmt: skip
    use = make.record(userIdentity=make.session("partner", "job", "ASIAPARTNER000000001", account=AWAY),
                      eventTime=at("10:01:00"), recipientAccountId=AWAY)  # fmt: skip
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
                      eventTime=at("10:01:00"), recipientAccountId=AWAY)  # fmt: skip
    assert attributed(caller, callee, use)[2]["person"] == "alice"


def test_a_stranger_stays_a_stranger(make: SimpleNamespace, attributed: Read) -> None:
    callee = make.assume({"type": "AWSAccount", "principalId": "AROAPARTNER0000000001:sync", "accountId": AWAY},
                         "vendor", "sync", "ASIAVENDOR0000000001")  # fmt: skip
    use = make.record(userIdentity=make.session("vendor", "sync", "ASIAVENDOR0000000001"), eventTime=at("10:01:00"))
    row = attributed(callee, use)[1]
    assert facts(row, "person", "parent_principal", "session_depth") == (
        "", f"{HOME}/external/{AWAY}/AROAPARTNER0000000001", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "subject", "person"),
    [("persistent", "Alice@Example.com", "alice@example.com"), ("transient", "_f00d", "session-name"),
     ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "_f00d", "session-name")],
)  # fmt: skip
def test_saml_names_the_person(
    make: SimpleNamespace, attributed: Read, kind: str, subject: str, person: str
) -> None:
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
        make.assume(first, "deploy", "run", "ASIADEPLOY0000000001", eventTime=at("10:01:00")),
        make.record(userIdentity=make.session("deploy", "run", "ASIADEPLOY0000000001", created=at("10:01:00")),
                    eventTime=at("10:02:00")),
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


def test_a_session_token_is_the_same_user(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "GetSessionToken", "responseElements": None},
                    responseElements={"credentials": {"accessKeyId": "ASIATOKEN00000000001"}}),
        make.record(userIdentity=make.user("ASIATOKEN00000000001", created=at("10:00:00")), eventTime=at("20:00:00")),
    )  # fmt: skip
    assert facts(rows[1], *WHO) == ("alice", make.KEY, ALICE, make.KEY, make.KEY, 0)


def test_a_federated_user_and_the_step_into_the_console(make: SimpleNamespace, attributed: Read) -> None:
    federated = {
        "type": "FederatedUser", "principalId": f"{HOME}:night", "accountId": HOME,
        "arn": f"arn:aws:sts::{HOME}:federated-user/night", "accessKeyId": "ASIAFED0000000000001",
        "sessionContext": {
            "sessionIssuer": {"type": "IAMUser", "userName": "alice", "principalId": "AIDAALICE000000000001"},
            "attributes": {"creationDate": at("10:00:00"), "mfaAuthenticated": "false"},
        },
    }  # fmt: skip
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "GetFederationToken"},
                    requestParameters={"name": "night", "policy": "{}"},
                    responseElements={"credentials": {"accessKeyId": "ASIAFED0000000000001"},
                                      "federatedUser": {"federatedUserId": f"{HOME}:night"}}),
        signin(make, federated, at("10:01:00"), "GetSigninToken",
               responseElements={"GetSigninToken": "Success", "credentials": {"accessKeyId": "ASIASIGNIN0000000001"}}),
        signin(make, federated | {"accessKeyId": "ASIASIGNIN0000000001"}, at("10:02:00")),
        make.record(userIdentity=federated | {"accessKeyId": "ASIACONSOLE000000001"}, eventTime=at("10:03:00"),
                    sessionCredentialFromConsole="true"),
    )  # fmt: skip
    assert {row["person"] for row in rows} == {"alice"}
    assert {row["session_root"] for row in rows} == {make.KEY}
    assert [row["session_depth"] for row in rows] == [0, 1, 1, 1]
    assert rows[3]["principal"] == f"{HOME}/federated/night"


def test_a_signin_token_that_answers_with_the_callers_own_key(
    make: SimpleNamespace, attributed: Read, engine: Engine
) -> None:
    role = make.session("admin", "s", "ASIAADMIN00000000001")
    attributed(
        make.assume(make.user(), "admin", "s", "ASIAADMIN00000000001"),
        signin(make, role, at("10:01:00"), "GetSigninToken",
               responseElements={"GetSigninToken": "Success", "credentials": {"accessKeyId": "ASIAADMIN00000000001"}}),
    )  # fmt: skip
    assert engine.rows("select credential, person, depth from links") == [("ASIAADMIN00000000001", "alice", 1)]


def test_root_of_a_member_account(make: SimpleNamespace, attributed: Read) -> None:
    root = {
        "type": "Root", "principalId": AWAY, "arn": f"arn:aws:iam::{AWAY}:root", "accountId": AWAY,
        "accessKeyId": "ASIAROOT000000000001",
        "sessionContext": {"assumedRoot": "true", "attributes": {"creationDate": at("10:00:00")}},
    }  # fmt: skip
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot"},
                    requestParameters={"targetPrincipal": AWAY},
                    responseElements={"credentials": {"accessKeyId": "ASIAROOT000000000001"}}),
        make.record(userIdentity=root, eventTime=at("10:01:00"), recipientAccountId=AWAY),
    )  # fmt: skip
    assert facts(rows[1], "principal", "person", "parent_principal", "session_depth") == (
        f"{AWAY}/root", "alice", ALICE, 1,
    )  # fmt: skip


@pytest.mark.parametrize("late", ["10:00:00", "10:00:01", "10:00:02", "09:59:58"])
def test_the_keys_of_the_console_hang_below_the_sign_in(make: SimpleNamespace, attributed: Read, late: str) -> None:
    person = make.user("")
    person.pop("arn")
    rows = attributed(
        signin(make, person, at("10:00:00"), additionalEventData={"MFAUsed": "Yes"}),
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=at(late)), eventTime=at("10:05:00"),
                      sessionCredentialFromConsole="true") for n in range(3)),
        # A service that the console asked uses a key of the same session without the mark.
        make.record(userIdentity=make.user("ASIACONSOLE000000009", created=at(late)) | {"invokedBy": "AWS Internal"},
                    eventTime=at("10:06:00"), sourceIPAddress="AWS Internal"),
    )  # fmt: skip
    assert {row["session_root"] for row in rows} == {"AIDAALICE000000000001@2026-01-05T10:00:00Z"}
    assert {row["session_depth"] for row in rows} == {0}


def test_two_console_sessions_stay_two(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        signin(make, make.user(""), at("10:00:00")),
        signin(make, make.user(""), at("10:00:30")),
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=at(f"10:00:{n}0")),
                      eventTime=at("10:05:00"), sessionCredentialFromConsole="true") for n in (0, 3)),
    )  # fmt: skip
    assert rows[2]["session_root"] == rows[0]["session_root"] != rows[1]["session_root"] == rows[3]["session_root"]


def test_a_console_session_whose_sign_in_is_not_here(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=at("09:00:00")),
                      sessionCredentialFromConsole="true") for n in range(2)),
    )  # fmt: skip
    assert {row["session_root"] for row in rows} == {"AIDAALICE000000000001@2026-01-05T09:00:00Z"}


def test_a_failed_sign_in_starts_nothing(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    attributed(signin(make, make.user(""), at("10:00:00"), responseElements={"ConsoleLogin": "Failure"}))
    assert engine.rows("select count(*) from links") == [(0,)]


def test_a_federated_sign_in_to_the_console(make: SimpleNamespace, attributed: Read) -> None:
    caller = {"type": "SAMLUser", "principalId": "nq:alice", "userName": "alice@example.com", "identityProvider": "nq"}
    rows = attributed(
        make.assume(caller, "admin", "alice@example.com", "ASIASAML000000000001", call="AssumeRoleWithSAML",
                    given={"subject": "alice@example.com", "subjectType": "persistent"}),
        signin(make, make.session("admin", "alice@example.com", created=at("10:00:01")), at("10:00:03")),
        make.record(userIdentity=make.session("admin", "alice@example.com", "ASIACONSOLE000000001",
                                              created=at("10:00:01")),
                    eventTime=at("10:05:00"), sessionCredentialFromConsole="true"),
    )  # fmt: skip
    assert [row["person"] for row in rows] == ["alice@example.com"] * 3
    assert {row["session_root"] for row in rows} == {"ASIASAML000000000001"}
    assert [row["session_depth"] for row in rows[1:]] == [1, 1]


@pytest.mark.parametrize(
    ("origin", "parent", "person"),
    [("arn:aws:iam::111122223333:user/staff/Alice", f"{HOME}/user/Alice", "alice"),
     ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_View_0123456789abcdef/Bob@x.org",
      f"{HOME}/role/AWSReservedSSO_View", "bob@x.org"),
     ("arn:aws:sts::111122223333:assumed-role/plain/sess", f"{HOME}/role/plain", ""),
     ("arn:aws:iam::111122223333:root", f"{HOME}/root", "")],
)  # fmt: skip
def test_switching_roles_in_the_console(
    make: SimpleNamespace, attributed: Read, origin: str, parent: str, person: str
) -> None:
    switched = make.session("admin", "who", account=AWAY, created="")
    rows = attributed(
        signin(make, switched, at("10:00:00"), "SwitchRole", recipientAccountId=AWAY,
               additionalEventData={"SwitchFrom": origin}),
        make.record(userIdentity=make.session("admin", "who", "ASIASWITCH0000000001", account=AWAY,
                                              created=at("10:00:01")),
                    eventTime=at("10:01:00"), recipientAccountId=AWAY, sessionCredentialFromConsole="true"),
    )  # fmt: skip
    assert [row["person"] for row in rows] == [person, person]
    assert rows[0]["parent_principal"] == parent
    assert [row["session_depth"] for row in rows] == [1, 1]
    assert rows[1]["session_root"] == rows[0]["credential"]


def test_a_login_of_the_command_line(make: SimpleNamespace, attributed: Read) -> None:
    console = make.user("ASIACONSOLE000000001", created=at("10:00:00"))
    rows = attributed(
        signin(make, make.user(""), at("10:00:00")),
        make.record(userIdentity=console, eventTime=at("10:01:00"), sessionCredentialFromConsole="true"),
        signin(make, make.user(""), at("10:02:00"), "CreateOAuth2Token", eventType="AwsApiCall", responseElements=None,
               additionalEventData={"success": "true"}),
        make.record(userIdentity=make.user("ASIACLI0000000000001", created=at("10:02:01")), eventTime=at("10:03:00")),
    )  # fmt: skip
    assert {row["person"] for row in rows} == {"alice"}
    assert rows[3]["parent_credential"] == rows[2]["credential"] == "AIDAALICE000000000001@2026-01-05T10:02:00Z"


def test_source_identity_names_the_person_behind_a_broker(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.assume(make.user(name="broker"), "deploy", "x", "ASIADEPLOY0000000001",
                    given={"sourceIdentity": "Carol@Example.com"}),
        make.record(userIdentity=make.session("deploy", "x", "ASIADEPLOY0000000001",
                                              sourceIdentity="Carol@Example.com"), eventTime=at("10:01:00")),
        make.assume(make.session("deploy", "x", "ASIADEPLOY0000000001", sourceIdentity="Carol@Example.com"), "next",
                    "y", "ASIANEXT000000000001", eventTime=at("10:02:00")),
        make.record(userIdentity=make.session("next", "y", "ASIANEXT000000000001", created=at("10:02:00")),
                    eventTime=at("10:03:00")),
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
        make.record(userIdentity=workload, eventTime=at("10:01:00")),
        make.assume(workload, "next", "y", "ASIANEXT000000000001", eventTime=at("10:02:00")),
        make.record(userIdentity=make.session("next", "y", "ASIANEXT000000000001", created=at("10:02:00")),
                    eventTime=at("10:03:00")),
    )  # fmt: skip
    assert [row["person"] for row in rows] == [""] * 4
    assert rows[1]["parent_principal"] == f"service/{service}"
    assert [row["session_depth"] for row in rows] == [0, 1, 1, 2]
    assert {row["session_root"] for row in rows} == {"ASIAWORK000000000001"}


def test_a_service_uses_another_key_than_it_was_given(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "job", "ASIAOTHER00000000001", created=at("10:00:02"))),
        make.record(userIdentity=make.session("deploy", "job", "ASIAOTHER00000000002", created=at("10:00:04"))),
    )
    assert [row["person"] for row in rows] == ["alice", "alice", ""]


def test_a_key_id_that_comes_again(make: SimpleNamespace, attributed: Read) -> None:
    key = "ASIAAGAIN00000000001"
    rows = attributed(
        make.assume(make.user(), "deploy", "a", key, eventTime=at("08:00:00", 5)),
        make.assume(make.user("AKIABOB0000000000001", name="bob"), "audit", "b", key, account=AWAY,
                    eventTime=at("08:00:00", 5)),
        make.record(userIdentity=make.session("deploy", "a", key, created=at("08:00:00", 5)),
                    eventTime=at("09:00:00", 5)),
        make.record(userIdentity=make.session("audit", "b", key, account=AWAY, created=at("08:00:00", 5)),
                    eventTime=at("09:00:00", 5)),
        # Two days later the same id belongs to another session of the same account.
        make.assume(make.user("AKIADAVE000000000001", name="dave"), "deploy", "c", key, eventTime=at("08:00:00", 7)),
        make.record(userIdentity=make.session("deploy", "c", key, created=at("08:00:00", 7)),
                    eventTime=at("09:00:00", 7)),
        # And long after that it is nobody's.
        make.record(userIdentity=make.session("deploy", "d", key, created=at("08:00:00", 10)),
                    eventTime=at("09:00:00", 10)),
    )  # fmt: skip
    assert [row["person"] for row in rows] == ["alice", "bob", "alice", "bob", "dave", "dave", ""]


def test_a_session_that_goes_past_midnight(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    rows = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001", eventTime=at("23:50:00", 5)),
        *(make.record(userIdentity=make.session("deploy", "job", "ASIADEPLOY0000000001", created=at("23:50:00", 5)),
                      eventTime=time) for time in (at("23:55:00", 5), at("00:05:00", 6))),
    )  # fmt: skip
    assert {row["person"] for row in rows} == {"alice"}
    assert engine.rows("select count(*) from sessions") == [(3,)]
    assert engine.rows("select count(*), count(distinct credential) from links") == [(1, 1)]


def test_a_denied_call_hands_out_nothing(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    attributed(make.assume(make.user(), "deploy", "x", "", errorCode="AccessDenied", responseElements=None))
    assert engine.rows("select count(*) from links") == [(0,)]


def test_a_circle_ends(make: SimpleNamespace, attributed: Read) -> None:
    one, two = "ASIAONE0000000000001", "ASIATWO0000000000001"
    rows = attributed(
        make.assume(make.session("a", "x", one), "b", "y", two),
        make.assume(make.session("b", "y", two), "a", "x", one),
        make.record(userIdentity=make.session("a", "x", one)),
    )
    assert len(rows) == 3


def test_aliases_join_the_names_of_one_person(make: SimpleNamespace, attributed: Read) -> None:
    aliases = {"Alice": "alice@example.com", f"arn:aws:iam::{AWAY}:user/ops/asmith": "Alice@Example.com",
               f"{AWAY}/user/bob": "robert@example.com", "bob": "bob@example.com"}  # fmt: skip
    foreign = {"accountId": AWAY, "principalId": "AIDAX"}
    rows = attributed(
        make.record(),
        make.assume(make.user(), "deploy", "x", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "x", "ASIADEPLOY0000000001"), eventTime=at("10:01:00")),
        make.record(userIdentity=make.user(name="asmith") | foreign | {"arn": f"arn:aws:iam::{AWAY}:user/asmith"}),
        make.record(userIdentity=make.user(name="bob")),
        make.record(userIdentity=make.user(name="bob") | foreign | {"arn": f"arn:aws:iam::{AWAY}:user/bob"}),
        make.record(userIdentity=make.user(name="carol")),
        aliases=aliases,
    )
    assert [row["person"] for row in rows] == [
        *["alice@example.com"] * 4, "bob@example.com", "robert@example.com", "carol",
    ]  # fmt: skip


def test_the_first_address_of_a_session(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    identity = make.session("web", "i-0dbc91f429e48eeed", "ASIAWEB0000000000001")
    attributed(
        make.record(userIdentity=identity, eventTime=at("10:05:00"), sourceIPAddress="198.51.100.9"),
        make.record(userIdentity=identity, eventTime=at("10:04:00"), sourceIPAddress="203.0.113.7"),
        make.record(userIdentity=identity | {"invokedBy": "s3.amazonaws.com"}, eventTime=at("10:03:00"),
                    sourceIPAddress="s3.amazonaws.com"),
    )  # fmt: skip
    assert engine.rows("select first_address from links") == [("203.0.113.0/24",)]
    assert engine.rows("select addresses from sessions") == [(["203.0.113.0/24", "198.51.100.0/24"],)]


def test_no_order_of_records_changes_a_tree(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    """Random trees: no event is lost or doubled, no principal is a session, and the order of arrival is nothing."""
    chance = random.Random(7)
    roles, names = ["a", "b", "c"], ["x", "y"]
    records = []
    for _ in range(120):
        key, child = (f"ASIA{chance.randrange(12):016}" for _ in range(2))
        time = f"2026-01-0{chance.randrange(5, 8)}T{chance.randrange(24):02}:00:0{chance.randrange(6)}Z"
        account = chance.choice([HOME, AWAY])
        caller = chance.choice(
            [make.user(), make.user(key, created=time),
             make.session(chance.choice(roles), chance.choice(names), key, account=account, created=time)]
        )  # fmt: skip
        if chance.random() < 0.5:
            records.append(make.record(userIdentity=caller, eventTime=time,
                                       sessionCredentialFromConsole=chance.choice(["true", "false"])))  # fmt: skip
        else:
            records.append(make.assume(caller, chance.choice(roles), chance.choice(names), child, account=account,
                                       eventTime=time, sharedEventID=chance.choice(["", f"s{key}"])))  # fmt: skip
    records = [{"eventID": f"e{n:03}", **each} for n, each in enumerate(records)]
    first = [{**row, "ingested_at": None} for row in attributed(*records)]
    links = engine.rows("from links order by all")
    chance.shuffle(records)
    assert [{**row, "ingested_at": None} for row in attributed(*records)] == first
    assert engine.rows("from links order by all") == links
    assert all(row["principal"].count("/") == 2 for row in first)
