"""Whoever writes into a log must not be able to stop a detection: one strange value would then hide an attack."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from trailwatch.detect import catalogue
from trailwatch.detect.catalogue import Catalogue
from trailwatch.detect.records import expand
from trailwatch.detect.scan import Scanned, scan
from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 10**30, "", "{", "[", "{}", "[1]", "null", "%zz%", "%00", "%FF%FE", "\u0000", "\ud7ff\u202e", "'; drop table scope; --",
    '{"Statement":', '{"Statement":7}', '{"Statement":[[[]]]}', '{"Statement":[{"Effect":["Allow"],"Principal":7,"Action":{}}]}',
    '{"Statement":[null,{"Effect":"Allow","Action":[null,{}],"Resource":{"a":1},"Principal":["*"]}]}',
    [], {}, [None], [[["x"]]], {"items": "x"}, {"items": ["{not json", 7, None, {"ipRanges": [1]}]}, "9" * 5000, "[" * 400 + "]" * 400,
)  # fmt: skip


@pytest.fixture(scope="module")
def detections() -> Catalogue:
    return catalogue.load()


def paths(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value inside a table, the table itself too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*above, key)
            yield from paths(inner, (*above, key))


def mutated(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the record with each of its parameters, or all of them, replaced by each hostile value."""
    parts = ("requestParameters", "responseElements", "additionalEventData", "errorCode")
    places = [(part, *path) for part in parts for path in ((), *paths(record.get(part)))]
    for place in places:
        for value in HOSTILE:
            changed = copy.deepcopy(record)
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            yield changed


def scanned(records: list[dict[str, Any]], detections: Catalogue) -> Scanned:
    for number, record in enumerate(records):
        record["eventID"] = f"hostile-{number}"
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(records))
        sessions.resolve(engine, aliases={})
        return scan(engine, detections)


def test_no_value_stops_a_detection(detections: Catalogue) -> None:
    firsts = []
    for number, detection in enumerate(detections):
        cases = [case for case in detection.cases if case.fires]
        firsts += [dict(expand(detection, case, number)[-1].body) for case in cases]
    records = [changed for first in firsts for changed in mutated(first)]
    assert len(records) > 10_000
    found = scanned(records, detections)
    assert [f"{failed.id}: {failed.reason}" for failed in found.not_run] == []


def test_an_attack_among_hostile_records_is_found(detections: Catalogue) -> None:
    number, detection = next(
        (number, detection) for number, detection in enumerate(detections) if detection.id == "trust-opened-outside"
    )
    attack = dict(expand(detection, detection.cases[0], number)[0].body)
    noise = list(mutated(attack))
    found = scanned([attack, *noise], detections)
    pairs = set(zip(found.hits.column("detection").to_pylist(), found.hits.column("event_id").to_pylist(), strict=True))
    assert ("trust-opened-outside", "hostile-0") in pairs
    assert json.loads(str(attack["requestParameters"]["policyDocument"]))["Statement"]
