"""Every practice with a side that exports of IAM show has posture detections, and each of them says what it rests on."""

from __future__ import annotations

import re

import pytest

from trailwatch.detect import catalogue, iam_cases, posture, relations
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.practices import CODES, PRACTICES

# The practices whose row in the published table says what a snapshot must show.
CONFIGURED = ("R1", "R2", "R3", "U1", "U2", "U3", "U4", "U5", "U6", "U7", "B2", "B3c", "B4", "B5", "B6")
BY_NUMBER = {practice.number: practice.code for practice in PRACTICES}
FOUND = catalogue.load()
POSTURE = [detection for detection in FOUND if detection.shape == "snapshot"]
# Settings of a password policy that the practice asks for; words of a dictionary are the part that IAM cannot set.
SETTINGS = (
    "minimum_length",
    "require_symbols",
    "require_uppercase",
    "require_numbers",
    "max_age_days",
    "reuse_prevention",
)


@pytest.mark.parametrize("number", CONFIGURED)
def test_a_practice_that_can_be_configured_is_checked(number: str) -> None:
    assert [detection.id for detection in POSTURE if BY_NUMBER[number] in detection.practices]


@pytest.mark.parametrize("detection", FOUND.detections, ids=lambda detection: detection.id)
def test_a_detection_names_practices_that_exist(detection: Detection) -> None:
    assert detection.practices
    assert set(detection.practices) <= CODES


@pytest.mark.parametrize("detection", POSTURE, ids=lambda detection: detection.id)
def test_a_posture_detection_has_cases_of_both_kinds(detection: Detection) -> None:
    fires = [case for case in detection.cases if case.fires]
    assert len(fires) >= 1
    assert len(detection.cases) - len(fires) >= 2


def test_an_account_that_holds_every_practice_breaks_none() -> None:
    with Engine(threads=1) as engine:
        relations.fill(engine, iam_cases.clean_account())
        assert [detection.id for detection in POSTURE if posture.fires(engine, detection)] == []


@pytest.mark.parametrize("detection", POSTURE, ids=lambda detection: detection.id)
def test_a_control_of_cis_is_one_of_monitoring(detection: Detection) -> None:
    assert [control for control in detection.cis if not re.fullmatch(r"4\.([1-9]|1[0-6])", control)] == []


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_of_the_password_policy_is_checked(setting: str) -> None:
    checks = [d for d in POSTURE if BY_NUMBER["U5"] in d.practices and setting in d.snapshot]
    assert checks
    assert all("dictionary" in d.misses.lower() and "cannot forbid" in d.misses for d in checks)


def test_unused_is_asked_of_the_report_and_of_the_trail() -> None:
    unused = [d for d in POSTURE if BY_NUMBER["B5"] in d.practices and d.id.endswith("-unused")]
    assert len(unused) >= 4
    for detection in unused:
        assert "last_used" in detection.snapshot
        assert "last_used_by_trail" in detection.snapshot
