"""The columns: what DuckDB makes of a record is what plain Python says it should be, on every trap."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stated import NESTED, SCALARS, actual, dump, expected, run
from trails import ACCOUNT, record, text

from trailwatch.ingest.decode import Batch, decode, records
from trailwatch.ingest.records import document
from trailwatch.store.schema import EVENTS

DEEP = json.loads('{"a":' * 300 + "1" + "}" * 300)
IDENTITY = record()["userIdentity"]
TRAPS: dict[str, bytes] = {
    "as written": dump(),
    "JSON null": dump(requestParameters=None, errorCode=None, userIdentity=None, readOnly=None, resources=None),
    "text for booleans": dump(readOnly="true", managementEvent="False", sessionCredentialFromConsole="true"),
    "no answer for booleans": dump(readOnly="perhaps", managementEvent=1),
    "booleans for text": dump(userIdentity=IDENTITY | {"sessionContext": {"attributes": {"mfaAuthenticated": True}}}),
    "console session inside": dump(
        userIdentity={"sessionContext": {"attributes": {"sessionCredentialFromConsole": "true"}}}
    ),
    "a number where text is expected": dump(eventName=5, apiVersion=1, sourceIPAddress=-1, errorCode=400),
    "an object where text is expected": dump(userAgent={"a": 1}, errorMessage=["a", {"b": None}]),
    "text where an object is expected": dump(userIdentity="alice", requestParameters="HIDDEN_DUE_TO_SECURITY_REASONS"),
    "a list where an object is expected": dump(userIdentity=[IDENTITY], tlsDetails=[], additionalEventData=[1, 2]),
    "a number where an object is expected": dump(requestParameters=0, responseElements=False, resources=1),
    "other types in a path": dump(userIdentity=IDENTITY | {"sessionContext": "none", "onBehalfOf": [1]}),
    "empty objects": dump(
        userIdentity={"sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}}}, resources=[]
    ),
    "empty text": dump(eventID="", errorCode="", userIdentity={"arn": "", "accessKeyId": ""}),
    "no event id": json.dumps({key: value for key, value in record().items() if key != "eventID"}).encode(),
    "duplicate keys": dump()[:-1] + b',"eventName":"Other","requestParameters":{"a":1,"a":2}}',
    "duplicate keys inside": dump().replace(b'"type":', b'"type":"Root","type":', 1),
    "keys that differ in case": dump()[:-1] + b',"eventname":"other","EVENTID":"x","useridentity":{"type":"Root"}}',
    "keys that differ in case, first": b'{"eventid":"x","Eventname":"other",' + dump()[1:],
    "parameters that differ in case": dump(requestParameters={"Tagging": 1, "tagging": 2, "TAGGING": None}),
    "huge numbers": dump(requestParameters={"n": [2**64, -(2**70), 10**400]}, errorCode=2**80),
    "floats": dump(requestParameters={"n": [1.5, 1e300, -0.0, 1e-7]}),
    "deep nesting": dump(requestParameters=DEEP),
    "NUL and control characters": dump(userAgent="a\0b\x01\x1f", requestParameters={"k\0": "\0"}),
    "all planes": dump(userAgent="é漢\U0001f600\u2028\ufeff", requestParameters={"é": "\U0001f600"}),
    "escapes": dump().replace(b"ListBuckets", b"\\u004cist\\/Buckets\\u003d\\ud83d\\ude00"),
    "white space": json.dumps(record(), indent=3).encode(),
    "a fraction of a second": dump(eventTime="2026-01-05T10:00:00.250Z"),
    "a zone": dump(eventTime="2026-01-05T23:30:00-05:00"),
    "no zone": dump(eventTime="2026-01-05T10:00:00"),
    "no category": dump(eventCategory=None),
    "an old record": dump(eventVersion="1.0", eventCategory=None, eventType=None),
    "data event": dump(eventCategory="Data"),
    "category in another case": dump(eventCategory="management"),
    "SQL and markup": dump(eventName="'; drop table events; --", userAgent="<script>$now</script>{{x}}"),
    "long text": dump(userAgent="x" * 100_000, requestParameters={"a": "y" * 200_000}),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_columns_are_what_plain_python_says(trap: str) -> None:
    # Neighbours on both sides: a trap must not leak into other rows of its batch.
    raws = [dump(eventID="before"), TRAPS[trap], dump(eventID="after")]
    rows = run(raws).events.to_pylist()
    assert [row["event_id"] for row in rows][::2] == ["before", "after"]
    assert actual(rows[1]) == expected(TRAPS[trap])
    # The slow way gives the very same row, to the letter.
    if b"\n" not in TRAPS[trap]:
        assert run(raws, slow=True).events.to_pylist() == rows
    else:
        assert [actual(row) for row in run(raws, slow=True).events.to_pylist()] == [actual(row) for row in rows]


def test_there_are_two_ways() -> None:
    body = b'{"Records":[' + dump() + b"]}"
    assert document(body, largest=len(body)) is not None
    assert document(b" " + body, largest=len(body) + 1) is None
    assert document(body, largest=100) is None


@pytest.mark.parametrize("number", [1, 255, 256, 257, 1_000])
def test_the_two_ways_agree_on_any_number_of_records(number: int) -> None:
    raws = [dump(eventID=str(place), requestParameters={"place": place}) for place in range(number)]
    fast, slow = run(raws).events, run(raws, slow=True).events
    assert fast.equals(slow)
    assert fast["event_id"].to_pylist() == [str(place) for place in range(number)]


def test_all_traps_in_one_batch_are_what_they_are_alone() -> None:
    rows = run(list(TRAPS.values())).events.to_pylist()
    assert [actual(row) for row in rows] == [expected(raw) for raw in TRAPS.values()]


def test_every_column_of_the_table_is_stated_here() -> None:
    stated = {"dt", "shard", "event_id", "event_time", "read_only", "management_event", "console_session", "object_id",
              "ingested_at", *SCALARS, *NESTED}  # fmt: skip
    assert stated == set(EVENTS.columns.names)


MENDED = {
    "invalid UTF-8": (b"alice", b"al\xffice"),
    "half a surrogate": (b"alice", b"al\\ud800ice"),
    "other half": (b"alice", b"al\\udc00ice"),
    "raw control character": (b"alice", b"al\x02ice"),
    "raw NUL": (b"alice", b"al\x00ice"),
    "raw line end": (b"alice", b"al\nice"),
}


@pytest.mark.parametrize("name", MENDED)
def test_the_slow_way_gives_the_row_that_the_fast_way_gives_for_the_mended_text(name: str) -> None:
    good, bad = MENDED[name]
    before, after = dump(eventID="before"), dump(eventID="after")
    fast = run([before, TRAPS["as written"], after]).events.to_pylist()
    slow = run([before, TRAPS["as written"].replace(good, bad), after]).events.to_pylist()
    assert [fast[0], fast[2]] == [slow[0], slow[2]]
    replaced = json.loads(f'"{bad.decode(errors="replace")}"', strict=False)
    replaced = re.sub("[\ud800-\udfff]", "\ufffd", replaced)
    mended = {**fast[1], "user_name": replaced, "identity_arn": f"arn:aws:iam::{ACCOUNT}:user/alice"}
    assert slow[1] | {"identity_arn": mended["identity_arn"]} == mended
    assert slow[1]["identity_arn"].endswith(replaced)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda value: value == 0 or abs(value) > 1e-3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
top_names = sorted(
    {path.split(".")[0] for path in [*SCALARS.values(), *NESTED.values()]} - {"eventCategory", "eventType"}
)
inner_names = sorted({path.split(".")[1] for path in [*SCALARS.values(), *NESTED.values()] if "." in path})
identities = st.dictionaries(st.sampled_from(inner_names), values | st.dictionaries(
    st.sampled_from(["sessionIssuer", "attributes", "sourceIdentity"]), values, max_size=3), max_size=5)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*top_names, "readOnly", "eventID"]), values | identities, max_size=8),
                min_size=1, max_size=6))  # fmt: skip
def test_any_values_anywhere(differences: list[dict[str, Any]]) -> None:
    raws = [json.dumps(record(1, **{**difference, "eventName": "X"}), separators=(",", ":")).encode()
            for difference in differences]  # fmt: skip
    found = run(raws)
    assert found.others.num_rows == 0
    for row, raw in zip(found.events.to_pylist(), raws, strict=True):
        assert actual(row) == expected(raw)
    assert run(raws, slow=True).events.to_pylist() == found.events.to_pylist()


def test_accounts_spread_over_shards_by_their_number() -> None:
    items = [record(1, recipientAccountId=f"{number:012d}") for number in range(10)]
    items.append(record(1, recipientAccountId=None))
    items.append(record(1, recipientAccountId="unknown", userIdentity={}))
    assert records(items, shards=4)["shard"].to_pylist() == [*[number % 4 for number in range(10)], int(ACCOUNT) % 4, 0]
    assert set(records(items)["shard"].to_pylist()) == {0}


def test_the_day_is_that_of_the_event_in_utc() -> None:
    times = ["2026-01-05T23:59:59Z", "2026-01-06T00:00:00Z", "2026-01-05T23:30:00-05:00"]
    assert records([record(1, eventTime=time) for time in times])["dt"].to_pylist() == [
        date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 6),
    ]  # fmt: skip


def test_the_same_record_has_the_same_hash_in_any_object() -> None:
    item = {key: value for key, value in record().items() if key != "eventID"}
    first, second = records([item, item])["event_id"].to_pylist()
    assert first == second
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", first)


def test_many_objects_in_one_batch_keep_their_numbers() -> None:
    batch = Batch()
    for number in range(300):
        two = text([record(number), record(number + 1_000)])
        batch.add(two if number % 3 else json.dumps([record(number)]).encode(), object_id=number)
    rows = batch.decode().events.select(["object_id", "event_id"]).to_pylist()
    assert sorted(row["object_id"] for row in rows) == [n for n in range(300) for _ in range(2 if n % 3 else 1)]
    assert all(int(row["event_id"][-12:]) % 1_000 == row["object_id"] for row in rows)


def test_one_odd_record_among_many_objects_is_told_with_its_own() -> None:
    # All objects that share a piece are then looked at more closely.
    batch = Batch()
    for number in range(40):
        batch.add(
            text([record(number), record(number + 1_000, **({"eventTime": "?"} if number == 20 else {}))]),
            object_id=number,
        )
    found = batch.decode()
    assert found.events.num_rows == 79
    assert found.others["object_id"].to_pylist() == [20]


def test_no_records_give_no_rows() -> None:
    assert records([]).schema.equals(EVENTS.columns)
    assert Batch().decode().events.num_rows == 0
    assert decode([]).others.num_rows == 0
