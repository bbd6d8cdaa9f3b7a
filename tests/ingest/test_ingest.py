"""Ingest into a store: the account adds up, the ledger decides, nothing stops the rest."""

from __future__ import annotations

import gzip
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from trails import ACCOUNT, DAY, Tree, key, record, text

from trailwatch.ingest.collect import ingest, read
from trailwatch.ingest.limits import Limits
from trailwatch.store.tables import Store
from trailwatch.window import Window

Ask = Callable[..., list[tuple[Any, ...]]]
INSIGHT = {"eventVersion": "1.08", "eventTime": f"{DAY}T10:00:00Z", "eventID": "i", "eventCategory": "Insight",
           "eventType": "AwsCloudTrailInsight", "insightDetails": {"state": "Start"}}  # fmt: skip


def events(store: Store, rows: Ask) -> list[str]:
    return [found[0] for found in rows(store, "events", "select event_id from events order by all")]


def test_everything_that_lies_in_a_bucket_is_in_the_account(tree: Tree, store: Store, rows: Ask) -> None:
    tree.put(key(1), [record(1), record(2)])
    tree.put(key(2, region="us-east-1"), [record(3), {"eventTime": "never"}, 5])
    tree.put(key(3, organization="o-exampleorgid", prefix="o-exampleorgid/"), [record(4)])
    tree.put(key(4, kind="CloudTrail-Insight"), [INSIGHT])
    tree.put(key(5), b"")
    tree.put(key(6), text([record(5), record(6)])[:-200])
    tree.put(key(7), gzip.compress(text([record(7)]))[:-30], packed=False)
    tree.put(f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/01/05/{ACCOUNT}_CloudTrail-Digest_us-east-1_t_us-east-1_"
             "20260105T101010Z.json.gz", b'{"digestS3Object":"x"}')  # fmt: skip
    tree.put(f"AWSLogs/{ACCOUNT}/Config/us-east-1/2026/1/5/x.json.gz", b"{}")
    tree.put(f"AWSLogs/{ACCOUNT}/GuardDuty/us-east-1/2026/01/05/x.jsonl.gz", b"{}")
    tree.put("notes.json", b'{"hello":1}')
    tree.put("readme.txt", b"hello")
    account = ingest(store, str(tree.root))
    assert account.balanced()
    assert (account.listed, account.read, account.failed_objects) == (12, 4, 3)
    assert account.skipped == {"CloudTrail-Digest": 1, "Config": 1, "GuardDuty": 1, "unrecognised": 2}
    assert (account.others, account.events, account.records) == ({"Insight": 1}, 5, 10)
    assert account.not_understood == {"eventTime is not a time": 1, "no JSON object": 1, "broken JSON": 2}
    assert [Path(failed["key"]).name[-21:] for failed in account.failed] == [
        f"{number:013d}.json.gz" for number in (5, 6, 7)
    ]
    reasons = [failed["reason"] for failed in account.failed]
    assert reasons[0] == "empty"
    assert "1 whole records were kept" in reasons[1]
    assert "gzip cut off" in reasons[2]
    assert events(store, rows) == [record(number)["eventID"] for number in range(1, 6)]
    statuses = rows(store, "objects", "select status, sum(records), sum(events), sum(others), sum(not_understood) "
                                      "from objects group by 1 order by 1")  # fmt: skip
    assert statuses == [("failed", 3, 1, 0, 2), ("read", 7, 4, 1, 2)]
    assert rows(store, "others", "select record_class, count(*) from others group by 1 order by 1") == [
        ("Insight", 1), ("not-understood", 4),
    ]  # fmt: skip
    assert json.dumps(account.as_dict())
    assert "5 events" in account.text()


def test_a_second_run_fetches_nothing(tree: Tree, store: Store, rows: Ask) -> None:
    for number in range(5):
        tree.put(key(number), [record(number)])
    first, second = ingest(store, str(tree.root)), ingest(store, str(tree.root))
    assert (first.read, second.read, second.known, second.bytes, second.events) == (5, 0, 5, 0, 0)
    assert second.balanced()
    assert "read before" in second.why
    tree.put(key(9), [record(9)])
    third = ingest(store, str(tree.root))
    assert (third.read, third.known, third.events, third.why) == (1, 5, 1, "")
    assert len(events(store, rows)) == 6


