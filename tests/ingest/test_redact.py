"""Session tokens in every form that somebody could give them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trails import record, text

from trailwatch.ingest import redact
from trailwatch.ingest.decode import Batch, records
from trailwatch.ingest.redact import MARKER

SECRET = "FwoGZXIvYXdzEXAMPLETOKEN" + "Zz0+/" * 30 + "=="


def nested(levels: int) -> str:
    """Return JSON in JSON in JSON, each as text."""
    inner = json.dumps({"sessionToken": SECRET})
    for _ in range(levels):
        inner = json.dumps({"body": inner})
    return inner


FORMS = {
    "plain": json.dumps({"credentials": {"sessionToken": SECRET}}),
    "capital": json.dumps({"Credentials": {"SessionToken": SECRET}}),
    "all capitals": json.dumps({"SESSIONTOKEN": SECRET}),
    "odd case": json.dumps({"sEsSiOnToKeN": SECRET}),
    "underscore": json.dumps({"session_token": SECRET, "sessionToken": SECRET}),
    "spaces": '{"sessionToken"  :\n "' + SECRET + '"}',
    "in a list": json.dumps({"all": [[{"sessionToken": SECRET}], {"sessionToken": SECRET}]}),
    "value is a list": json.dumps({"sessionToken": [SECRET, {"a": [SECRET]}], "after": 1}),
    "value is an object": json.dumps({"sessionToken": {"value": SECRET, "}": "{"}, "after": 1}),
    "escaped key": '{"\\u0073essionToken":"' + SECRET + '"}',
    "wholly escaped key": '{"' + "".join(f"\\u{ord(c):04X}" for c in "sessionToken") + '":"' + SECRET + '"}',
    "escaped value": json.dumps({"sessionToken": SECRET}).replace("/", "\\/").replace("=", "\\u003d"),
    "text in text": nested(1),
    "text in text in text": nested(2),
    "five levels": nested(5),
    "escaped key in text": json.dumps({"body": '{"\\u0073essionToken":"' + SECRET + '"}'}),
    "in a command": json.dumps({"c": f"aws configure set x --json '{json.dumps({'sessionToken': SECRET})}' done"}),
    "in an odd quote": json.dumps({"c": f'say "{{"sessionToken":"{SECRET}"}}'}),
    "in an environment": json.dumps({"c": f"export AWS_SESSION_TOKEN={SECRET}; sessionToken={SECRET}"}),
    "in an address": json.dumps({"c": f"https://x/?X-Amz-Security-Token={SECRET}&sessionToken={SECRET}&a=b"}),
    "cut off in text": json.dumps({"body": json.dumps({"sessionToken": SECRET})[:-2]}),
    "twice": '{"sessionToken":"' + SECRET + '","sessionToken":"' + SECRET + '"}',
}


def everywhere() -> dict[str, Callable[[Any], dict[str, Any]]]:
    """Return the places of a record in which a form can stand."""
    return {
        "responseElements": lambda value: {"responseElements": value},
        "requestParameters": lambda value: {"requestParameters": value},
        "additionalEventData": lambda value: {"additionalEventData": value},
        "a list of resources": lambda value: {"resources": [value]},
        "userIdentity": lambda value: {"userIdentity": {"inScopeOf": value, "userName": value}},
        "errorMessage": lambda value: {"errorMessage": json.dumps(value)},
        "another class": lambda value: {"eventCategory": "Insight", "insightDetails": value},
        "not understood": lambda value: {"eventTime": "never", "requestParameters": value},
    }


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_token_survives(form: str) -> None:
    clean = redact.text(FORMS[form])
    assert SECRET not in clean
    assert SECRET[:24] not in clean
    assert MARKER in clean
    json.loads(clean)


@pytest.mark.parametrize("way", ["fast", "slow"])
@pytest.mark.parametrize("place", everywhere())
@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_token_reaches_a_table(form: str, place: str, way: str) -> None:
    # The form is put in as text, so that its own escapes stay what they are.
    items = [record(1), record(2, **everywhere()[place]("@@")), record(3)]
    body = " " * (way == "slow") + text(items).decode()
    body = body.replace('\\"@@\\"', json.dumps(FORMS[form])[1:-1]).replace('"@@"', FORMS[form])
    batch = Batch()
    assert batch.add(body.encode()).records == 3
    decoded = batch.decode()
    assert decoded.events.num_rows + decoded.others.num_rows == 3
    stored = str(decoded.events.to_pylist()) + str(decoded.others.to_pylist())
    assert SECRET[:24] not in stored
    assert MARKER in stored


def test_a_broken_record_is_kept_without_what_looks_like_a_token() -> None:
    whole = text([record(1), record(2, responseElements={"credentials": {"sessionToken": SECRET}}), record(3)])
    for damage in (b'"sessionToken"', b'"credentials"', b':"FwoG'):
        batch = Batch()
        batch.add(whole.replace(damage, damage.replace(b'"', b"", 1)))
        [other] = batch.decode().others.to_pylist()
        assert other["reason"] == "broken JSON"
        assert SECRET[:24] not in other["raw"]
        assert "eventName" in other["raw"]


def test_everything_else_stays_byte_for_byte() -> None:
    around = {"accessKeyId": "ASIAEXAMPLE", "expiration": "Jul 9, 2024, 4:41:37 PM", "a\u00e9": "\\u003d \u2028 <&>"}
    found = redact.text(json.dumps({**around, "sessionToken": SECRET, "n": [1.10, 1e400, 2**70]}, ensure_ascii=False))
    assert found == json.dumps({**around, "sessionToken": MARKER, "n": [1.10, 1e400, 2**70]}, ensure_ascii=False)


@pytest.mark.parametrize(
    "value", ['{"sessionToken":null}', '{"nextToken":"abc"}', '{"a":"session token"}', '{"sessionTokens":3}']
)
def test_what_is_no_token_stays(value: str) -> None:
    assert redact.text(value) == value


def test_a_record_without_a_token_is_not_touched() -> None:
    assert (
        redact.positions(text([record(1, requestParameters={"clientToken": "x", "policy": '{\\"a\\u003db'})])).size == 0
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
spellings = st.sampled_from(["sessionToken", "SessionToken", "SESSIONTOKEN", "session_token", "Session-Token"])


@st.composite
def hidden(draw: st.DrawFn) -> Any:
    """Return a value with a token somewhere in it, wrapped in objects, lists and text of JSON."""
    value: Any = {draw(spellings): SECRET, "beside": draw(json_values)}
    for _ in range(draw(st.integers(0, 6))):
        how = draw(st.integers(0, 2))
        if how == 0:
            value = {draw(st.text(max_size=5)): value}
        elif how == 1:
            value = [draw(json_values), value]
        else:
            value = json.dumps(value, ensure_ascii=draw(st.booleans()))
    return value


@settings(max_examples=150, deadline=None)
@given(hidden())
def test_tokens_in_values_of_any_shape(value: Any) -> None:
    clean = redact.text(json.dumps({"value": value}))
    assert SECRET[:24] not in clean
    json.loads(clean)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_values_without_a_token_never_change(value: Any) -> None:
    text_ = json.dumps(value)
    assert redact.text(text_) == text_


def test_a_token_far_down_in_a_large_object_is_found() -> None:
    items = [record(number) for number in range(2_000)]
    items[1_234]["responseElements"] = {"credentials": {"sessionToken": SECRET}}
    batch = Batch()
    batch.add(text(items))
    events = batch.decode().events
    responses = events["response"].to_pylist()
    assert [row for row, response in enumerate(responses) if response] == [1_234]
    assert json.loads(responses[1_234]) == {"credentials": {"sessionToken": MARKER}}
    assert events["event_id"].to_pylist() == [item["eventID"] for item in items]


def test_records_of_tests_lose_their_tokens_too() -> None:
    rows = records([record(1, responseElements={"sessionToken": SECRET})])
    assert rows["response"].to_pylist() == [json.dumps({"sessionToken": MARKER}, separators=(",", ":"))]
