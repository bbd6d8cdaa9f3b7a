"""Every condition of a detection is proved by its cases: without it, or with it turned round, at least one case fails."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import mutants
import pytest

from trailwatch.detect import catalogue
from trailwatch.detect.detection import Case, Detection
from trailwatch.engine import Engine

FOUND = tuple(catalogue.load())
PROVED = 0.95
# What no case can tell, each with its reason.
LIST = tomllib.loads(Path(__file__).with_name("unproved.toml").read_text(encoding="utf-8"))["unproved"]
UNPROVED = Counter(f"{row['detection']}: {how} {row['condition']}" for row in LIST for how in row["how"])
# A query runs alone and case by case; every SAMPLE-th of their mutants are tried by default, all of them in a campaign.
SAMPLE = 6


def sampled(found: Sequence[mutants.Mutant]) -> Sequence[mutants.Mutant]:
    return [one for place, one in enumerate(found) if place % SAMPLE == len(one.detection.id) % SAMPLE]


def report(shape: str, left: Sequence[mutants.Mutant], tried: Sequence[mutants.Mutant]) -> float:
    """Print the survivors and return the share of conditions that are proved both ways."""
    conditions = {(one.detection.id, one.number) for one in tried}
    unproved = {(one.detection.id, one.number) for one in left}
    rate = 1 - len(unproved) / len(conditions)
    print(f"\n{shape}: {len(tried)} mutants of {len(conditions)} conditions, {rate:.1%} of the conditions proved")
    for one in left:
        print(f"  survives: {one}")
    return rate


def of(*shapes: str) -> list[Detection]:
    return [detection for detection in FOUND if detection.shape in shapes]


def unlisted(shape: str, left: Sequence[mutants.Mutant], tried: Sequence[mutants.Mutant]) -> Counter[str]:
    """Report what was found, and return the survivors that the list of what no case can tell leaves out."""
    assert tried
    report(shape, left, tried)
    return Counter(map(str, left)) - UNPROVED


@pytest.mark.timeout(900)
def test_conditions_of_clauses_counts_and_novelties_are_proved(capsys: pytest.CaptureFixture[str]) -> None:
    left, tried = mutants.survivors(of("where", "count", "new"))
    with capsys.disabled():
        assert not unlisted("clauses", left, tried)


@pytest.mark.timeout(900)
def test_a_sample_of_the_conditions_of_queries_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    left, tried = mutants.survivors(of("query"), sampled)
    with capsys.disabled():
        assert not unlisted(f"queries, every {SAMPLE}th mutant", left, tried)


def test_the_list_of_what_is_unproved_is_short_and_true_to_the_detections() -> None:
    with Engine(threads=1) as engine:
        found = [
            one for detection in of("where", "count", "new", "query") for one in mutants.mutants(engine, detection)
        ]
    assert not UNPROVED - Counter(map(str, found))
    assert all(row["reason"] for row in LIST)
    assert len(LIST) <= (1 - PROVED) * len({(one.detection.id, one.number) for one in found})


@pytest.mark.campaign
@pytest.mark.timeout(0)
def test_all_conditions_are_proved_but_those_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    left, tried = mutants.survivors(of("where", "count", "new", "query"))
    with capsys.disabled():
        rate = report("all activity detections", left, tried)
    assert Counter(map(str, left)) == UNPROVED
    assert rate >= PROVED


def test_a_detection_whose_cases_prove_nothing_is_told() -> None:
    weak = Detection(
        id="weak", title="t", severity="low", where="event_name = 'ListUsers' and outcome = 'ok'",
        cases=(Case(name="a", fires=True, difference={}), Case(name="b", fires=False, difference={"eventName": "GetUser"})),
    )  # fmt: skip
    left, tried = mutants.survivors([weak])
    assert len(tried) == 4
    assert [(one.how, one.condition) for one in left] == [("without", "(outcome = 'ok')")]
