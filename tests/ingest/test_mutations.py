"""Damaged objects never stop an ingest, and never cost more than the record that is damaged."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import survive

from trailwatch.ingest.split import split


@pytest.fixture(scope="module")
def bodies(shared_data: Path) -> list[bytes]:
    """The text of real objects, the smaller ones."""
    found = [gzip.decompress(path.read_bytes()) for path in sorted(shared_data.rglob("*.json.gz"))]
    return [body for body in found if len(body) < 150_000]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_damaged_objects(tmp_path: Path, bodies: list[bytes], seed: int) -> None:
    outcome = survive(tmp_path, bodies, random.Random(seed), 100)
    assert outcome.failed
    assert outcome.not_understood
    assert outcome.events > outcome.inputs


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_wrong_byte_costs_at_most_one_record(bodies: list[bytes], data: st.DataObject) -> None:
    body = bodies[data.draw(st.integers(0, len(bodies) - 1))]
    at = data.draw(st.integers(0, len(body) - 1))
    damaged = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
    found = split(damaged)
    count = len(split(body).raws)
    assert count - len(found.raws) <= 1
    # What is lost is among the broken pieces; an object in which nothing looks like a record any more fails as a whole.
    assert len(found.raws) + len(found.broken) >= count or (found.damage and count == 1)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_cut_object_costs_what_is_cut(bodies: list[bytes], data: st.DataObject) -> None:
    body = bodies[data.draw(st.integers(0, len(bodies) - 1))]
    at = data.draw(st.integers(0, len(body)))
    whole = [bytes(raw) for raw in split(body).raws]
    found = [bytes(raw) for raw in split(body[:at]).raws]
    assert found == whole[: len(found)]
    # Every record that ends before the cut is there.
    assert sum(map(len, whole[: len(found) + 1])) + 12 + len(found) > at - 2 or len(found) == len(whole)
