"""IAM asked over the wire: moto where it answers, AWS's recorded words where it does not."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aws_api
import exports
import msgspec
import pytest
from aws_api import denied, error, plain, query

import trailwatch as tw
from trailwatch.errors import ConfigError, SourceError
from trailwatch.snapshot.export import DETAILS, KINDS, PASSWORDS, REPORT, SUMMARY, TRAILS, USES
from trailwatch.snapshot.take import Line, Taken

OWN = aws_api.OWN
TRAIL = f"arn:aws:cloudtrail:us-east-1:{OWN}:trail/everywhere"


def _kinds(lines: list[Line]) -> set[str]:
    return {line.kind for line in lines}


def _body(trail: tw.Trail, kind: str) -> Any:
    (row,) = [row for row in trail.sql("select kind, body from snapshots where status = 'good'") if row["kind"] == kind]
    return json.loads(row["body"])


def _one(taken: Taken, kind: str) -> Line:
    (line,) = [line for line in taken.lines if line.kind == kind]
    return line


def test_every_kind_of_the_own_account(front, trail) -> None:
    started = datetime.now(UTC)
    taken = trail.snapshot()
    assert taken.failed == []
    assert _kinds(taken.good) == set(KINDS)
    assert {(line.account, line.source, line.reason) for line in taken.lines} == {(OWN, "live", "")}
    assert all(started <= line.taken_at <= datetime.now(UTC) for line in taken.lines)
    (user,) = _body(trail, REPORT)
    assert (user["user"], user["access_key_1_active"], user["mfa_active"]) == ("alice", True, False)
    details = _body(trail, DETAILS)
    assert details["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "*"
    assert {role["RoleName"] for role in details["RoleDetailList"]} == {"deploy", "AWSServiceRoleForAutoScaling"}
    assert not [one for one in details["Policies"] if not one["AttachmentCount"]]
    assert _body(trail, PASSWORDS) == {"default": True}
    assert _body(trail, SUMMARY)["Users"] == 1
    uses = _body(trail, USES)
    assert set(uses) == {f"arn:aws:iam::{OWN}:user/alice", f"arn:aws:iam::{OWN}:role/deploy"}
    assert uses[f"arn:aws:iam::{OWN}:user/alice"][0]["LastAuthenticated"] == "2026-07-21T15:43:00Z"
    (found,) = _body(trail, TRAILS)
    assert (found["TrailARN"], found["IsLogging"], found["IsMultiRegionTrail"]) == (TRAIL, True, True)
    assert found["AdvancedEventSelectors"][0]["FieldSelectors"][0]["Equals"] == ["Management"]


def test_a_second_snapshot_tells_what_changed(front, trail) -> None:
    trail.snapshot()
    iam = front.client("iam")
    iam.create_user(UserName="mallory")
    iam.create_access_key(UserName="alice")
    iam.update_account_password_policy(MinimumPasswordLength=6)
    front.client("cloudtrail").stop_logging(Name="everywhere")
    told = {(one.change, one.what, one.name) for _, one in trail.snapshot().changes()}
    assert told >= {
        ("added", "user", "mallory"), ("added", "key", "key 2 of alice"), ("changed", "trail", TRAIL),
        ("changed", "setting", "password policy"),
    }  # fmt: skip


def _answer_report(text: str, made: datetime) -> tuple[int, str]:
    content = base64.b64encode(text.encode()).decode()
    return query("GetCredentialReport", f"<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
                 f"<GeneratedTime>{made:%Y-%m-%dT%H:%M:%SZ}</GeneratedTime>")  # fmt: skip


STARTED = query("GenerateCredentialReport", "<State>STARTED</State>")
COMPLETE = query("GenerateCredentialReport", "<State>COMPLETE</State>")


@pytest.mark.parametrize(("before", "asked"), [
    ([error(404, "ReportInProgress")], 1), ([error(404, "ReportInProgress")] * 3, 1),
    ([error(410, "ReportNotPresent")], 2), ([error(410, "ReportExpired"), error(404, "ReportInProgress")], 2),
])  # fmt: skip
def test_the_report_is_waited_for(front, trail, before, asked) -> None:
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    front.answer("iam:GenerateCredentialReport", STARTED, COMPLETE)
    front.answer("iam:GetCredentialReport", *before, _answer_report(exports.REPORT, made))
    line = _one(trail.snapshot(), REPORT)
    assert line.good
    assert line.taken_at == made  # AWS's cache of four hours: the report tells of that moment
    assert front.calls.count("iam:GenerateCredentialReport") == asked
    assert [row["user"] for row in _body(trail, REPORT)] == ["<root_account>", "alice", "bob"]


def test_a_report_that_never_comes_fails_alone(front, impatient, trail) -> None:
    front.answer("iam:GetCredentialReport", error(404, "ReportInProgress"))
    taken = trail.snapshot()
    assert REPORT in _kinds(taken.failed)
    assert {DETAILS, PASSWORDS, SUMMARY, TRAILS} <= _kinds(taken.good)
    assert "did not get ready in time" in _one(taken, REPORT).reason


def test_details_come_in_pages(front, trail) -> None:
    def page(name: str, more: str) -> tuple[int, str]:
        document = quote(json.dumps(exports.TRUST))
        role = (f"<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA0000000000000001</RoleId><Arn>arn:aws:iam::{OWN}:role/{name}"
                f"</Arn><CreateDate>2025-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>{document}</AssumeRolePolicyDocument></member>")  # fmt: skip
        return query("GetAccountAuthorizationDetails", f"{more}<RoleDetailList>{role}</RoleDetailList>")

    truncated = "<IsTruncated>true</IsTruncated><Marker>next</Marker>"
    front.answer(
        "iam:GetAccountAuthorizationDetails",
        page("one", truncated),
        page("two", truncated),
        page("three", "<IsTruncated>false</IsTruncated>"),
    )
    trail.snapshot()
    details = _body(trail, DETAILS)
    assert [role["RoleName"] for role in details["RoleDetailList"]] == ["one", "three", "two"]
    assert details["RoleDetailList"][0]["AssumeRolePolicyDocument"] == exports.TRUST
    assert details["UserDetailList"] == []


CALLS = {
    REPORT: ("iam:GenerateCredentialReport", "iam:GetCredentialReport"), DETAILS: ("iam:GetAccountAuthorizationDetails",),
    PASSWORDS: ("iam:GetAccountPasswordPolicy",), SUMMARY: ("iam:GetAccountSummary",),
    USES: ("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "action"), [(kind, action) for kind, actions in CALLS.items() for action in actions])
def test_what_is_denied_fails_and_names_the_permission(front, trail, kind, action) -> None:
    front.answer(action, denied(action))
    taken = trail.snapshot()
    assert _kinds(taken.failed) == {kind} | ({USES} if kind == DETAILS else set())
    reason = _one(taken, kind).reason
    assert f"allow {action}" in reason
    assert "is not authorized" in reason
    rows = trail.sql("select status, count(*) as n from snapshots group by all")
    assert {row["status"]: row["n"] for row in rows} == {"good": len(taken.good), "failed": len(taken.failed)}


@pytest.mark.parametrize("name", ["ListTrails", "DescribeTrails", "GetEventSelectors", "GetTrailStatus"])
def test_denied_trails(front, trail, name) -> None:
    said = {"__type": "AccessDeniedException", "message": "not authorized"}
    front.answer(f"cloudtrail:{name}", plain(said, 400))
    taken = trail.snapshot()
    assert _kinds(taken.failed) == {TRAILS}
    assert f"allow cloudtrail:{name}" in _one(taken, TRAILS).reason


def test_trails_of_other_regions_are_described_there(front, trail) -> None:
    # ListTrails of AWS lists every region's, moto's only its own.
    regions = {"everywhere": "us-east-1", "ireland": "eu-west-1"}
    listed = [{"TrailARN": f"arn:aws:cloudtrail:{region}:{OWN}:trail/{name}", "Name": name, "HomeRegion": region}
              for name, region in regions.items()]  # fmt: skip
    front.answer("cloudtrail:ListTrails", plain({"Trails": listed}))
    trail.snapshot()
    found = {one["Name"]: one for one in _body(trail, TRAILS)}
    assert set(found) == {"everywhere", "ireland"}
    assert (found["ireland"]["IsLogging"], found["ireland"]["HomeRegion"]) == (False, "eu-west-1")
    assert found["ireland"]["EventSelectors"][0]["ReadWriteType"] == "WriteOnly"


def test_an_organizations_trail_keeps_its_secrets_from_members(front, trail) -> None:
    foreign = {**exports.other(exports.TRAIL), "IsOrganizationTrail": True}
    front.answer("cloudtrail:ListTrails", plain({"Trails": []}))
    front.answer("cloudtrail:DescribeTrails", plain({"trailList": [foreign]}))
    front.answer("cloudtrail:GetEventSelectors", plain({"__type": "AccessDeniedException", "message": "no"}, 400))
    line = _one(trail.snapshot(), TRAILS)
    assert line.good
    assert "not shown here (AccessDeniedException)" in line.reason
    (found,) = _body(trail, TRAILS)
    assert (found["IsLogging"], found["EventSelectors"]) == (None, None)


def test_throttling_is_waited_out(front, trail) -> None:
    busy = error(400, "Throttling", "Rate exceeded")
    front.answer(
        "iam:GetAccountSummary",
        busy,
        busy,
        query("GetAccountSummary", "<SummaryMap><entry><key>Users</key><value>7</value></entry></SummaryMap>"),
    )
    assert _one(trail.snapshot(), SUMMARY).good
    assert _body(trail, SUMMARY) == {"Users": 7}


def test_not_all_entities_are_asked_and_it_is_said(front, tmp_path) -> None:
    settings = msgspec.convert({"snapshot": {"last_accessed": 1}}, tw.Config)
    trail = tw.open(str(tmp_path / "s"), config=settings, create=True)
    assert _one(trail.snapshot(), USES).reason == "1 of 2 users and roles"
    assert front.calls.count("iam:GenerateServiceLastAccessedDetails") == 1
    settings = msgspec.convert({"snapshot": {"last_accessed": 0}}, tw.Config)
    trail = tw.open(str(tmp_path / "s"), config=settings, create=True)
    assert _kinds(trail.snapshot().lines) == set(KINDS) - {USES}


def test_entities_that_fail_are_counted(front, trail) -> None:
    done = front.answers["iam:GetServiceLastAccessedDetails"][-1]
    front.answer("iam:GenerateServiceLastAccessedDetails", error(404, "NoSuchEntity", "gone"),
                 *front.answers["iam:GenerateServiceLastAccessedDetails"])  # fmt: skip
    front.answer("iam:GetServiceLastAccessedDetails", done)
    line = _one(trail.snapshot(), USES)
    assert line.good
    assert line.reason.startswith("1 of 2 users and roles; the first that failed: arn:aws:iam::")
    assert "NoSuchEntity" in line.reason


def test_jobs_that_fail_or_never_end(front, impatient, trail) -> None:
    front.answer(
        "iam:GetServiceLastAccessedDetails", query("GetServiceLastAccessedDetails", "<JobStatus>FAILED</JobStatus>")
    )
    assert "the job failed" in _one(trail.snapshot(), USES).reason
    front.answer(
        "iam:GetServiceLastAccessedDetails",
        query("GetServiceLastAccessedDetails", "<JobStatus>IN_PROGRESS</JobStatus>"),
    )
    assert "did not get ready in time" in _one(trail.snapshot(), USES).reason


def test_an_answer_that_is_not_of_aws_fails_alone(front, trail) -> None:
    front.answer("iam:GetAccountPasswordPolicy", (200, "<html>a proxy says no</html>"))
    front.answer("iam:GetAccountSummary", (200, "no XML"))
    front.answer("cloudtrail:DescribeTrails", (200, "<html>"))
    front.answer("iam:GetAccountAuthorizationDetails", (200, ""))
    taken = trail.snapshot()
    assert _kinds(taken.failed) == {PASSWORDS, SUMMARY, TRAILS, DETAILS, USES}
    assert _kinds(taken.good) == {REPORT}


@pytest.mark.parametrize(("name", "field"), [
    ("ListTrails", "Trails"), ("DescribeTrails", "trailList"), ("GetEventSelectors", "AdvancedEventSelectors"),
    ("GetTrailStatus", "IsLogging"),
])  # fmt: skip
def test_no_answer_is_not_taken_for_no_trail(front, trail, name, field) -> None:
    front.answer(f"cloudtrail:{name}", (200, "<html>"))
    line = _one(trail.snapshot(), TRAILS)
    assert not line.good
    assert f"without {field}" in line.reason


def test_another_account_needs_a_role(front, trail) -> None:
    with pytest.raises(ConfigError, match="--role-name"):
        trail.snapshot(accounts=["999988887777"])


def test_without_credentials_it_is_one_sentence(front, trail, monkeypatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="no credentials"):
        trail.snapshot()
