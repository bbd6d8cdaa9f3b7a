"""The columns: what DuckDB makes of a record is what plain Python says it should be, on every trap."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trails import ACCOUNT, record, text

from trailwatch.ingest.decode import Batch, Decoded, decode, records
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.records import document
from trailwatch.store.bundles import unbundle
from trailwatch.store.schema import EVENTS

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ISSUER, ATTRIBUTES = "userIdentity.sessionContext.sessionIssuer.", "userIdentity.sessionContext.attributes."
# An independent statement of where each column comes from.
SCALARS = {
    "event_version": "eventVersion", "event_source": "eventSource", "event_name": "eventName",
    "event_type": "eventType", "event_category": "eventCategory", "aws_region": "awsRegion",
    "recipient_account_id": "recipientAccountId", "shared_event_id": "sharedEventID", "request_id": "requestID",
    "source_ip": "sourceIPAddress", "user_agent": "userAgent", "error_code": "errorCode",
    "error_message": "errorMessage", "identity_type": "userIdentity.type",
    "identity_principal_id": "userIdentity.principalId", "identity_arn": "userIdentity.arn",
    "identity_account_id": "userIdentity.accountId", "access_key_id": "userIdentity.accessKeyId",
    "user_name": "userIdentity.userName", "invoked_by": "userIdentity.invokedBy",
    "identity_store_user": "userIdentity.onBehalfOf.userId", "identity_provider": "userIdentity.identityProvider",
    "credential_id": "userIdentity.credentialId", "delegate_account_id": "userIdentity.invokedByDelegate.accountId",
    "issuer_type": ISSUER + "type", "issuer_arn": ISSUER + "arn", "issuer_principal_id": ISSUER + "principalId",
    "issuer_account_id": ISSUER + "accountId", "issuer_name": ISSUER + "userName",
    "session_created": ATTRIBUTES + "creationDate", "mfa_authenticated": ATTRIBUTES + "mfaAuthenticated",
    "source_identity": "userIdentity.sessionContext.sourceIdentity",
    "role_delivery": "userIdentity.sessionContext.ec2RoleDelivery",
    "assumed_root": "userIdentity.sessionContext.assumedRoot",
    "web_id_provider": "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    "vpc_endpoint_id": "vpcEndpointId", "vpc_endpoint_account_id": "vpcEndpointAccountId",
}  # fmt: skip
NESTED = {
    "request": "requestParameters", "response": "responseElements", "additional": "additionalEventData",
    "service_details": "serviceEventDetails", "resources": "resources", "addendum": "addendum", "tls": "tlsDetails",
    "in_scope_of": "userIdentity.inScopeOf",
}  # fmt: skip


class Pairs(list[tuple[str, Any]]):
    """A JSON object with all its pairs; the last of a name counts, as in most readers."""

    def get(self, name: str) -> Any:
        return next((value for key, value in reversed(self) if key == name), None)


class Number(str):
    """A number as it is written: 1.10 is not 1.1."""

    __slots__ = ()


def plain(raw: bytes) -> Any:
    return json.loads(raw, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number)


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Pairs) else None
    return value


def as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return unlike(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Pairs, list)):
        return "<nested>"
    return str(value)


def flag(value: Any) -> bool | None:
    return {"true": True, "false": False}.get((as_text(value) or "").lower())


def expected(raw: bytes) -> dict[str, Any]:
    """Return the row that a record should become, worked out in plain Python."""
    item = plain(raw)
    row: dict[str, Any] = {column: as_text(at(item, path)) for column, path in SCALARS.items()}
    row |= {column: at(item, path) for column, path in NESTED.items()}
    time = datetime.fromisoformat(item.get("eventTime"))
    row["event_time"] = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    row["dt"] = row["event_time"].date()
    row["event_id"] = as_text(item.get("eventID")) or "sha256:" + hashlib.sha256(raw).hexdigest()
    row["read_only"], row["management_event"] = flag(item.get("readOnly")), flag(item.get("managementEvent"))
    row["console_session"] = as_text(item.get("sessionCredentialFromConsole"))
    if row["console_session"] is None:
        row["console_session"] = as_text(at(item, ATTRIBUTES + "sessionCredentialFromConsole"))
    return row | {"shard": 0, "object_id": 7, "ingested_at": NOW}


def actual(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for column in NESTED:
        found[column] = None if row[column] is None else plain(row[column].encode())
    return found | {column: unlike(found[column]) for column in [*SCALARS, "event_id", "console_session"]}


def unlike(value: str | None) -> str | None:
    """Return text, with a mark in place of nested JSON: two correct writers may space it differently."""
    try:
        return "<nested>" if value and value[0] in "{[" and isinstance(json.loads(value), (dict, list)) else value
    except ValueError:
        return value


def run(raws: list[bytes], *, slow: bool = False, **limits: Any) -> Decoded:
    """Decode records as an object that holds just them; white space in front sends it the slow way."""
    batch = Batch(Limits(**limits))
    batch.add(b" " * slow + b'{"Records":[' + b",".join(raws) + b"]}", object_id=7)
    found = batch.decode(now=NOW)
    return Decoded(unbundle(found.events, EVENTS.columns), found.others)


def dump(**difference: Any) -> bytes:
    return json.dumps(record(1, **difference), separators=(",", ":")).encode()


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
