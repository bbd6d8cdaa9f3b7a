"""What is no event: records of other classes, and what was not understood, are kept apart and whole."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from stated import NOW, dump, run
from trails import ACCOUNT, record

OTHERS = {
    "no object": (b"5", "no JSON object"),
    "null": (b"null", "no JSON object"),
    "empty": (b"{}", "no eventTime"),
    "text": (b'"a text that is longer than twelve"', "no JSON object"),
    "no time": (dump(eventTime=None), "no eventTime"),
    "no time at all": (dump(eventTime="yesterday"), "eventTime is not a time"),
    "a date": (dump(eventTime="2026-01-05"), "eventTime is not a time"),
    "for ever": (dump(eventTime="infinity"), "eventTime is not a time"),
    "for ever with room": (dump(eventTime="infinity" + " " * 20), "eventTime is not a time"),
    "the epoch": (dump(eventTime="epoch"), "eventTime is not a time"),
    "a number": (dump(eventTime=1767607200), "eventTime is not a time"),
    "long ago": (dump(eventTime="0001-01-01T00:00:00Z"), "eventTime is not a time"),
    "far away": (dump(eventTime="9999-12-31T23:59:59Z"), "eventTime is not a time"),
    "no such day": (dump(eventTime="2026-02-30T00:00:00Z"), "eventTime is not a time"),
    "no names": (dump(eventSource=None, eventName=None), "no eventSource and no eventName"),
    "a new category": (dump(eventCategory="Prophecy"), "unknown eventCategory"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_understood_is_kept_whole_with_its_reason(name: str) -> None:
    raw, reason = OTHERS[name]
    found = run([dump(eventID="before"), raw, dump(eventID="after")])
    assert found.events["event_id"].to_pylist() == ["before", "after"]
    [other] = found.others.to_pylist()
    assert (other["record_class"], other["reason"], other["raw"].encode()) == ("not-understood", reason, raw)
    assert (other["object_id"], other["ingested_at"]) == (7, NOW)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"eventCategory": "Insight", "eventTime": "2026-01-05T10:00:00Z", "eventID": "x", "insightDetails": {}}, "Insight"),
        ({"eventType": "AwsCloudTrailInsight", "eventTime": "2026-01-05T10:00:00Z", "eventID": "x"}, "Insight"),
        (record(1, eventCategory="NetworkActivity", eventType="AwsVpceEvent", eventID="x"), "NetworkActivity"),
        (record(1, eventCategory=None, eventType="AwsVpceEvents", eventID="x"), "NetworkActivity"),
        ({"eventVersion": "1.0", "eventCategory": "Aggregated", "eventId": "x", "accountId": ACCOUNT,
          "timeWindow": {"windowStart": "2026-01-05T10:00:00Z"}}, "Aggregated"),
        ({"eventType": "AwsAggregatedEvent", "eventId": "x", "timeWindow": {"windowStart": "2026-01-05T10:00:00Z"}}, "Aggregated"),
    ],
)  # fmt: skip
def test_other_classes_are_kept_apart(item: dict[str, Any], name: str) -> None:
    raw = json.dumps(item).encode()
    found = run([raw])
    assert found.events.num_rows == 0
    [other] = found.others.to_pylist()
    assert (other["record_class"], other["event_id"], other["raw"].encode(), other["reason"]) == (name, "x", raw, None)
    assert other["dt"] == date(2026, 1, 5)


def test_a_record_that_is_too_large_is_kept_in_part() -> None:
    large = dump(requestParameters={"a": "y " * 150_000})
    found = run([dump(eventID="before"), large, dump(eventID="after")], record=200_000)
    assert found.events["event_id"].to_pylist() == ["before", "after"]
    [other] = found.others.to_pylist()
    assert other["reason"] == "larger than 200,000 bytes"
    assert large.startswith(other["raw"].encode())
