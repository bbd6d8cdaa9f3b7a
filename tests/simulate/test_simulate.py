"""The simulator: equal bytes for equal seeds, whole records, a true story, quiet quiet days."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trailwatch import config, simulate
from trailwatch.simulate import benign, story

LOG_KEY = re.compile(
    r"AWSLogs/o-exampleorg1/(?P<account>\d{12})/CloudTrail/(?P<region>[a-z0-9-]+)/(?P<day>\d{4}/\d\d/\d\d)/"
    r"(?P=account)_CloudTrail_(?P=region)_(?P<minute>\d{8}T\d{4})Z_[A-Za-z0-9]{16}\.json\.gz"
)
ALWAYS = {
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "requestParameters", "responseElements", "eventID", "eventType", "recipientAccountId", "eventCategory",
    "readOnly", "managementEvent", "userAgent",
}  # fmt: skip
BY_TYPE = {
    "Root": {"principalId", "arn", "accountId"},
    "IAMUser": {"principalId", "accountId", "userName"},
    "AssumedRole": {"principalId", "arn", "accountId", "sessionContext"},
    "AWSAccount": {"principalId", "accountId"},
    "AWSService": {"invokedBy"},
    "SAMLUser": {"principalId", "userName", "identityProvider"},
    "WebIdentityUser": {"principalId", "userName", "identityProvider"},
    "Unknown": {"principalId", "userName", "onBehalfOf"},
    "": {"accountId", "invokedBy"},
}


def logs(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every log object of a folder with its records; what lies beside the logs is left out."""
    for path in sorted(folder.glob("AWSLogs/**/*.json.gz")):
        key = path.relative_to(folder).as_posix()
        if LOG_KEY.fullmatch(key):
            yield key, json.loads(gzip.decompress(path.read_bytes()))["Records"]


