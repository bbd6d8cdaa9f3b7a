"""The history of a user, a role, a key, a session, an address, a network, a resource: the same events, however asked."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pyarrow.parquet as pq
import pytest
from investigate.conftest import INTRUDER, MADE

from trailwatch.errors import ConfigError, StoreError
from trailwatch.investigate.asked import network_of, resolve
from trailwatch.investigate.subject import resource_name

DAY = {"start": "2026-07-28", "end": "2026-07-28"}
STORED = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:prod/shop/db-a1B2c3"


def _values(answer, dimension) -> set[str]:
    return {one.value for one in answer.data.used.get(dimension, [])}


ASKED = {
    "alice@example.com": "person = 'alice@example.com'",
    "alice": "person = 'alice@example.com'",
    "role/PlatformEngineer": "principal = '210987654321/role/AWSReservedSSO_PlatformEngineer'",
    "svc-reports": "principal = '210987654321/user/svc-reports'",
    INTRUDER: f"credential = '{INTRUDER}'",
    "45.155.205.118": "ip = '45.155.205.118'",
    "45.155.205.0/24": "address = '45.155.205.0/24'",
    "root": "principal like '%/root'",
    "AKIAK5TLHY2OKABHVUNN": "long_term_key = 'AKIAK5TLHY2OKABHVUNN'",
}


@pytest.fixture(scope="module")
def counted(trail) -> dict[str, dict[str, Any]]:
    """What SQL says of each of them, over all events."""
    each = " union all ".join(
        f"select '{name}' as name, count(*) as n, count(*) filter (where outcome = 'denied') as denied, "
        f"min(event_time) as first, max(event_time) as last, count(distinct dt) as days from known where {where}"
        for name, where in ASKED.items()
    )
    return {row["name"]: row for row in trail.sql(f"with known as materialized (from events) {each}")}


@pytest.mark.parametrize("name", ASKED)
def test_a_history_counts_what_sql_counts(trail, counted, name) -> None:
    answer, row = trail.history(name), counted[name]
    found = answer.data
    assert row["n"] > 0
    assert (found.count, found.denied, len(found.days)) == (row["n"], row["denied"], row["days"])
    assert (found.days[0].first_time, found.days[-1].last_time) == (row["first"], row["last"])
    assert len(answer.events()) == row["n"]


def test_what_the_intruder_did_stands_in_the_history(trail) -> None:
    found = trail.history("alice@example.com", **DAY).data
    assert {one.key for one in found.made} == {MADE}
    new = [moment for moment in found.moments if moment.new_network]
    assert [(moment.network, moment.action) for moment in new] == [("45.155.205.0/24", "signin:UserAuthentication")]
    assert ("svc-reports", "iam:AttachUserPolicy") in {(moment.target, moment.action) for moment in found.moments}
    assert {"made an access key" in one.title for one in found.findings} == {True, False}
    assert found.networks["185.60.112.0/24"] == "office"


def test_a_key_that_was_never_used_tells_who_made_and_removed_it(trail) -> None:
    found = trail.history(MADE).data
    assert found.count == 0
    done = [(one.action, one.person) for one in found.done_to]
    assert done == [("iam:CreateAccessKey", "alice@example.com"), ("iam:DeleteAccessKey", "grace@example.com")]


def test_what_others_did_to_a_user(trail) -> None:
    done = {(one.action, one.person) for one in trail.history("svc-reports").data.done_to}
    assert ("iam:AttachUserPolicy", "alice@example.com") in done
    assert ("iam:DetachUserPolicy", "grace@example.com") in done


def test_a_resource(trail) -> None:
    found = trail.history(STORED, **DAY)
    assert "alice@example.com" in _values(found, "person")
    assert _values(found, "service") == {"secretsmanager"}


def test_first_use_is_known_beyond_the_window(trail) -> None:
    found = trail.history("svc-reports", **DAY).data
    assert found.span == "2026-07-28 to 2026-07-28 (UTC)"
    assert found.first_use is not None
    assert found.first_use.date().isoformat() < "2026-07-16"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:s3:::logs/2026/a.gz", "logs"), ("arn:aws:iam::111122223333:role/path/deploy", "deploy"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:pay", "pay"), (STORED, "prod/shop/db"),
        ("arn:aws:ec2:eu-west-1:111122223333:instance/i-0a", "i-0a"), ("arn:aws:sns:eu-west-1:111122223333:news", "news"),
    ],
)  # fmt: skip
def test_requests_call_a_resource_by_its_name(arn, name) -> None:
    assert resource_name(arn) == name


def test_networks_are_spelled_as_activity_spells_them() -> None:
    assert network_of("198.51.100.7") == "198.51.100.0/24"
    assert network_of("2001:db8:1::7") == "2001:db8:1::/48"


def test_an_unknown_name_offers_near_ones(trail) -> None:
    with pytest.raises(StoreError, match=r"alicia.*alice@example\.com"):
        trail.history("alicia")
    with pytest.raises(StoreError, match="/24"):
        trail.history("45.155.0.0/16")


def test_an_event_is_sent_to_lineage(trail) -> None:
    with pytest.raises(StoreError, match="lineage"):
        trail.history("c6b8d9b9-aa62-42f2-8a51-be971689203d")


def test_the_kinds_of_names(trail) -> None:
    from trailwatch.engine import Engine

    with Engine() as engine:
        kinds = {text: resolve(trail.store, engine, text).kind for text in (
            "alice", "user/svc-reports", MADE.lower(), INTRUDER, "2001:db8::1", "vpce-0f4d1c2ab93e5d718", STORED,
            "AROAPXUMPR4GSLBQIX3TV:alice@example.com@2026-07-28T08:43:34Z",
        )}  # fmt: skip
    assert list(kinds.values()) == [
        "identity", "identity", "key", "credential", "address", "network", "resource", "credential"]  # fmt: skip


def test_forms(trail) -> None:
    answer = trail.history("alice", **DAY)
    told = json.loads(answer.json())
    assert told["events"] == answer.data.count == sum(row["events"] for row in told["hours"])
    rows = list(csv.DictReader(io.StringIO(answer.table().csv())))
    assert len(rows) == len(told["hours"])
    assert pq.read_table(io.BytesIO(answer.table().parquet())).num_rows == len(rows)
    assert "| --- |" in answer.markdown().replace("---|", " --- |")
    assert "<table>" in answer._repr_html_()
    assert "default-src 'none'" in answer.html()
    assert answer.sql("select sum(events) as n from rows").df()["n"][0] == answer.data.count


def test_the_page_is_readable(trail) -> None:
    text = trail.history("alice", **DAY).text()
    assert text.startswith("History of alice@example.com, 2026-07-28 to 2026-07-28 (UTC)\n")
    assert re.search(r"iam:CreateAccessKey +svc-reports +AKIA6RPZRAW34DMTYBS4 +alice@example.com", text)
    assert max(map(len, text.splitlines())) < 250
    assert len(text.splitlines()) < 120


def test_a_window_without_days(trail) -> None:
    found = trail.history("alice", start="2020-01-01", end="2020-01-02")
    assert found.data.count == 0
    assert "Nothing was done" in found.text()


def test_a_window_turned_round_is_refused(trail) -> None:
    with pytest.raises(ConfigError):
        trail.history("alice", start="2026-07-29", end="2026-07-28")
