"""Exports in, rows out: each relation that posture detections read, on every form that IAM gives a thing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from iam import ACCOUNT, ALL, DAY, FOREIGN, OTHER, details, role, row, user

from trailwatch.config import Config, Organization, Person
from trailwatch.detect import exports, relations

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
HOSTILE = "a'; drop table exports; --\"<script>\u202e\n$."


def test_relations_have_the_columns_that_are_promised(shelf) -> None:
    engine = shelf.engine()
    for name, schema in relations.RELATIONS.items():
        found = engine.query(f"select * from {name}").schema
        assert found.names == schema.names, name
        assert [one.name for one in schema if not _alike(found.field(one.name).type, one.type)] == [], name


def _alike(found: pa.DataType, promised: pa.DataType) -> bool:
    if pa.types.is_list(promised):
        return pa.types.is_list(found) and found.value_type == promised.value_type
    return bool(found == promised)


def test_a_user_is_put_together_from_both_exports(shelf) -> None:
    shelf.put("credential-report", [row(
        access_key_1_active=True, access_key_1_last_rotated="2026-01-01T00:00:00Z",
        access_key_1_last_used_date="2026-05-31T10:00:00Z", mfa_active=False)])  # fmt: skip
    shelf.put("authorization-details", details(users=[user(
        AttachedManagedPolicies=[{"PolicyName": "p", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}],
        UserPolicyList=[{"PolicyName": "i", "PolicyDocument": ALL}])]))  # fmt: skip
    (one,) = shelf.rows("iam_users")
    assert {name: one[name] for name in (
        "principal", "person", "principal_id", "is_root", "password_enabled", "mfa_active", "keys_active", "groups",
        "attached", "inline", "last_used", "trail_last_used", "until", "taken_at")} == {
        "principal": f"{ACCOUNT}/user/alice", "person": "alice", "principal_id": "AIDAEXAMPLE", "is_root": False,
        "password_enabled": True, "mfa_active": False, "keys_active": 1, "groups": ["developers"], "attached": 1,
        "inline": 1, "last_used": datetime(2026, 5, 31, 10, tzinfo=UTC), "trail_last_used": None, "until": None,
        "taken_at": AT}  # fmt: skip


def test_what_an_absent_export_would_say_is_null(shelf) -> None:
    shelf.put("authorization-details", details(users=[user()]))
    (one,) = shelf.rows("iam_users")
    assert (one["mfa_active"], one["password_enabled"], one["keys_active"], one["password_never_used"]) == (None,) * 4
    assert one["groups"] == ["developers"]
    assert shelf.rows("iam_keys") == []
    (account,) = shelf.rows("iam_accounts")
    assert {value for name, value in account.items() if name not in ("account", "taken_at")} == {None}


def test_root_is_a_user_of_the_report(shelf) -> None:
    shelf.put("credential-report", [row("<root_account>", access_key_2_active=True, mfa_active=False), row()])
    root = next(one for one in shelf.rows("iam_users") if one["is_root"])
    assert (root["principal"], root["person"], root["groups"], root["keys_active"]) == (f"{ACCOUNT}/root", "", None, 1)
    (key,) = shelf.rows("iam_keys")
    assert (key["principal"], key["slot"], key["is_root"], key["active"]) == (f"{ACCOUNT}/root", 2, True, True)
    (account,) = shelf.rows("iam_accounts")
    assert (account["root_mfa"], account["root_keys"], account["root_password"]) == (False, 1, True)


@pytest.mark.parametrize(("report_hour", "summary_hour", "mfa"), [(4, 5, True), (5, 4, False)])
def test_of_two_exports_the_newer_one_tells_of_root(shelf, report_hour, summary_hour, mfa) -> None:
    summary = {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 1, "AccountPasswordPresent": 0}
    shelf.put("credential-report", [row("<root_account>", mfa_active=False)], hour=report_hour)
    shelf.put("account-summary", summary, hour=summary_hour)
    (account,) = shelf.rows("iam_accounts")
    assert (account["root_mfa"], account["root_password"]) == (mfa, False)


def test_an_inactive_key_is_kept_and_an_empty_place_is_no_key(shelf) -> None:
    shelf.put("credential-report", [row(access_key_2_last_rotated="2025-01-01T00:00:00Z")])
    (key,) = shelf.rows("iam_keys")
    assert (key["slot"], key["active"], key["last_used"]) == (2, False, None)


def test_people_have_their_aliases_and_their_ends(shelf) -> None:
    shelf.put("credential-report", [row("al"), row("bob")])
    people = {
        "alice@example.com": Person(aliases=["al"], until=date(2026, 3, 31), time_zone="America/Los_Angeles"),
        "bob": Person(until=date(2026, 4, 30), time_zone="Pacific/Auckland"),
    }
    found = {one["user_name"]: (one["person"], one["until"])
             for one in shelf.rows("iam_users", config=Config(people=people))}  # fmt: skip
    assert found == {"al": ("alice@example.com", date(2026, 3, 31)), "bob": ("bob", date(2026, 4, 30))}


def test_the_trail_says_when_it_saw_somebody(shelf) -> None:
    shelf.put("credential-report", [row()])
    shelf.put("authorization-details", details(roles=[role("AWSReservedSSO_Admin_0123456789abcdef")]))
    last = pa.Table.from_pylist([{"principal": f"{ACCOUNT}/user/alice", "last_time": AT - timedelta(days=9)},
                                 {"principal": f"{ACCOUNT}/role/AWSReservedSSO_Admin", "last_time": AT}],
                                schema=exports.USES)  # fmt: skip
    used = exports.Uses(last, AT - timedelta(days=400))
    (one,) = shelf.rows("iam_users", seen=used)
    (admin,) = shelf.rows("iam_roles", seen=used)
    (limits,) = shelf.rows("limits", seen=used)
    assert one["trail_last_used"] == AT - timedelta(days=9)
    assert (admin["principal"], admin["trail_last_used"]) == (f"{ACCOUNT}/role/AWSReservedSSO_Admin", AT)
    assert (limits["day"], limits["trail_since"], limits["minimum_length"]) == (DAY, AT - timedelta(days=400), 14)


def test_the_last_use_ends_with_the_day(shelf) -> None:
    month = {"month": date(2026, 6, 1), "account": ACCOUNT, "principal": "p", "person": "", "value": ACCOUNT,
             "days": 2, "events": 2, "dimension": "account"}  # fmt: skip
    rows = [
        month | {"days_seen": [1, 20], "first_time": AT, "last_time": AT + timedelta(days=19)},
        month | {"principal": "q", "days_seen": [1], "first_time": AT, "last_time": AT},
        month | {"principal": "r", "days_seen": [20], "first_time": AT, "last_time": AT + timedelta(days=19)},
    ]
    engine = shelf.engine()
    engine.table("seen", pa.Table.from_pylist(rows))
    found = {one["principal"]: one["last_time"] for one in exports.uses(engine, day=date(2026, 6, 5)).last.to_pylist()}
    assert found == {"p": datetime(2026, 6, 1, tzinfo=UTC), "q": AT}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"default": True}, (False, 8, False, 0, 0)),
        ({"MinimumPasswordLength": 14, "RequireSymbols": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 5},
         (True, 14, True, 90, 5)),
        ({"MinimumPasswordLength": 6, "RequireSymbols": False, "ExpirePasswords": False}, (True, 6, False, 0, 0)),
    ],
)  # fmt: skip
def test_the_password_policy_and_the_default_of_aws(shelf, body, expected) -> None:
    shelf.put("password-policy", body)
    (one,) = shelf.rows("iam_accounts")
    names = ("policy_set", "minimum_length", "require_symbols", "max_age_days", "reuse_prevention")
    assert tuple(one[name] for name in names) == expected


def _trust(principal, **condition):
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal,
            **({"Condition": condition} if condition else {})}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (_trust({"Service": "ec2.amazonaws.com"}), ("Service", "", False, False, False)),
        (_trust({"AWS": f"arn:aws:iam::{FOREIGN}:root"}), ("AWS", FOREIGN, False, False, False)),
        (_trust({"AWS": FOREIGN}), ("AWS", FOREIGN, False, False, False)),
        (_trust({"AWS": f"arn:aws:iam::{OTHER}:role/x"}), ("AWS", OTHER, True, False, False)),
        (_trust({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:user/y"}), ("AWS", ACCOUNT, True, False, False)),
        (_trust({"AWS": "AROADELETEDPRINCIPAL"}), ("AWS", "", False, False, False)),
        (_trust("*"), ("anyone", "", False, False, False)),
        (_trust({"AWS": "*"}), ("anyone", "", False, False, False)),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}}, ("anyone", "", False, False, False)),
        (_trust({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "o-mine"}), ("anyone", "", True, False, False)),
        (_trust({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": ["o-mine", "o-evil"]}), ("anyone", "", False, False, False)),
        (_trust({"AWS": "*"}, StringNotEquals={"aws:PrincipalOrgID": "o-mine"}), ("anyone", "", False, False, False)),
        (_trust({"AWS": "*"}, StringEquals={"aws:PrincipalAccount": [ACCOUNT, OTHER]}), ("anyone", "", True, False, False)),
        (_trust({"AWS": FOREIGN}, StringEquals={"sts:ExternalId": "abc"}), ("AWS", FOREIGN, False, True, False)),
        (_trust({"AWS": FOREIGN}, StringLike={"STS:externalid": "*"}), ("AWS", FOREIGN, False, False, False)),
        (_trust({"AWS": FOREIGN}, StringEqualsIfExists={"sts:ExternalId": "abc"}), ("AWS", FOREIGN, False, False, False)),
        (_trust({"AWS": FOREIGN}, **{"ForAllValues:StringEquals": {"sts:ExternalId": "abc"}}), ("AWS", FOREIGN, False, False, False)),
        (_trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
                StringLike={"token.actions.githubusercontent.com:sub": "repo:example/*"}),
         ("Federated", ACCOUNT, True, False, True)),
        (_trust({"Federated": "accounts.google.com"}, StringEquals={"accounts.google.com:aud": "x"}),
         ("Federated", "", False, False, False)),
    ],
)  # fmt: skip
def test_whom_a_role_trusts(shelf, statement, expected) -> None:
    shelf.put("authorization-details", details(roles=[role(statements=statement)]))
    config = Config(organization=Organization(id="o-mine", partners=[OTHER]))
    (one,) = shelf.rows("iam_trust", config=config)
    assert tuple(one[name] for name in ("kind", "account_named", "own", "external_id", "subject")) == expected


def test_one_statement_may_name_many(shelf) -> None:
    several = _trust({"AWS": [ACCOUNT, FOREIGN], "Service": "ec2.amazonaws.com"})
    shelf.put("authorization-details", details(roles=[role(statements=[several, _trust("*")])]))
    assert [one["value"] for one in shelf.rows("iam_trust", order="value")] == [
        "*",
        ACCOUNT,
        FOREIGN,
        "ec2.amazonaws.com",
    ]


def _basic(**change):
    return {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], **change}


def _advanced(*fields):
    return {"FieldSelectors": [{"Field": name, **rule} for name, rule in fields]}


MANAGEMENT = ("eventCategory", {"Equals": ["Management"]})
DATA = ("eventCategory", {"Equals": ["Data"]})


@pytest.mark.parametrize(
    ("basic", "advanced", "expected"),
    [
        (None, None, (None, [], False)),
        ([], [], ("All", [], False)),
        ([_basic()], None, ("All", [], False)),
        ([_basic(ReadWriteType="WriteOnly")], [], ("WriteOnly", [], False)),
        ([_basic(ReadWriteType="WriteOnly"), _basic(ReadWriteType="ReadOnly")], [], ("All", [], False)),
        ([_basic(IncludeManagementEvents=False, DataResources=[{"Type": "AWS::S3::Object"}])], [], ("None", [], True)),
        ([_basic(ExcludeManagementEventSources=["kms.amazonaws.com"])], [], ("All", ["kms.amazonaws.com"], False)),
        ([], [_advanced(MANAGEMENT)], ("All", [], False)),
        ([], [_advanced(MANAGEMENT, ("readOnly", {"Equals": ["false"]}))], ("WriteOnly", [], False)),
        ([], [_advanced(MANAGEMENT, ("readOnly", {"Equals": ["true"]})), _advanced(DATA)], ("ReadOnly", [], True)),
        ([], [_advanced(DATA, ("resources.type", {"Equals": ["AWS::S3::Object"]}))], ("None", [], True)),
        ([], [_advanced(MANAGEMENT, ("eventSource", {"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}))],
         ("All", ["kms.amazonaws.com", "rdsdata.amazonaws.com"], False)),
    ],
)  # fmt: skip
def test_what_a_trail_selects(shelf, basic, advanced, expected) -> None:
    trail = {"Name": "t", "TrailARN": "arn", "HomeRegion": "eu-west-1", "IsLogging": False, "IsMultiRegionTrail": True,
             "LatestDeliveryError": "NoSuchBucket", "EventSelectors": basic, "AdvancedEventSelectors": advanced}  # fmt: skip
    shelf.put("trails", [trail])
    (one,) = shelf.rows("iam_trails")
    assert (one["management"], sorted(one["excluded"]), one["data_events"]) == expected
    assert (one["logging"], one["organization"], one["delivery_error"]) == (False, None, "NoSuchBucket")


def test_hostile_names_stay_values(shelf) -> None:
    shelf.put("credential-report", [row(HOSTILE)])
    weird = _trust({"AWS": FOREIGN}, **{HOSTILE: {HOSTILE: HOSTILE}}, StringEquals={HOSTILE: [HOSTILE, 1, None]})
    shelf.put("authorization-details", details(users=[user(HOSTILE)], roles=[role(HOSTILE, statements=weird)]))
    assert shelf.rows("iam_users")[0]["user_name"] == HOSTILE
    assert [(one["role_name"], one["own"], one["external_id"]) for one in shelf.rows("iam_trust")] == [
        (HOSTILE, False, False)
    ]


@pytest.mark.parametrize("odd", [None, "text", 7, [], {}, [None, 1, "x", {}]])
def test_bodies_of_another_shape_give_no_rows_and_no_errors(shelf, odd) -> None:
    for kind in ("credential-report", "authorization-details", "trails", "account-summary"):
        shelf.put(kind, odd)
    shelf.put("password-policy", odd if isinstance(odd, dict) else {})
    engine = shelf.engine()
    assert engine.rows("select count(*) from iam_users")[0][0] == 0
