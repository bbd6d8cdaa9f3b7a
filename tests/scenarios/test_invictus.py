"""A published exercise of an hour in one account: one user attacks, and builds the stage with Terraform in the same name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import trailwatch as tw
from trailwatch.digest.page import Digest
from trailwatch.finding import rank
from trailwatch.ingest.collect import read

ATTACKER = "bert-jan"
# What one hour of 2,900 records may fill: a page, not a printout.
MOST_FINDINGS = 40
MOST_OF_ONE_DETECTION = 4


@pytest.fixture(scope="module")
def digest(shared_data: Path) -> Digest:
    return tw.scan(str(shared_data / "invictus"))


def test_the_attacker_heads_the_digest(digest: Digest) -> None:
    first, *_ = digest.findings
    assert (first.severity, first.person) == ("critical", ATTACKER)
    assert {finding.person for finding in digest.findings[:10]} == {ATTACKER}


def test_what_the_attacker_did_is_one_story(digest: Digest) -> None:
    (incident,) = digest.incidents
    assert incident.severity == "critical"
    assert incident.title.startswith(ATTACKER)
    serious = {finding.id for finding in digest.findings if rank(finding.severity) >= rank("medium")}
    assert len(serious & set(incident.findings)) >= 0.9 * len(serious)


def test_setting_the_stage_is_grouped_and_not_listed_call_by_call(digest: Digest, shared_data: Path) -> None:
    events, _ = read(str(shared_data / "invictus"))
    agents = dict(zip(events["event_id"].to_pylist(), events["user_agent"].to_pylist(), strict=True))
    by_terraform = [one for one, agent in agents.items() if "Terraform" in (agent or "")]
    assert len(by_terraform) > 1000
    assert len(digest.findings) <= MOST_FINDINGS
    assert max(Counter(finding.detection for finding in digest.findings).values()) <= MOST_OF_ONE_DETECTION
    touched = [finding for finding in digest.findings if set(finding.event_ids) & set(by_terraform)]
    calls = sum(len(set(finding.event_ids) & set(by_terraform)) for finding in touched)
    assert len(touched) <= 12
    assert calls > 5 * len(touched), "what Terraform did comes many calls to a finding"


def test_nothing_is_left_out_of_the_count(digest: Digest) -> None:
    assert digest.coverage.events > 2800
    assert not digest.coverage.not_understood
    assert not [unable for unable in digest.coverage.unable if unable.failed]