@pytest.fixture(scope="module")
def objects(sample_logs: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    return list(logs(sample_logs))


@pytest.fixture(scope="module")
def records(objects: list[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    return [record for _, part in objects for record in part]


@pytest.fixture(scope="module")
def truth(sample_logs: Path) -> list[dict[str, Any]]:
    return json.loads((sample_logs / "story.json").read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate.write(tmp_path / name, seed=seed, days=2, start=date(2026, 7, 22), story=False)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_the_committed_sample_logs_are_what_the_simulator_writes(sample_logs: Path, tmp_path: Path) -> None:
    done = simulate.write(tmp_path)
    made, kept = contents(tmp_path), contents(sample_logs)
    assert kept.keys() - made.keys() == {"README.md"}
    # zlib builds may compress differently: what is said must be equal, not how it is packed.
    for key, data in made.items():
        if key.endswith(".gz"):
            assert gzip.decompress(data) == gzip.decompress(kept[key]), key
        else:
            assert data == kept[key], key
    assert done.objects == len([key for key in made if LOG_KEY.fullmatch(key)])


def test_the_samples_keep_to_their_size(sample_logs: Path, records: list[dict[str, Any]]) -> None:
    sizes = [path.stat().st_size for path in sample_logs.rglob("*") if path.is_file()]
    assert sum(sizes) <= 5_000_000
    assert len(sizes) <= 1200
    assert 25_000 <= len(records) <= 36_000


def test_every_record_has_what_its_kind_of_record_has(records: list[dict[str, Any]]) -> None:
    for record in records:
        assert record.keys() >= ALWAYS, record
        identity = record["userIdentity"]
        assert identity.keys() >= BY_TYPE[identity.get("type", "")], record
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
        assert isinstance(record["readOnly"], bool)
        if record["eventType"] == "AwsApiCall":
            assert record["requestID"], record
    types = {record["userIdentity"].get("type", "") for record in records}
    assert types == BY_TYPE.keys()


def test_no_template_word_is_left_unfilled(records: list[dict[str, Any]]) -> None:
    left = [r for r in records if re.search(r"<(?!sensitiveDataRemoved)[a-z0-9]+>", json.dumps(r))]
    assert not left


def test_objects_lie_under_their_account_and_region_and_arrive_after_their_events(
    objects: list[tuple[str, list[dict[str, Any]]]],
) -> None:
    unsorted = 0
    for key, part in objects:
        place = LOG_KEY.fullmatch(key)
        assert place
        assert {r["recipientAccountId"] for r in part} == {place["account"]}
        assert {r["awsRegion"] for r in part} == {place["region"]}
        times = [r["eventTime"] for r in part]
        assert max(times).replace("-", "").replace(":", "")[:13] <= place["minute"]
        assert place["minute"].startswith(place["day"].replace("/", ""))
        unsorted += times != sorted(times)
    assert unsorted > len(objects) / 3


def test_issued_temporary_keys_are_used_by_their_sessions(records: list[dict[str, Any]]) -> None:
    issued = {
        r["responseElements"]["credentials"]["accessKeyId"]: r["responseElements"]["assumedRoleUser"]["arn"]
        for r in records
        if (r["responseElements"] or {}).get("assumedRoleUser")  # a federation token or one for root has no role
    }
    used = {
        r["userIdentity"]["accessKeyId"]: r["userIdentity"]["arn"]
        for r in records
        if r["userIdentity"].get("type") == "AssumedRole" and "accessKeyId" in r["userIdentity"]
    }
    both = issued.keys() & used.keys()
    assert len(both) > 0.9 * len(issued)
    assert all(issued[key] == used[key] for key in both)


def test_a_cross_account_assume_role_is_told_by_both_accounts(records: list[dict[str, Any]]) -> None:
    shared: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if "sharedEventID" in record:
            shared.setdefault(record["sharedEventID"], []).append(record)
    pairs = [pair for pair in shared.values() if len({r["recipientAccountId"] for r in pair}) == 2]
    assert len(pairs) > 50
    for pair in pairs:
        assert len({r["eventID"] for r in pair}) == len(pair)
        assert {r["userIdentity"]["type"] for r in pair} == {"AssumedRole", "AWSAccount"}


def test_the_story_names_events_that_are_there_once_and_on_its_days(
    truth: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    count = Counter(record["eventID"] for record in records)
    when = {record["eventID"]: record["eventTime"][:10] for record in records}
    planted = [event for chapter in truth for event in chapter["event_ids"]]
    assert len(planted) == len(set(planted))
    assert {event for event in planted if count[event] != 1} == set()
    for chapter in truth:
        days = {date.fromisoformat(day) for day in chapter["dates"]}
        for event in chapter["event_ids"]:
            # A night in Berlin may begin on the day before in UTC.
            assert min(abs((date.fromisoformat(when[event]) - day).days) for day in days) <= 1
        assert bool(chapter["event_ids"]) == (chapter["kind"] not in {"quiet", "neglect"})


def test_nothing_is_planted_on_quiet_days(truth: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    quiet = {str(day) for day in story.QUIET}
    assert {day for chapter in truth if chapter["kind"] == "quiet" for day in chapter["dates"]} == quiet
    planted = {event for chapter in truth for event in chapter["event_ids"]}
    assert not [r for r in records if r["eventTime"][:10] in quiet and r["eventID"] in planted]


def test_quiet_days_hold_every_harmless_call_of_the_table_with_a_history(records: list[dict[str, Any]]) -> None:
    first: dict[tuple[str, str], str] = {}
    on_quiet_days = set()
    quiet = {str(day) for day in story.QUIET}
    for record in sorted(records, key=lambda record: record["eventTime"]):
        call = record["eventSource"].removesuffix(".amazonaws.com"), record["eventName"]
        first.setdefault(call, record["eventTime"][:10])
        if record["eventTime"][:10] in quiet:
            on_quiet_days.add(call)
    rows = {tuple(row.api.split(":")) for row in benign.TABLE}
    assert len(benign.TABLE) >= 30
    assert rows - on_quiet_days == set()
    assert {call: day for call, day in first.items() if call in rows and day > "2026-06-30"} == {}


def test_no_record_tells_that_it_is_planted(sample_logs: Path, objects: list[tuple[str, list[dict[str, Any]]]]) -> None:
    text = " ".join(json.dumps(part) for _, part in objects).lower()
    for word in ("simulated", "planted", "intruder", "attack", "lookalike", "trailwatch", "story"):
        assert not re.search(rf"\b{word}", text), word
    assert tomllib.loads((sample_logs / "trailwatch.toml").read_text())["organization"]["id"] == "o-exampleorg1"


def test_the_configuration_is_valid(sample_logs: Path) -> None:
    loaded = config.load(str(sample_logs / "trailwatch.toml"), environment={})
    assert loaded.people["mallory-contractor@partner.example"].until == date(2026, 7, 17)
    assert loaded.organization.partners == ["510987654321"]


def test_a_larger_world_has_more_of_everything() -> None:
    small, large = (
        [r for _, part in simulate.stream(days=1, scale=scale, story=False) for r in part] for scale in (1.0, 9.0)
    )
    assert 5 * len(small) < len(large) < 14 * len(small)
    people = [
        {r["userIdentity"]["userName"] for r in w if r["userIdentity"].get("type") == "SAMLUser"}
        for w in (small, large)
    ]
    assert len(people[1]) > 2 * len(people[0])
    assert len({r["eventID"] for r in large}) == len(large)
