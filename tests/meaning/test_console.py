"""Sign-ins, their many keys, and the steps from a key into the console and back."""

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


def test_a_session_token_is_the_same_user(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "GetSessionToken", "responseElements": None},
                    responseElements={"credentials": {"accessKeyId": "ASIATOKEN00000000001"}}),
        make.record(userIdentity=make.user("ASIATOKEN00000000001", created=make.at("10:00:00")), eventTime=make.at("20:00:00")),
    )  # fmt: skip
    assert facts(rows[1], *WHO) == ("alice", make.KEY, ALICE, make.KEY, make.KEY, 0)


def test_a_federated_user_and_the_step_into_the_console(make: SimpleNamespace, attributed: Read) -> None:
    federated = {
        "type": "FederatedUser", "principalId": f"{HOME}:night", "accountId": HOME,
        "arn": f"arn:aws:sts::{HOME}:federated-user/night", "accessKeyId": "ASIAFED0000000000001",
        "sessionContext": {
            "sessionIssuer": {"type": "IAMUser", "userName": "alice", "principalId": "AIDAALICE000000000001"},
            "attributes": {"creationDate": make.at("10:00:00"), "mfaAuthenticated": "false"},
        },
    }  # fmt: skip
    rows = attributed(
        make.record({"eventSource": "sts.amazonaws.com", "eventName": "GetFederationToken"},
                    requestParameters={"name": "night", "policy": "{}"},
                    responseElements={"credentials": {"accessKeyId": "ASIAFED0000000000001"},
                                      "federatedUser": {"federatedUserId": f"{HOME}:night"}}),
        make.signin(federated, make.at("10:01:00"), "GetSigninToken",
               responseElements={"GetSigninToken": "Success", "credentials": {"accessKeyId": "ASIASIGNIN0000000001"}}),
        make.signin(federated | {"accessKeyId": "ASIASIGNIN0000000001"}, make.at("10:02:00")),
        make.record(userIdentity=federated | {"accessKeyId": "ASIACONSOLE000000001"}, eventTime=make.at("10:03:00"),
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
        make.signin(role, make.at("10:01:00"), "GetSigninToken",
               responseElements={"GetSigninToken": "Success", "credentials": {"accessKeyId": "ASIAADMIN00000000001"}}),
    )  # fmt: skip
    assert engine.rows("select credential, person, depth from links") == [("ASIAADMIN00000000001", "alice", 1)]


@pytest.mark.parametrize("late", ["10:00:00", "10:00:01", "10:00:02", "09:59:58"])
def test_the_keys_of_the_console_hang_below_the_sign_in(make: SimpleNamespace, attributed: Read, late: str) -> None:
    person = make.user("")
    person.pop("arn")
    rows = attributed(
        make.signin(person, make.at("10:00:00"), additionalEventData={"MFAUsed": "Yes"}),
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=make.at(late)), eventTime=make.at("10:05:00"),
                      sessionCredentialFromConsole="true") for n in range(3)),
        # A service that the console asked uses a key of the same session without the mark.
        make.record(userIdentity=make.user("ASIACONSOLE000000009", created=make.at(late)) | {"invokedBy": "AWS Internal"},
                    eventTime=make.at("10:06:00"), sourceIPAddress="AWS Internal"),
    )  # fmt: skip
    assert {row["session_root"] for row in rows} == {"AIDAALICE000000000001@2026-01-05T10:00:00Z"}
    assert {row["session_depth"] for row in rows} == {0}


def test_two_console_sessions_stay_two(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.signin(make.user(""), make.at("10:00:00")),
        make.signin(make.user(""), make.at("10:00:30")),
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=make.at(f"10:00:{n}0")),
                      eventTime=make.at("10:05:00"), sessionCredentialFromConsole="true") for n in (0, 3)),
    )  # fmt: skip
    assert rows[2]["session_root"] == rows[0]["session_root"] != rows[1]["session_root"] == rows[3]["session_root"]


def test_a_console_session_whose_sign_in_is_not_here(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        *(make.record(userIdentity=make.user(f"ASIACONSOLE00000000{n}", created=make.at("09:00:00")),
                      sessionCredentialFromConsole="true") for n in range(2)),
    )  # fmt: skip
    assert {row["session_root"] for row in rows} == {"AIDAALICE000000000001@2026-01-05T09:00:00Z"}


def test_a_failed_sign_in_starts_nothing(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    attributed(make.signin(make.user(""), make.at("10:00:00"), responseElements={"ConsoleLogin": "Failure"}))
    assert engine.rows("select count(*) from links") == [(0,)]


def test_a_federated_sign_in_to_the_console(make: SimpleNamespace, attributed: Read) -> None:
    caller = {"type": "SAMLUser", "principalId": "nq:alice", "userName": "alice@example.com", "identityProvider": "nq"}
    rows = attributed(
        make.assume(caller, "admin", "alice@example.com", "ASIASAML000000000001", call="AssumeRoleWithSAML",
                    given={"subject": "alice@example.com", "subjectType": "persistent"}),
        make.signin(make.session("admin", "alice@example.com", created=make.at("10:00:01")), make.at("10:00:03")),
        make.record(userIdentity=make.session("admin", "alice@example.com", "ASIACONSOLE000000001",
                                              created=make.at("10:00:01")),
                    eventTime=make.at("10:05:00"), sessionCredentialFromConsole="true"),
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
        make.signin(switched, make.at("10:00:00"), "SwitchRole", recipientAccountId=AWAY,
               additionalEventData={"SwitchFrom": origin}),
        make.record(userIdentity=make.session("admin", "who", "ASIASWITCH0000000001", account=AWAY,
                                              created=make.at("10:00:01")),
                    eventTime=make.at("10:01:00"), recipientAccountId=AWAY, sessionCredentialFromConsole="true"),
    )  # fmt: skip
    assert [row["person"] for row in rows] == [person, person]
    assert rows[0]["parent_principal"] == parent
    assert [row["session_depth"] for row in rows] == [1, 1]
    assert rows[1]["session_root"] == rows[0]["credential"]


def test_a_login_of_the_command_line(make: SimpleNamespace, attributed: Read) -> None:
    console = make.user("ASIACONSOLE000000001", created=make.at("10:00:00"))
    rows = attributed(
        make.signin(make.user(""), make.at("10:00:00")),
        make.record(userIdentity=console, eventTime=make.at("10:01:00"), sessionCredentialFromConsole="true"),
        make.signin(make.user(""), make.at("10:02:00"), "CreateOAuth2Token", eventType="AwsApiCall", responseElements=None,
               additionalEventData={"success": "true"}),
        make.record(userIdentity=make.user("ASIACLI0000000000001", created=make.at("10:02:01")), eventTime=make.at("10:03:00")),
    )  # fmt: skip
    assert {row["person"] for row in rows} == {"alice"}
    assert rows[3]["parent_credential"] == rows[2]["credential"] == "AIDAALICE000000000001@2026-01-05T10:02:00Z"