def test_a_changed_object_is_an_alarm_and_is_not_read_again(tree: Tree, store: Store, rows: Ask) -> None:
    path = tree.put(key(1), [record(1)])
    ingest(store, str(tree.root))
    tree.put(key(1), [record(2)])
    os.utime(path, ns=(1, 1))
    account = ingest(store, str(tree.root))
    assert account.balanced()
    assert (account.changed_objects, account.read, account.events) == (1, 0, 0)
    assert account.changed[0]["key"] == str(path)
    assert account.changed[0]["was"] != account.changed[0]["now"]
    assert "tampering" in account.text()
    assert events(store, rows) == [record(1)["eventID"]]
    assert rows(store, "objects", "select status from objects order by ingested_at") == [("read",), ("changed",)]
    # Told once: the changed object is now the known one.
    assert ingest(store, str(tree.root)).changed_objects == 0


def test_a_file_that_was_only_touched_is_no_alarm(tree: Tree, store: Store) -> None:
    path = tree.put(key(1), [record(1)])
    ingest(store, str(tree.root))
    os.utime(path, ns=(10**18, 10**18))
    again = ingest(store, str(tree.root))
    assert (again.changed_objects, again.known, again.balanced()) == (0, 1, True)


def test_what_failed_is_tried_again(tree: Tree, store: Store, rows: Ask) -> None:
    path = tree.put(key(1), b"")
    assert ingest(store, str(tree.root)).failed_objects == 1
    assert ingest(store, str(tree.root)).failed_objects == 1
    path.write_bytes(gzip.compress(text([record(1)])))
    account = ingest(store, str(tree.root))
    assert (account.failed_objects, account.read, account.changed_objects) == (0, 1, 0)
    assert events(store, rows) == [record(1)["eventID"]]


def test_what_was_kept_in_part_is_read_again_when_it_is_whole(tree: Tree, store: Store, rows: Ask) -> None:
    whole = text([record(1), record(2)])
    tree.put(key(1), whole[:-50])
    first = ingest(store, str(tree.root))
    assert (first.events, first.failed_objects) == (1, 1)
    second = ingest(store, str(tree.root))
    assert (second.events, second.known) == (0, 1)
    tree.put(key(1), whole)
    third = ingest(store, str(tree.root))
    assert (third.events, third.read, third.changed_objects) == (2, 1, 0)
    assert events(store, rows) == [record(number)["eventID"] for number in (1, 1, 2)]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ({"accounts": ["444455556666"]}, [3]),
        ({"regions": ["us-east-1"]}, [2]),
        ({"window": Window(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 1, 21, tzinfo=UTC))}, [4]),
        ({"window": Window(datetime(2026, 1, 6, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC))}, [1, 2, 3]),
        ({}, [1, 2, 3, 4]),
    ],
)
def test_accounts_regions_and_days(tree: Tree, store: Store, rows: Ask, question: Any, numbers: list[int]) -> None:
    tree.put(key(1), [record(1)])
    tree.put(key(2, region="us-east-1"), [record(2)])
    tree.put(key(3, account="444455556666"), [record(3)])
    tree.put(key(4, day="2026-01-20"), [record(4, eventTime="2026-01-20T10:00:00Z")])
    account = ingest(store, str(tree.root), **question)
    assert (account.balanced(), account.outside) == (True, 4 - len(numbers))
    assert events(store, rows) == [record(number)["eventID"] for number in numbers]
    # What was left out is not taken for read.
    assert ingest(store, str(tree.root)).read == 4 - len(numbers)


