"""Every form in which people save records, and documents that are broken in the middle."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from trails import record, text

from trailwatch.ingest.split import Split, split

ONE, TWO, THREE = record(1), record(2), record(3)


def dump(value: Any, **options: Any) -> bytes:
    return json.dumps(value, **options).encode()


def read(found: Split) -> list[Any]:
    return [json.loads(bytes(raw)) for raw in found.raws]


def lookup(*records: dict[str, Any]) -> dict[str, Any]:
    """Return what `aws cloudtrail lookup-events` prints."""
    return {
        "Events": [
            {"EventId": item["eventID"], "EventName": item["eventName"], "CloudTrailEvent": json.dumps(item)}
            for item in records
        ],
        "NextToken": "x",
    }


@pytest.mark.parametrize(
    "data",
    [
        text([ONE, TWO]),
        dump({"Records": [ONE, TWO]}, indent=2),
        dump({"other": [{"a": 1}], "Records": [ONE, TWO], "more": None}),
        dump([ONE, TWO]),
        dump([ONE, TWO], indent=1),
        dump(ONE) + b"\n" + dump(TWO),
        dump(ONE) + b"\r\n\r\n" + dump(TWO) + b"\r\n",
        text([ONE]) + b"\n" + text([TWO]) + b"\n",
        text([ONE]) + text([TWO]),
        dump(lookup(ONE, TWO)),
        dump(lookup(ONE, TWO), indent=4),
        dump(lookup(ONE)) + b"\n" + dump(lookup(TWO)),
        dump(lookup(ONE, TWO)["Events"]),
        b"\xef\xbb\xbf" + text([ONE, TWO]),
        text([ONE, TWO]).decode().encode("utf-16"),
        b"\n\n  " + text([ONE, TWO]) + b"  \n",
    ],
    ids=[
        "document", "indented", "with more keys", "list", "indented list", "lines", "lines of Windows",
        "documents in lines", "documents without a line between", "lookup-events", "lookup-events indented",
        "lookup-events in pages", "events of lookup-events", "byte order mark", "utf-16", "white space",
    ],
)  # fmt: skip
def test_forms(data: bytes) -> None:
    found = split(data)
    assert read(found) == [ONE, TWO]
    assert (found.broken, found.kind, found.damage, found.repaired) == ([], "", "", 0)


@pytest.mark.parametrize("data", [dump(ONE), dump(ONE, indent=3)])
def test_a_single_record(data: bytes) -> None:
    assert read(split(data)) == [ONE]


@pytest.mark.parametrize("data", [b'{"Records":[]}', b'{"Records": [] }', b"[]", b'{"Events":[]}'])
def test_no_records_is_no_damage(data: bytes) -> None:
    assert (split(data).raws, split(data).damage, split(data).kind) == ([], "", "")


def test_a_digest_is_known_by_its_content() -> None:
    assert split(dump({"awsAccountId": "1", "digestS3Object": "x", "logFiles": []})).kind == "CloudTrail-Digest"


@pytest.mark.parametrize(
    "data", [b"{}", b'{"a":1}', b"5", b"null", b'"text"', b'[{"a":1}]', b"[[1]]", b'{"a":1}\n{"b":2}']
)
def test_json_of_another_kind_is_not_recognised(data: bytes) -> None:
    assert (split(data).kind, split(data).raws, split(data).damage) == ("unrecognised", [], "")


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"hello", b"\x00\x01\x02", b"<xml/>", b'{"Records":', b'{"Records":[{"a']
)
def test_what_is_no_json_says_why(data: bytes) -> None:
    assert (split(data).kind, split(data).raws) == ("unrecognised", [])
    assert split(data).damage


def test_the_place_of_the_damage_is_named() -> None:
    assert "at byte 12 (line 2, column 1)" in split(b'{"Records":\n}').damage


def test_a_second_list_of_the_same_name_does_not_hide_the_first() -> None:
    assert read(split(text([ONE])[:-1] + b"," + text([TWO])[1:])) == [ONE, TWO]


def broken_middle(damage: bytes) -> bytes:
    return b'{"Records":[' + b",".join([dump(ONE), damage, dump(THREE)]) + b"]}"


@pytest.mark.parametrize(
    "damage",
    [
        dump(TWO)[:200],
        dump(TWO)[200:],
        dump(TWO).replace(b'"eventName"', b'"eventName'),
        dump(TWO).replace(b":", b"", 1),
        dump(TWO).replace(b"}", b"", 1),
        b"{,,,}",
        dump(TWO).replace(b"alice", b"\\x"),
        dump(TWO)[:-1] + b',"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        dump(TWO)[:-1] + b',"number":01}',
    ],
)
def test_one_broken_record_never_loses_its_neighbours(damage: bytes) -> None:
    found = split(broken_middle(damage))
    assert read(found) == [ONE, THREE]
    assert len(found.broken) == 1
    assert not found.damage
    assert found.broken[0][1] == "broken JSON"
    # What could not be read is kept as it was.
    assert damage.decode().strip("{},") in found.broken[0][0]


def test_a_cut_document_keeps_the_whole_records_and_says_so() -> None:
    found = split(text([ONE, TWO, THREE])[:-100])
    assert read(found) == [ONE, TWO]
    assert len(found.broken) == 1
    assert "2 whole records were kept" in found.damage


@pytest.mark.parametrize(
    ("bytes_", "expected"),
    [
        (b"a\xffb", "a\ufffdb"),
        (b"a\xc3(", "a\ufffd("),
        (b"\\ud800x", "\ufffdx"),
        (b"\\udc00", "\ufffd"),
        (b"\\ud83d\\ude00", "\U0001f600"),
        (b"\\\\ud800", "\\ud800"),
        (b"\\\\\\ud800", "\\\ufffd"),
        (b"tab\there", "tab\there"),
        (b"null\x00here", "null\x00here"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    ],
)
def test_broken_characters_are_replaced_and_the_record_is_kept(bytes_: bytes, expected: str) -> None:
    damaged = dump(TWO).replace(b"alice", bytes_)
    found = split(broken_middle(damaged))
    assert len(found.raws) == 3, found.broken
    assert json.loads(bytes(found.raws[1]))["userIdentity"]["userName"] == expected
    valid = bytes_ in (b"\\ud83d\\ude00", b"\\\\ud800")
    assert found.repaired == (0 if valid else 1)
    assert (read(found)[0], read(found)[2]) == (ONE, THREE)


def test_values_that_are_no_records_stay_visible_to_the_decoder() -> None:
    assert read(split(b'{"Records":[5,null,"text",[],{}]}')) == [5, None, "text", [], {}]


def test_an_event_of_lookup_events_that_is_no_json_is_kept_as_broken() -> None:
    page = lookup(ONE, TWO)
    page["Events"][0]["CloudTrailEvent"] = '{"eventID":'
    found = split(dump(page))
    assert (read(found), found.broken) == ([TWO], [('{"eventID":', "broken JSON")])


def test_hostile_text_costs_no_square() -> None:
    # Each brace looks like the start of a record that never ends.
    hostile = b'{"Records":[' + b'{"eventVersion":[' * 60_000
    start = time.monotonic()
    assert split(hostile).damage
    assert time.monotonic() - start < 10
