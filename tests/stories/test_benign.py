"""Quiet days hold the harmless form of every call that a detection of medium or above looks for, or a reason why not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from trailwatch.detect import catalogue
from trailwatch.detect.detection import Detection
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.simulate import story

UNUSUAL = Path(__file__).parent / "unusual.toml"
NAMED = r"\s*(?:=\s*'([^']+)'|in\s*\(([^)]*)\))"


def named(column: str, text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where a clause asks for values of a column, and for which."""
    # After `when` a query only shows a value differently; what it asks for stands in its conditions.
    for found in re.finditer(rf"(?<!when )\b{column}{NAMED}", text):
        yield found.start(), (found[1],) if found[1] else tuple(re.findall(r"'([^']+)'", found[2]))


def calls(rule: Detection) -> set[tuple[tuple[str, ...], str]]:
    """The (sources, name) pairs of a detection: a name belongs to the sources that stand before it, else after it."""
    text = f"{rule.where} {rule.query}"
    sources = sorted(named("event_source", text))
    pairs = set()
    for place, names in named("event_name", text):
        before = [values for at, values in sources if at < place]
        after = [values for at, values in sources if at > place]
        mine = before[-1] if before else after[0] if after else ()
        pairs |= {(tuple(one.removesuffix(".amazonaws.com") for one in mine), name) for name in names}
    for _, actions in named("action", text):
        pairs |= {((source,), name) for source, _, name in (action.partition(":") for action in actions) if name}
    return pairs


def without_date(name: str) -> str:
    """The name as `action` holds it: some services write the date of their API behind it."""
    return re.sub(r"_?20\d{2}_?\d{2}_?\d{2}(v\d+)?$", "", name)


def label(sources: tuple[str, ...], name: str) -> str:
    return f"{'|'.join(sources)}:{name}"


@pytest.fixture(scope="module")
def wanted() -> dict[str, tuple[tuple[str, ...], str]]:
    rules = [rule for rule in catalogue.load() if rank(rule.severity) >= rank("medium")]
    assert len(rules) >= 40
    found = {label(*pair): pair for rule in rules for pair in calls(rule)}
    assert len(found) >= 150
    return found


@pytest.fixture(scope="module")
def quiet_calls(settled: object) -> set[tuple[str, str]]:
    with Engine() as engine:
        settled.store.show(engine, "activity")  # type: ignore[attr-defined]
        rows = engine.rows(
            "select distinct event_source, event_name from activity where list_contains($days, dt)",
            days=[day for day in story.QUIET if isinstance(day, date)],
        )
    return {(source.removesuffix(".amazonaws.com"), name) for source, name in rows}


@pytest.fixture(scope="module")
def unusual() -> dict[str, str]:
    entries = tomllib.loads(UNUSUAL.read_text())["unusual"]
    reasons = {call: entry["reason"] for entry in entries for call in entry["calls"]}
    assert len(reasons) == sum(len(entry["calls"]) for entry in entries), "a call is listed twice"
    return reasons


def harmless(pair: tuple[tuple[str, ...], str], quiet: set[tuple[str, str]]) -> bool:
    sources, name = pair
    return any(name in {seen, without_date(seen)} and (source in sources or not sources) for source, seen in quiet)


def test_every_call_of_a_detection_happens_harmlessly_on_a_quiet_day_or_has_a_reason(
    wanted: dict[str, tuple[tuple[str, ...], str]], quiet_calls: set[tuple[str, str]], unusual: dict[str, str]
) -> None:
    missing = {call for call, pair in wanted.items() if not harmless(pair, quiet_calls)}
    assert sorted(missing - unusual.keys()) == []


def test_the_list_of_reasons_holds_nothing_that_is_not_needed(
    wanted: dict[str, tuple[tuple[str, ...], str]], quiet_calls: set[tuple[str, str]], unusual: dict[str, str]
) -> None:
    assert sorted(unusual.keys() - wanted.keys()) == [], "no detection asks for these"
    assert sorted(call for call in unusual if harmless(wanted[call], quiet_calls)) == [], "these happen on quiet days"
    assert all(len(reason) > 20 for reason in unusual.values())


def test_the_greater_part_has_a_harmless_form(
    wanted: dict[str, tuple[tuple[str, ...], str]], quiet_calls: set[tuple[str, str]]
) -> None:
    present = sum(harmless(pair, quiet_calls) for pair in wanted.values())
    assert present >= 0.5 * len(wanted)