def test_late_records_reach_their_own_day(tree: Tree, store: Store, rows: Ask) -> None:
    tree.put(key(1, day="2026-01-30"), [record(1), record(2, eventTime="2026-01-30T00:00:00Z")])
    ingest(store, str(tree.root))
    assert rows(store, "events", "select dt from events order by dt") == [(date(2026, 1, 5),), (date(2026, 1, 30),)]
    assert [Path(path).parent.parent.name for path in sorted(store.files("events"))] == [
        "dt=2026-01-05",
        "dt=2026-01-30",
    ]


def test_what_is_written_is_private(tree: Tree, store: Store) -> None:
    tree.put(key(1), [record(1), 5])
    ingest(store, str(tree.root))
    for path in [Path(store.uri), *Path(store.uri).rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


class Steps:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:
        self.calls.append(("start", (label, total, unit)))

    def advance(self, steps: int = 1, **figures: int) -> None:
        self.calls.append(("advance", (steps, figures)))

    def finish(self) -> None:
        self.calls.append(("finish", None))


def test_progress_counts_objects_events_and_bytes(tree: Tree, store: Store) -> None:
    for number in range(4):
        tree.put(key(number), [record(number)])
    steps = Steps()
    account = ingest(store, str(tree.root), progress=steps, limits=Limits(batch=1))
    assert ("start", ("ingest", 4, "objects")) in steps.calls
    assert steps.calls[-1] == ("finish", None)
    advanced = [figures for name, figures in steps.calls if name == "advance" and figures[1]]
    assert sum(count for count, _ in advanced) == 4
    assert advanced[-1][1] == {"events": 4, "bytes": account.bytes}


@pytest.mark.parametrize(
    ("put", "question", "words"),
    [
        ([], {}, "Nothing is stored there"),
        (["readme.txt"], {}, "AWSLogs/<account>/CloudTrail/"),
        ([key(1)], {"accounts": ["999988887777"]}, "--account"),
        ([key(1)], {"window": Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC))}, "--from"),
    ],
)
def test_an_empty_result_says_why(tree: Tree, store: Store, put: list[str], question: Any, words: str) -> None:
    for at in put:
        tree.put(at, [record()])
    account = ingest(store, str(tree.root), **question)
    assert (account.events, account.balanced()) == (0, True)
    assert words in account.why
    assert account.why in account.text()


def test_an_object_of_50_megabytes_is_read_and_a_bomb_is_not(tree: Tree, store: Store) -> None:
    tree.put(key(1), b'{"Records":[' + b",".join([text([record(1)])[12:-2]] * 70_000) + b"]}")
    tree.put(key(2), bytes(300 * 2**20))
    tree.put(key(3), [record(3)])
    account = ingest(store, str(tree.root))
    assert (account.events, account.read, account.failed_objects) == (70_001, 2, 1)
    assert "after decompression" in account.failed[0]["reason"]


def test_a_stored_object_beyond_the_limit_is_not_fetched(tree: Tree) -> None:
    tree.put(key(1), os.urandom(5_000), packed=False)
    tree.put(key(2), [record(2)])
    found, account = read(str(tree.root), limits=Limits(inflated=3_000))
    assert (found.num_rows, account.bytes < 1_000) == (1, True)
    assert "as it is stored" in account.failed[0]["reason"]


def test_reading_without_a_store_gives_the_same_events(tree: Tree, store: Store, rows: Ask) -> None:
    for number in range(5):
        tree.put(key(number), [record(number * 10 + one) for one in range(10)])
    found, account = read(str(tree.root), limits=Limits(batch=1))
    ingest(store, str(tree.root))
    assert sorted(found["event_id"].to_pylist()) == events(store, rows)
    assert (account.events, account.balanced()) == (50, True)


@pytest.mark.parametrize("name", ["invictus", "stratus"])
def test_real_logs(shared_data: Path, name: str) -> None:
    found, account = read(str(shared_data / name))
    assert account.balanced()
    assert found.num_rows == account.records == {"invictus": 2_900, "stratus": 142}[name]
    assert account.skipped == {"invictus": {}, "stratus": {"unrecognised": 1}}[name]
    assert len(set(found["event_id"].to_pylist())) == found.num_rows
    assert not any('sessionToken":"I' in (value or "") for value in found["response"].to_pylist())
