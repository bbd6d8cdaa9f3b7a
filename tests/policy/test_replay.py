"""A replay over a small store: every call gets its verdict with the reason, and what cannot be judged is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trails

import trailwatch
from trailwatch.api import Trail
from trailwatch.cli import policy as commands
from trailwatch.errors import PolicyError, StoreError
from trailwatch.policy import report

INSIDE, OUTSIDE = "198.51.100.7", "203.0.113.9"
HOSTILE = "x\x1b[31m' or 1=1 --\u202e"


def call(number: int, source: str, name: str, address: str = INSIDE, **more: Any) -> dict[str, Any]:
    """One successful call of alice."""
    return trails.record(
        number, eventSource=f"{source}.amazonaws.com", eventName=name, sourceIPAddress=address, readOnly=False, **more)  # fmt: skip


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    """A settled store of seven calls of alice, one of them denied and one that IAM does not know."""
    root = tmp_path_factory.mktemp("policy")
    function = {"functionName": "f", "role": f"arn:aws:iam::{trails.ACCOUNT}:role/worker"}
    trails.Tree(root / "logs").put(trails.key(), [
        call(1, "s3", "PutObject", requestParameters={"bucketName": "mine", "key": "a/b"},
             resources=[{"ARN": "arn:aws:s3:::mine/a/b"}, {"ARN": "arn:aws:s3:::mine"}]),
        call(2, "s3", "PutObject", requestParameters={"bucketName": "other", "key": "c"},
             resources=[{"ARN": "arn:aws:s3:::other/c"}, {"ARN": "arn:aws:s3:::other"}]),
        call(3, "s3", "ListBuckets", address=OUTSIDE),
        call(4, "lambda", "CreateFunction20150331", requestParameters=function),
        call(5, "iam", "DeleteUser", errorCode="AccessDenied"),
        call(6, "sts", "GetCallerIdentity"),
        call(7, "s3", f"Odd{HOSTILE}"),
    ])  # fmt: skip
    made = trailwatch.open(str(root / "store"), config=trailwatch.Config(), create=True)
    made.ingest(str(root / "logs"))
    made.settle()
    return made


def policy(folder: Path, *statements: dict[str, Any], name: str = "policy.json") -> str:
    """Write a policy of some statements, each an Allow of everything but for what it says."""
    usual = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    path = folder / name
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [usual | one for one in statements]}))
    return str(path)


def verdicts(trail: Trail, path: str, **options: Any) -> dict[str, list[tuple[str, int]]]:
    """Action → the verdicts of its calls, and how many."""
    found: dict[str, list[tuple[str, int]]] = {}
    for line in trail.replay(path, principal="alice", **options).lines:
        found.setdefault(line.action, []).append((line.outcome, line.calls))
    return found


def test_everything_that_is_allowed_is_allowed(trail: Trail, tmp_path: Path) -> None:
    made = trail.replay(policy(tmp_path, {}), principal="alice")
    assert {line.outcome for line in made.lines} == {"allow"}
    assert made.calls("allow") == 5
    assert made.denied == 1
    assert made.free == {"sts:GetCallerIdentity": 1}
    assert list(made.unmapped.values()) == [1]


def test_a_resource_decides_by_its_arn(trail: Trail, tmp_path: Path) -> None:
    path = policy(tmp_path, {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::mine/*"})
    found = verdicts(trail, path)
    assert sorted(found["s3:PutObject"]) == [("allow", 1), ("would deny", 1)]
    assert found["s3:ListAllMyBuckets"] == [("would deny", 1)]


def test_a_network_denies_what_came_from_elsewhere(trail: Trail, tmp_path: Path) -> None:
    office = {
        "Sid": "Office", "Effect": "Deny", "Condition": {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    }  # fmt: skip
    made = trail.replay(policy(tmp_path, {}, office), principal="alice")
    (line,) = [line for line in made.lines if line.outcome == "would deny"]
    assert (line.action, line.calls) == ("s3:ListAllMyBuckets", 1)
    assert "Office" in line.reason
    assert line.event_ids == ["00000000-0000-4000-8000-000000000003"]


def test_a_tag_that_no_log_holds_is_never_taken_for_safe(trail: Trail, tmp_path: Path) -> None:
    path = policy(tmp_path, {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}})
    found = verdicts(trail, path)
    assert {outcome for lines in found.values() for outcome, _ in lines} == {"cannot tell"}


def test_a_role_that_is_handed_over_needs_to_be_passed(trail: Trail, tmp_path: Path) -> None:
    path = policy(tmp_path, {"Action": ["s3:*", "lambda:*"]})
    made = trail.replay(path, principal="alice")
    (line,) = [line for line in made.lines if line.action == "lambda:CreateFunction"]
    assert line.outcome == "would deny"
    assert "iam:PassRole" in line.reason
    passing = policy(tmp_path, {"Action": ["s3:*", "lambda:*"]},
                     {"Action": "iam:PassRole", "Resource": f"arn:aws:iam::{trails.ACCOUNT}:role/worker"})  # fmt: skip
    assert verdicts(trail, passing)["lambda:CreateFunction"] == [("allow", 1)]


def test_a_boundary_and_a_service_control_policy_must_allow_too(trail: Trail, tmp_path: Path) -> None:
    everything = policy(tmp_path, {})
    narrow = policy(tmp_path, {"Action": "s3:*"}, name="narrow.json")
    for options in ({"boundary": narrow}, {"scps": [narrow]}):
        assert verdicts(trail, everything, **options)["lambda:CreateFunction"] == [("would deny", 1)]


def test_a_window_is_kept(trail: Trail, tmp_path: Path) -> None:
    made = trail.replay(policy(tmp_path, {}), principal="alice", start="2026-01-06", end="2026-01-07")
    assert made.lines == ()
    assert "nothing is proved" in report.text(made)


def test_what_is_wrong_is_told_in_a_sentence(trail: Trail, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Alow", "Action": "*", "Resource": "*"}]}')
    with pytest.raises(PolicyError, match=r"(?s)broken\.json.*Effect"):
        trail.replay(str(broken), principal="alice")
    with pytest.raises(PolicyError):
        trail.replay(str(tmp_path / "none.json"), principal="alice")
    with pytest.raises(StoreError, match="nobody"):
        trail.replay(policy(tmp_path, {}), principal="nobody")


def test_the_report_is_for_terminals_and_for_programs(trail: Trail, tmp_path: Path) -> None:
    made = trail.replay(policy(tmp_path, {}), principal="alice")
    shown = report.text(made)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "5 calls judged: allow 5" in shown
    values = json.loads(report.json(made))
    assert (values["schema"], values["calls"]["allow"]) == (1, 5)


def test_the_command_prints_the_report(trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands.replay([policy(tmp_path, {})], "alice", store=trail.store.uri)
    assert "5 calls judged" in capsys.readouterr().out
