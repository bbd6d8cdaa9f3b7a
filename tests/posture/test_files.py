"""From files as AWS writes them to findings: the export room and the relations agree on every field."""

from __future__ import annotations

from datetime import UTC, date, datetime

import exports as files
import pytest
from exports import ACCOUNT

import trailwatch as tw
from trailwatch.detect import exports
from trailwatch.digest import build
from trailwatch.engine import Engine

TAKEN = datetime(2026, 7, 27, 6, tzinfo=UTC)
DAY = date(2026, 7, 27)


@pytest.fixture
def trail(tmp_path) -> tw.Trail:
    """A store that holds the exports of one account, read from a folder."""
    folder = files.write(tmp_path / ACCOUNT, **{
        "credential-report.csv": files.REPORT, "account-authorization-details.json": files.encoded(files.DETAILS),
        "account-password-policy.json": {"PasswordPolicy": {**files.POLICY, "MinimumPasswordLength": 8}},
        "account-summary.json": {"SummaryMap": {**files.SUMMARY, "AccountPasswordPresent": 1}},
        "trails.json": {"trailList": [files.TRAIL]}, "selectors.json": files.SELECTORS,
    })  # fmt: skip
    one = tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
    assert one.snapshot(str(folder.parent), taken=TAKEN).failed == []
    return one


def test_every_relation_is_filled_from_files(trail) -> None:
    with Engine(threads=1) as engine:
        exports.show(trail.store, engine, day=DAY)
        exports.build(engine, day=DAY)
        users = {one["user_name"]: one for one in engine.query("from iam_users").to_pylist()}
        keys = engine.rows("select user_name, slot, active, last_used is null from iam_keys order by all")
        (account,) = engine.query("from iam_accounts").to_pylist()
        (trust,) = engine.query("from iam_trust").to_pylist()
        (seen,) = engine.query("from iam_trails").to_pylist()
        policies = engine.rows("select owner_name, policy_name, policy_kind, admin from iam_policies order by all")
        statements = engine.rows("select policy_name, action, resource from iam_statements order by all")
        roles = engine.rows("select role_name, last_used_region from iam_roles")
    assert set(users) == {"<root_account>", "alice", "bob"}
    assert (users["alice"]["password_never_used"], users["alice"]["inline"], users["alice"]["attached"]) == (True, 1, 1)
    assert (users["bob"]["principal"], users["bob"]["groups"], users["bob"]["keys_active"]) == (
        f"{ACCOUNT}/user/bob",
        [],
        2,
    )
    assert (users["<root_account>"]["password_enabled"], users["<root_account>"]["mfa_active"]) == (None, True)
    assert keys == [("alice", 1, True, False), ("bob", 1, True, True), ("bob", 2, True, False)]
    assert (account["minimum_length"], account["policy_set"], account["root_mfa"], account["root_password"]) == (
        8, True, True, True)  # fmt: skip
    assert (trust["account_named"], trust["own"], trust["external_id"]) == (files.OTHER, False, True)
    assert (seen["trail"], seen["management"], seen["excluded"]) == ("own-trail", "All", ["kms.amazonaws.com"])
    assert policies == [("alice", "all", "inline", True), ("alice", "own", "customer", True)]
    assert statements == [("all", "*", ["*"]), ("own", "*", ["*"])]
    assert roles == [("deploy", "eu-central-1")]


def test_what_they_show_stands_in_the_digest(trail) -> None:
    page = build.build(trail.store, day=DAY, config=tw.Config(), now=datetime(2026, 7, 27, 23, tzinfo=UTC))
    found = {(one.detection, one.principal.rpartition("/")[2]) for one in page.happening if one.kind == "posture"}
    assert {("user-without-mfa", "alice"), ("two-active-keys", "bob"), ("inline-policy-held", "alice"),
            ("key-too-old", "bob"), ("key-too-old", "alice")} <= found  # fmt: skip
    assert {one.kind for one in page.coverage.exports} >= {"credential-report", "authorization-details", "trails"}
