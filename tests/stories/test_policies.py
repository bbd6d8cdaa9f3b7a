"""Policies made of the sample logs: fitted on the days before the attacks, tried on those after; and made with the attacks in."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stories.chronicle import Lived
from stories.past import BACKUP, DATA, DEVELOPER, IDENTITIES, PLATFORM, Count, Judge

from trailwatch import api
from trailwatch.policy.generate import generate
from trailwatch.policy.generated import Generated
from trailwatch.window import Window

pytestmark = pytest.mark.timeout(1500)
START, SPLIT, END = (
    datetime.fromisoformat(f"{day}T00:00:00Z").astimezone(UTC) for day in ("2025-06-01", "2026-07-20", "2026-08-15")
)
BEFORE, AFTER = Window(START, SPLIT), Window(SPLIT, END)
ATTACKED = (PLATFORM, DATA, DEVELOPER, BACKUP)


def planted(story: Mapping[str, dict[str, Any]]) -> set[str]:
    return {event for entry in story.values() if entry["kind"] == "attack" for event in entry["event_ids"]}


def total(counts: Iterable[Count]) -> Count:
    found = list(counts)
    return Count(sum(one.allowed for one in found), sum(one.denied for one in found))


@pytest.fixture(scope="session")
def judge(settled: api.Trail, story: dict[str, dict[str, Any]]) -> Judge:
    return Judge(settled.store, planted(story))


@pytest.fixture(scope="session")
def fitted(settled: api.Trail) -> dict[str, Generated]:
    """The policies of five identities, of the days before the first attack."""
    return {name: generate(settled.store, [name], window=BEFORE) for name in IDENTITIES}


def test_held_out_days_are_allowed_and_the_intruder_is_not(fitted: dict[str, Generated], judge: Judge) -> None:
    own = {name: judge(made.policies(), name, AFTER, planted=False) for name, made in fitted.items()}
    assert {name: one for name, one in own.items() if one.share < 0.995} == {}
    assert total(own.values()).allowed >= 1_990
    # Two calls of each of two roles, which nobody there had ever made before.
    assert total(own.values()).denied <= 4
    theirs = {name: judge(made.policies(), name, AFTER, planted=True) for name, made in fitted.items()}
    assert total(theirs.values()).denied + total(theirs.values()).allowed == 77
    assert total(theirs.values()).denied >= 0.8 * 77


def test_each_policy_fits_into_one_document(fitted: dict[str, Generated]) -> None:
    assert {name: made.widened for name, made in fitted.items() if made.widened} == {}
    assert all(len(made.sizes) == 1 and made.sizes[0] < 6_144 for made in fitted.values())
    assert all((made.proof.denied, made.proof.unknown) == (0, 0) for made in fitted.values())


@pytest.mark.parametrize("name", ATTACKED)
def test_made_with_the_attack_in_it_a_policy_denies_nothing_but_what_findings_tell(
    lived: Lived, name: str, tmp_path: Path
) -> None:
    made = generate(lived.trail.store, [name], window=Window(START, END))
    assert made.removed
    assert (made.proof.denied, made.proof.unknown) == (0, 0)
    paths = []
    for number, text in enumerate(made.policies()):
        paths.append(str(tmp_path / f"{number}.json"))
        Path(paths[-1]).write_text(text)
    replayed = lived.trail.replay(paths, principal=name, start="2025-06-01", end="2026-08-14")
    out = {action for one in made.removed for action in (*one.actions, *one.narrower)} | {
        line.action for line in made.failed
    }
    assert {line.action for line in replayed.lines if line.outcome != "allow"} <= out
    left = sum(one.calls for one in (*made.removed, *made.failed))
    assert replayed.calls("would deny") + replayed.calls("cannot tell") <= left


def test_made_with_the_attacks_in_them_policies_deny_most_of_the_intruders(lived: Lived, judge: Judge) -> None:
    theirs = {}
    for name in ATTACKED:
        made = generate(lived.trail.store, [name], window=Window(START, END))
        theirs[name] = judge(made.policies(), name, AFTER, planted=True)
    # What is left is like the daily work of the role, or was done before a finding told of it: two reads of the slow abuse.
    assert total(theirs.values()).denied >= 61


def records(settled: api.Trail, sample_logs: Path, name: str, window: Window) -> str:
    """The raw records of a principal in a window, as one log."""
    with_ids = settled.sql(f"select event_id from events where principal = '{name}' and event_time < '{window.end}'")
    wanted = {row["event_id"] for row in with_ids}
    found = {}
    for path in sorted(sample_logs.rglob("*CloudTrail_*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes())).get("Records", ()):
            if record.get("eventID") in wanted:
                found[record["eventID"]] = record
    return json.dumps({"Records": list(found.values())})


def line(what: str, by: str, size: int, own: Count, theirs: Count) -> None:
    held, left = f"{own.denied} of {own.allowed + own.denied}", f"{theirs.allowed} of {theirs.allowed + theirs.denied}"
    print(f"{what:<34}{by:<14}{size:>7}{held:>26}{left:>20}")


@pytest.mark.bench
def test_beside_trailscraper(
    settled: api.Trail,
    lived: Lived,
    fitted: dict[str, Generated],
    judge: Judge,
    sample_logs: Path,
    trailscraper: str,
) -> None:
    print(f"\n{'made of':<34}{'by':<14}{'size':>7}{'benign held out: denied':>26}{'intruder: allowed':>20}")
    sums: dict[tuple[str, str], tuple[int, list[Count], list[Count]]] = {}
    for days, window in (("the days before", BEFORE), ("all days, attacks too", Window(START, END))):
        for name in IDENTITIES:
            ours = fitted[name] if window is BEFORE else generate(lived.trail.store, [name], window=window)
            done = subprocess.run([trailscraper, "generate"], input=records(settled, sample_logs, name, window),
                                  capture_output=True, text=True, check=True, timeout=300)  # fmt: skip
            for by, policies in (("trailwatch", ours.policies()), ("trailscraper", [done.stdout])):
                size = sum(len(json.dumps(json.loads(text), separators=(",", ":"))) for text in policies)
                own, theirs = (judge(policies, name, AFTER, planted=kind) for kind in (False, True))
                line(name.rpartition("/")[2], by, size, own, theirs)
                before = sums.get((days, by), (0, [], []))
                sums[days, by] = (before[0] + size, [*before[1], own], [*before[2], theirs])
    for (days, by), (size, own_, theirs_) in sums.items():
        own, theirs = total(own_), total(theirs_)
        line(days, by, size, own, theirs)
    ours, others = (sums["all days, attacks too", by] for by in ("trailwatch", "trailscraper"))
    assert total(ours[2]).allowed < 0.25 * total(others[2]).allowed
