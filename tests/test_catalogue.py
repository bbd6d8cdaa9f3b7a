"""Laws over all built-in detections, and every case of each, run together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from trailwatch.detect import cases, catalogue
from trailwatch.detect.attack import SUCCESSORS
from trailwatch.detect.cases import Outcome
from trailwatch.detect.detection import Detection
from trailwatch.detect.laws import Bench, problems

FOUND = catalogue.load()
CASES = [(detection.id, case.name, case.fires) for detection in FOUND for case in detection.cases]
NAMES = [f"{id}::{'fires' if fires else 'silent'}::{name}" for id, name, fires in CASES]


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """An empty scope to bind clauses on."""
    with Bench() as one:
        yield one


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Outcome]:
    """What every case did, from one run of all."""
    return {str(outcome): outcome for outcome in cases.run(list(FOUND))}


def test_every_file_is_read() -> None:
    assert not FOUND.broken
    assert len(FOUND) == len(list(catalogue.files([catalogue.builtin()]))) > 0


@pytest.mark.parametrize("detection", FOUND.detections, ids=lambda detection: detection.id)
def test_laws_hold(detection: Detection, bench: Bench) -> None:
    assert [str(problem) for problem in problems(detection, bench)] == []


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert not outcome.error, outcome.error
    assert outcome.fired is outcome.case.fires


def test_a_title_does_not_say_twice_what_an_identity_is() -> None:
    # A principal is shown with its kind: 'role deploy', 'user alice'.
    assert [d.id for d in FOUND if re.search(r"\b(role|user) \{principal\}", d.title, re.IGNORECASE)] == []


def test_what_supersedes_names_detections() -> None:
    ids = {detection.id for detection in FOUND}
    assert {other for detection in FOUND for other in detection.supersedes} <= ids


def test_groups_are_the_known_folders() -> None:
    assert {detection.group for detection in FOUND} <= {
        "root", "signin", "credentials", "permissions", "trust", "workload", "conditions", "recon", "tamper", "data",
        "compute",
    }  # fmt: skip


# The monitoring controls of the CIS AWS Foundations benchmark.
CONTROLS = [f"4.{number}" for number in range(1, 16)]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_detection_serves_each_monitoring_control(control: str) -> None:
    assert [detection.id for detection in FOUND if control in detection.cis]


def test_activity_detections_name_monitoring_controls_alone() -> None:
    activity = [detection for detection in FOUND if detection.shape != "snapshot"]
    assert {control for detection in activity for control in detection.cis} <= set(CONTROLS)


@pytest.mark.parametrize("detection", FOUND.detections, ids=lambda detection: detection.id)
def test_what_must_stay_silent_is_shown_twice(detection: Detection) -> None:
    assert sum(not case.fires for case in detection.cases) >= 2


def test_a_technique_that_v19_renamed_is_named_by_both_numbers() -> None:
    missing = {
        detection.id: sorted(
            new for old, new in SUCCESSORS.items() if old in detection.attack and new not in detection.attack
        )
        for detection in FOUND
    }
    assert {id: names for id, names in missing.items() if names} == {}
