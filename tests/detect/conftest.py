"""Events for tests of detections: differences from a base event, through the real decoder and the real views.

With import-mode importlib tests cannot import each other, so the kit comes as a fixture.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from trailwatch.detect import catalogue
from trailwatch.detect.detection import Detection, parse
from trailwatch.detect.records import merged
from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions
from trailwatch.store.schema import SEEN

START = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)


class Kit:
    """What tests of detections are made of."""

    start = START

    @staticmethod
    def record(name: str = "api-call", *, at: timedelta = timedelta(), **difference: Any) -> dict[str, Any]:
        """A record `at` after the start; keys with __ are nested: userIdentity__userName."""
        body = json.loads((catalogue.builtin() / "_base" / f"{name}.json").read_text())
        body["eventTime"] = (START + at).strftime("%Y-%m-%dT%H:%M:%SZ")
        for key, value in difference.items():
            *above, last = key.split("__")
            nested: dict[str, Any] = {last: value}
            for part in reversed(above):
                nested = {part: nested}
            body = merged(body, nested)
        return body

    @staticmethod
    def by(user: str) -> dict[str, str]:
        """Another IAM user than the base event's."""
        return {
            "userIdentity__userName": user,
            "userIdentity__arn": f"arn:aws:iam::111122223333:user/{user}",
            "userIdentity__principalId": f"AIDAEXAMPLE{user.upper()}",
            "userIdentity__accessKeyId": f"AKIAEXAMPLE{user.upper():0<9.9}",
        }

    @staticmethod
    def show(engine: Engine, records: Iterable[Mapping[str, Any]], *, aliases: Mapping[str, str] | None = None) -> None:
        """Make `attributed` from records; each gets an id of its own: e0, e1, …"""
        bodies = [copy.deepcopy(dict(body)) | {"eventID": f"e{number}"} for number, body in enumerate(records)]
        engine.table("raw_events", decode.records(bodies))
        sessions.resolve(engine, aliases=aliases or {})

    @staticmethod
    def rule(text: str, name: str = "test-rule") -> Detection:
        """A detection from the lines that matter."""
        return parse('title = "t"\nseverity = "low"\n' + text, name=name)

    @staticmethod
    def seen(*rows: Mapping[str, Any], days: int = 100, every: int = 40) -> pa.Table:
        """Rows of `seen`, first seen so many days before the start."""
        first = START - timedelta(days=days)
        shared = {"month": first.date().replace(day=1), "account": "111122223333", "principal": "111122223333/user/alice",
                  "person": "alice", "first_time": first, "last_time": START - timedelta(days=2), "days": every,
                  "events": 100, "days_seen": list(range(1, 29))}  # fmt: skip
        return pa.Table.from_pylist([shared | dict(row) for row in rows], schema=SEEN.columns)

    @staticmethod
    def hit_ids(hits: pa.Table, detection: str = "test-rule") -> set[str]:
        """The events that a detection hit."""
        return {row["event_id"] for row in hits.to_pylist() if row["detection"] == detection}


@pytest.fixture
def kit() -> type[Kit]:
    """The kit."""
    return Kit


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A fresh engine."""
    with Engine(threads=2) as fresh:
        yield fresh
