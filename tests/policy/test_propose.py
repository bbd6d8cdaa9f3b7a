"""Conditions on small trails: enough history, enough coverage, findings left out, hostile names, trust, refusals."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import trails
from typer.testing import CliRunner

import trailwatch
from trailwatch import cli
from trailwatch.api import Trail
from trailwatch.config import Config
from trailwatch.errors import PolicyError, SourceError
from trailwatch.policy.condition import Condition
from trailwatch.policy.proposal import Conditions
from trailwatch.store.schema import FINDINGS

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
INSIDE, OUTSIDE = "198.51.100.7", "203.0.113.9"
EVIL = "<script>alert(1)</script>\x1b[31m"
Make = Callable[..., Trail]


def call(number: int, day: int, address: str = INSIDE, **more: Any) -> dict[str, Any]:
    at = START + timedelta(days=day, seconds=number % 3600)
    return trails.record(number, eventTime=at.strftime("%Y-%m-%dT%H:%M:%SZ"), sourceIPAddress=address,
                         eventSource="ec2.amazonaws.com", eventName="DescribeInstances", **more)  # fmt: skip


def days(count: int, each: int = 30, address: str = INSIDE) -> list[dict[str, Any]]:
    return [call(day * 1000 + n, day, address) for day in range(count) for n in range(each)]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(records: Iterable[dict[str, Any]], config: Config | None = None) -> Trail:
        trails.Tree(tmp_path / "logs").put(trails.key(), list(records))
        trail = trailwatch.open(str(tmp_path / "store"), config=config or Config(), create=True)
        trail.ingest(str(tmp_path / "logs"))
        trail.settle()
        return trail

    return made


def of(made: Conditions, about: str) -> Condition:
    (one,) = [one for one in made.conditions if one.about == about]
    return one


def span(trail: Trail, count: int, **more: Any) -> Conditions:
    last = (START + timedelta(days=count - 1)).date()
    return trail.conditions("alice", start="2026-01-05", end=last.isoformat(), **more)


def test_a_condition_is_proved_on_what_it_was_not_fitted_on(make: Make) -> None:
    made = span(make(days(36)), 36)
    one = of(made, "networks")
    assert one.proposed
    assert (made.fitted.days, made.held.days) == (24, 12)
    assert one.judged == one.allowed == 12 * 30
    (network, _) = made.policy()["Statement"]
    assert network["Condition"] == {
        "NotIpAddress": {"aws:SourceIp": [f"{INSIDE}/32"]},
        "Bool": {"aws:ViaAWSService": "false"},
    }


@pytest.mark.parametrize(("strange", "proposed"), [(1, True), (2, False)])
def test_one_call_of_a_thousand_may_be_denied_and_no_more(make: Make, strange: int, proposed: bool) -> None:
    held = [call(900_000 + n, 35, OUTSIDE) for n in range(strange)]
    made = span(make([*days(36, 84), *held]), 36)
    one = of(made, "networks")
    assert one.judged == 12 * 84 + strange
    assert one.proposed is proposed
    (line,) = one.denied
    assert (line.action, line.origin, line.calls) == ("ec2:DescribeInstances", OUTSIDE, strange)
    assert sorted(line.event_ids) == sorted(record["eventID"] for record in held)


def test_less_than_thirty_days_prove_nothing(make: Make) -> None:
    made = span(make(days(29)), 29)
    assert [one.about for one in made.proposed] == []
    assert "less than 30" in of(made, "networks").reason


def test_calls_inside_findings_are_left_out_unless_they_are_benign(make: Make) -> None:
    strange = [call(900_000 + n, 3, OUTSIDE) for n in range(5)]
    trail = make([*days(36), *strange])
    assert "203.0.113.9/32" in json.dumps(of(span(trail, 36), "networks").statements)
    row = {
        "dt": (START + timedelta(days=3)).date(), "id": "f1", "detection": "new-network", "kind": "activity", "title": EVIL,
        "severity": "medium", "status": "new", "suppressed_by": "", "principal": f"{trails.ACCOUNT}/user/alice",
        "event_ids": [record["eventID"] for record in strange], "count": 5, "first_time": START, "last_time": START,
    }  # fmt: skip
    trail.store.append("findings", pa.Table.from_pylist([row], schema=FINDINGS.columns))
    made = span(trail, 36)
    one = of(made, "networks")
    assert "203.0.113.9" not in json.dumps(one.statements)
    assert [(left.id, left.calls) for left in made.left_out] == [("f1", 5)]
    assert one.proposed
    assert sum(line.calls for line in one.stopped) == one.suspect == 5
    page = made._repr_html_()
    assert "<script>" not in page
    assert "\x1b" not in page + made.text()
    low = pa.Table.from_pylist(
        [row | {"dt": row["dt"] + timedelta(days=1), "severity": "low"}], schema=FINDINGS.columns
    )
    trail.store.append("findings", low)
    assert span(trail, 36).left_out, "what was medium once stays left out"


def test_more_networks_than_a_list_holds_are_refused(make: Make) -> None:
    records = [call(day * 100 + n, day, f"203.0.{day}.{n}") for day in range(36) for n in range(2)]
    one = of(span(make(records), 36), "networks")
    assert not one.proposed
    assert not one.statements
    assert "more than 20" in one.reason


def test_endpoints_and_the_addresses_behind_them(make: Make) -> None:
    records = [
        call(day * 100 + n, day, "10.0.1.7", vpcEndpointId="vpce-0123456789abcdef0")
        for day in range(36)
        for n in range(9)
    ]
    made = span(make(records), 36)
    assert {one.about for one in made.proposed} == {"networks", "addresses behind endpoints", "regions"}
    (network, behind, _) = made.policy()["Statement"]
    assert network["Condition"]["StringNotEquals"] == {"aws:SourceVpce": ["vpce-0123456789abcdef0"]}
    assert behind["Condition"]["NotIpAddress"] == {"aws:VpcSourceIp": ["10.0.1.7/32"]}


def test_global_services_do_not_widen_regions(make: Make) -> None:
    worldwide = [call(700_000 + day, day) | {"awsRegion": "us-east-1", "eventSource": "iam.amazonaws.com", "eventName": "ListUsers"}
                 for day in range(36)]  # fmt: skip
    one = of(span(make([*days(36), *worldwide]), 36), "regions")
    assert one.proposed
    assert one.statements[0]["Condition"]["StringNotEquals"] == {"aws:RequestedRegion": ["eu-west-1"]}
    assert "iam:*" in one.statements[0]["NotAction"]
    assert one.judged == one.allowed == 12 * 31


def test_what_no_policy_is_attached_to_is_refused(make: Make) -> None:
    root = {
        "type": "Root",
        "principalId": trails.ACCOUNT,
        "arn": f"arn:aws:iam::{trails.ACCOUNT}:root",
        "accountId": trails.ACCOUNT,
    }
    trail = make([call(1, 0, userIdentity=root)])
    with pytest.raises(PolicyError, match="root obeys no policy"):
        trail.conditions(f"{trails.ACCOUNT}/root")


def test_techniques_are_read_from_labels_and_a_wrong_folder_says_so(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "techniques"
    (folder / "t").mkdir(parents=True)
    victim = trails.record(1, sourceIPAddress=OUTSIDE, eventSource="ec2.amazonaws.com", eventName="StopInstances")
    (folder / "t" / "a.json.gz").write_bytes(gzip.compress(trails.text([victim])))
    label = {"name": "stop", "attack": [victim["eventID"]]}
    (folder / "labels.json").write_text(json.dumps({"techniques": {"t": label, "unseen": {"attack": ["none"]}}}))
    found = span(make(days(36)), 36, techniques=str(folder)).intruder
    assert found is not None
    seen, unseen = found.techniques
    assert (seen.elsewhere.word, seen.inside.word) == ("blocked", "allowed")
    assert unseen.elsewhere.word == "no call that a policy judges"
    trail = trailwatch.open(str(tmp_path / "store"), config=Config())
    with pytest.raises(SourceError, match=r"labels\.json"):
        span(trail, 36, techniques=str(tmp_path))
    (tmp_path / "labels.json").write_text('{"techniques": [1]}')
    with pytest.raises(SourceError, match="techniques"):
        span(trail, 36, techniques=str(tmp_path))
    # The same beside a replay of somebody's own policy.
    path = tmp_path / "policy.json"
    path.write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}}'
    )
    beside = trail.replay(str(path), principal="alice", techniques=str(folder)).intruder
    assert beside is not None
    assert beside.blocked("inside") == 1


def test_the_command_prints_text_policy_and_frame(make: Make, tmp_path: Path) -> None:
    trail = make(days(36))
    made = span(trail, 36)
    assert list(made.df()["state"]) == ["proposed", "proposed", "refused", "refused", "refused"]
    words = [
        "policy",
        "conditions",
        "alice",
        "--store",
        str(tmp_path / "store"),
        "--from",
        "2026-01-05",
        "--to",
        "2026-02-09",
    ]
    run = CliRunner().invoke(cli.app, [*words, "--format", "policy"])
    assert json.loads(run.stdout) == made.policy()
    told = CliRunner().invoke(cli.app, words).stdout
    assert "there are no labelled techniques" in told
    assert "no digest" in told
