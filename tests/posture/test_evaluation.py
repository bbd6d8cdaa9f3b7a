"""Queries over the relations: one row is one finding, and what an account lacks is never called clean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from iam import ACCOUNT, DAY, OTHER, details, row, user

from trailwatch.config import Config
from trailwatch.detect import iam_cases, posture, relations
from trailwatch.detect.detection import Detection, parse
from trailwatch.detect.laws import Bench, problems
from trailwatch.engine import Engine
from trailwatch.findings.posture import findings, rolled

USERS = "select account, principal, '' as target, user_name, mfa_active from iam_users where not is_root"
HOSTILE = "a'; drop table iam_users; --\"<script>\x1b[2J\u202e"


def rule(query: str = USERS, **change) -> Detection:
    values = {"id": "users", "title": "{user_name} is there", "severity": "medium", "practices": ("mfa",)}
    return Detection(**{**values, **change}, snapshot=query)


def evaluated(shelf, *rules: Detection, config: Config | None = None):
    engine = shelf.engine()
    return posture.evaluate(engine, rules, shelf.exports, config)


def test_a_row_is_a_finding_with_its_evidence_in_order(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False), row("alice")])
    query = (
        "select user_name, principal, account, 'x' as target, mfa_active, created, ['a', 'b'] as many from iam_users"
    )
    result = evaluated(shelf, rule(query))
    first, second = result.found
    assert (first.principal, second.principal) == (f"{ACCOUNT}/user/alice", f"{ACCOUNT}/user/bob")
    assert list(posture.evidence(second).items()) == [
        ("user_name", "bob"), ("mfa_active", False), ("created", "2024-02-01T09:00:00Z"), ("many", ["a", "b"])]  # fmt: skip
    assert (second.person, second.taken_at) == ("bob", datetime(2026, 6, 1, 4, tzinfo=UTC))
    told = findings(result.found, [rule(query)], day=DAY)
    assert [(one.kind, one.title, one.severity, one.targets[0].value, one.event_ids) for one in told] == [
        ("posture", "alice is there", "medium", "x", ()), ("posture", "bob is there", "medium", "x", ())]  # fmt: skip
    assert len({one.id for one in told}) == 2


def test_the_query_may_say_how_grave_a_row_is(shelf) -> None:
    shelf.put("credential-report", [row("bob"), row("alice"), row("carol")])
    case = "case user_name when 'bob' then 'high' when 'alice' then 'absurd' end as severity"
    result = evaluated(shelf, rule(USERS.replace("mfa_active", case, 1)))
    assert [one.severity for one in result.found] == ["medium", "high", "medium"]


def test_what_a_query_names_twice_is_one_finding(shelf) -> None:
    shelf.put("credential-report", [row()])
    result = evaluated(shelf, rule(f"{USERS} union all {USERS}"))
    assert [one.values["rows"] for one in result.found] == [2]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select account, principal from iam_users where mfa_active = false", {("credential-report",)}),
        ("select account, principal from iam_users where attached > 0", {("authorization-details",)}),
        ("select u.account from iam_users u where len(u.groups) = 0 and u.password_enabled",
         {("authorization-details",), ("credential-report",)}),
        ("select account, created from iam_users", {("credential-report", "authorization-details")}),
        ("select account from iam_accounts where root_mfa = false", {("account-summary", "credential-report")}),
        ("select account from iam_accounts where minimum_length < 14", {("password-policy",)}),
        ("select k.account, k.created from iam_keys k", {("credential-report",)}),
        ("select u.account from iam_users u join iam_trails t using (account)",
         {("credential-report", "authorization-details"), ("trails",)}),
        ("with late as (select * from iam_users) select late.groups from late",
         {("credential-report",), ("authorization-details",)}),
        ("select r.account, k.last_used from iam_roles r, iam_keys k",
         {("authorization-details",), ("credential-report",)}),
        ("select r.last_used, u.created from iam_roles r join iam_users u using (account)", {("authorization-details",)}),
        ("select day from limits", set()),
    ],
)  # fmt: skip
def test_what_a_query_reads_decides_which_exports_it_needs(query, expected) -> None:
    with Engine(threads=1) as engine:
        assert set(relations.needs(engine, query)) == expected


def test_an_account_that_lacks_an_export_is_not_evaluated(shelf) -> None:
    shelf.put("credential-report", [row(mfa_active=False)])
    shelf.put("authorization-details", details(users=[user(account=OTHER)]), account=OTHER)
    shelf.fail("credential-report", "AccessDenied", account=OTHER)
    result = evaluated(shelf, rule())
    assert {one.account for one in result.found} == {ACCOUNT}
    assert result.checked == {("users", ACCOUNT)}
    assert [(one.detection, one.account, one.missing) for one in result.unchecked] == [
        ("users", OTHER, ("credential-report",))]  # fmt: skip
    assert (result.ran, result.not_run, result.not_evaluated) == (1, (), ())


def test_a_detection_that_can_look_nowhere_says_why(shelf) -> None:
    shelf.put("password-policy", {"default": True})
    result = evaluated(shelf, rule(), rule("select 1 as a", id="trails"))
    assert [(one.id, one.reason) for one in result.not_evaluated] == [("users", "no export of credential-report")]
    assert [one.id for one in result.not_run] == ["trails"]
    assert result.ran == 0
    (never,) = evaluated(type(shelf)(shelf.store.uri + "-empty"), rule()).not_evaluated
    assert never.reason == "no snapshot of IAM yet"


def test_what_the_configuration_does_not_declare_is_a_reason_too(shelf) -> None:
    shelf.put("credential-report", [row()])
    result = evaluated(shelf, rule(needs=("people",)))
    assert [one.reason for one in result.not_evaluated] == ["no people are declared ([people])"]


@pytest.mark.parametrize(
    "query",
    [
        "select account, principal, '' as target from read_csv('/etc/passwd')",
        "select account, principal, '' as target from '/etc/passwd'",
        "copy (select 1) to '/tmp/founder/posture/x'",
        "select 1 as account, 2 as principal, 3 as target; drop table iam_users",
        "set enable_external_access = true",
        "select account, principal, nothing as target from iam_users",
        "select account, principal from iam_users",
        "select a.account, a.principal, '' as target from iam_users a, range(11000)",
    ],
)
def test_a_query_that_reaches_out_or_breaks_is_named_and_stops_nobody(shelf, query) -> None:
    shelf.put("credential-report", [row()])
    result = evaluated(shelf, rule(query, id="evil"), rule())
    assert [one.id for one in result.not_run] == ["evil"]
    assert [one.detection for one in result.found] == ["users"]


def test_hostile_names_are_one_plain_line(shelf) -> None:
    shelf.put("credential-report", [row(HOSTILE)])
    asked = rule(next="Look: `trailwatch history {principal}`")
    (one,) = findings(evaluated(shelf, asked).found, [asked], day=DAY)
    assert "\x1b" not in one.title
    assert "\u202e" not in one.title
    assert one.next.endswith("""<script>[2J'`""")
    assert one.next.startswith(f"Look: `trailwatch history '{ACCOUNT}/user/a'\"'\"'; drop")


def test_many_of_one_detection_are_told_as_one(shelf) -> None:
    shelf.put("credential-report", [row(f"user{n:03}", mfa_active=False) for n in range(100)])
    shelf.put("credential-report", [row("zoe", account=OTHER)], account=OTHER)
    told = findings(evaluated(shelf, rule()).found, [rule()], day=DAY)
    assert len(told) == 101
    (one,) = rolled(told)
    assert one.title == "user000 is there, and 100 more like it"
    assert (one.evidence["grouped"], one.account, one.principal) == (101, "", "")
    assert rolled(told[:3]) == tuple(told[:3])


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Empty relations on which queries are bound."""
    with Bench() as one:
        yield one


TEXT = '''
title = "{user_name} is there"
severity = "low"
practices = ["mfa"]
why = "w"
misses = "m"
snapshot = """
%s
"""
[fires."f"]
iam_users = [{ mfa_active = false }]
[silent."s"]
iam_users = [{ mfa_active = true }]
'''
GOOD = "select account, principal, '' as target, user_name from iam_users where mfa_active = false"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select account, principal, '' as target, user_name from scope", "is not a relation"),
        ("select account, principal, '' as target, user_name from exports", "is not a relation"),
        ("select account, principal, '' as target, user_name from read_csv('x')", "read no files"),
        (GOOD.replace("mfa_active", "mfa_activ"), "mfa_activ"),
        (GOOD.replace("principal, ", ""), "no column 'principal'"),
        (GOOD.replace(", user_name", ""), "{user_name} is not a column of the query"),
        (GOOD.replace("mfa_active = false", "not mfa_active"), "silent where mfa_active is absent"),
        (f"{GOOD}; {GOOD}", "one statement only"),
    ],
)
def test_the_laws_hold_for_queries_of_posture(query, said, bench) -> None:
    assert problems(parse(TEXT % GOOD, name="good"), bench) == []
    found = problems(parse(TEXT % query, name="bad"), bench, text=TEXT % query)
    assert any(said in problem.what for problem in found), found


def test_cases_are_differences_from_a_clean_account() -> None:
    done = {case.name: (fired, error) for _, case, fired, error in iam_cases.run([parse(TEXT % GOOD, name="good")])}
    assert done == {"f": (True, ""), "s": (False, "")}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("iam_user = [{}]", "is not a relation"),
        ("iam_users = [{ mfa = true }]", "'mfa' is not a column"),
        ("iam_users = [3]", "list of tables"),
        ('iam_users = [{ base = "nobody" }]', "no base row"),
        ('iam_users = [{ created = "soon" }]', "iam_users"),
    ],
)
def test_a_case_that_means_nothing_says_so(rows, said) -> None:
    text = TEXT.replace("iam_users = [{ mfa_active = false }]", rows)
    ((_, _, fired, error), _) = iam_cases.run([parse(text % GOOD, name="bad")])
    assert not fired
    assert said in error


def test_names_that_follow_from_others_need_not_be_said() -> None:
    case = parse(TEXT.replace("mfa_active = false", 'user_name = "bob"') % GOOD, name="x").cases[0]
    (bob,) = iam_cases.changed(case)["iam_users"]
    assert (bob["principal"], bob["person"]) == (f"{ACCOUNT}/user/bob", "bob")
