"""Where logs are in a bucket: every layout, found level by level, and nothing else listed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import obstore
import pytest
from obstore.store import MemoryStore
from trails import ACCOUNT, REGION, key

from trailwatch.ingest import bucket
from trailwatch.ingest.account import Account
from trailwatch.ingest.asking import Asking
from trailwatch.ingest.branches import discover
from trailwatch.ingest.bucket import Bucket
from trailwatch.ingest.items import Wanted
from trailwatch.ingest.keys import read

ORGANIZATION = "o-exampleorgid"
OTHER = "444455556666"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def memory(*keys: str) -> MemoryStore:
    store = MemoryStore()
    for at in keys:
        obstore.put(store, at, b"x")
    return store


def listed(store: MemoryStore, prefix: str = "", wanted: Wanted | None = None) -> tuple[list[str], Account]:
    account = Account()
    found = [item.key for item in Bucket("b", prefix, store).list(wanted or Wanted(), account)]
    assert len(found) == len(set(found))
    return found, account


LAYOUTS = [
    key(1),
    key(2, prefix="trail/"),
    key(3, prefix="a/b/c/"),
    key(4, organization=ORGANIZATION),
    key(5, organization=ORGANIZATION, prefix=f"{ORGANIZATION}/"),
    key(6, prefix=f"{ORGANIZATION}/"),
    key(7, account=OTHER, region="us-east-1"),
    key(8, kind="CloudTrail-Insight"),
]


@pytest.mark.parametrize("prefix", ["", "/"])
def test_all_layouts_side_by_side(prefix: str) -> None:
    found, account = listed(memory(*LAYOUTS), prefix)
    assert sorted(found) == sorted(LAYOUTS)
    assert account.not_listed == {}


@pytest.mark.parametrize("levels", range(1, 9))
def test_a_source_may_begin_at_any_level(levels: int) -> None:
    whole = key(1, organization=ORGANIZATION)
    prefix = "/".join(whole.split("/")[:levels])
    assert listed(memory(whole, key(2, prefix="elsewhere/")), prefix)[0] == [whole]


def test_a_single_object() -> None:
    assert listed(memory(*LAYOUTS), LAYOUTS[0])[0] == [LAYOUTS[0]]


def test_neighbours_are_counted_and_not_opened() -> None:
    store = memory(
        key(1), f"AWSLogs/{ACCOUNT}/Config/{REGION}/2020/8/31/x.json.gz", f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01/05/x",
        f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/01/05/x.json.gz", "AWSLogs/strange/x", "readme.txt",
    )  # fmt: skip
    found, account = listed(store)
    assert sorted(found) == sorted([key(1), "readme.txt"])
    assert account.not_listed == {"Config": 1, "vpcflowlogs": 1, "CloudTrail-Digest": 1, "unrecognised": 1}


def test_only_the_accounts_and_regions_that_are_asked_for(pool: ThreadPoolExecutor) -> None:
    store = memory(*LAYOUTS)
    assert listed(store, wanted=Wanted(accounts=frozenset([OTHER])))[0] == [LAYOUTS[6]]
    assert listed(store, wanted=Wanted(regions=frozenset(["us-east-1"])))[0] == [LAYOUTS[6]]
    branches = discover(store, "", Wanted(accounts=frozenset([OTHER])), pool, Asking()).branches
    assert [branch.prefix for branch in branches] == [f"AWSLogs/{OTHER}/CloudTrail/us-east-1"]


def test_only_the_days_that_are_asked_for() -> None:
    days = [f"2026-01-{day:02d}" for day in range(1, 31)]
    store = memory(*[key(number, day=day) for day in days for number in (1, 2)])
    found, _ = listed(store, wanted=Wanted(days=(date(2026, 1, 9), date(2026, 1, 11))))
    assert found == [key(number, day=day) for day in days[8:11] for number in (1, 2)]
    assert len(listed(store, wanted=Wanted(days=(date.min, date(2026, 1, 2))))[0]) == 4
    assert len(listed(store, wanted=Wanted(days=(date(2026, 1, 29), date.max)))[0]) == 4


WINDOWS = [
    None,
    (date(2026, 1, 9), date(2026, 1, 11)),
    (date.min, date(2026, 1, 2)),
    (date(2025, 12, 31), date.max),
]


@pytest.mark.parametrize("days", WINDOWS)
@pytest.mark.parametrize("page", [1, 2, 7])
def test_days_side_by_side_are_the_same_keys(days, page, monkeypatch) -> None:
    folder = key(1).rpartition("/2026/")[0]
    odd = [f"{folder}/2026/notes.json", f"{folder}/2026/01/index.json", f"{folder}/zzz/a/b/c.json", f"{folder}/zzz.json",
           f"{folder}/2026/01/05x/c.json", f"{folder}/0.json"]  # fmt: skip
    dated = [key(number, day=day) for day in ("2025-12-30", "2025-12-31", *[f"2026-01-{day:02d}" for day in range(1, 25)])
             for number in (1, 2, 3)]  # fmt: skip
    store = memory(*dated, *odd, key(1, region="eu-west-2"))
    expected, whole = listed(store, wanted=Wanted(days=days))
    monkeypatch.setattr(bucket, "_PAGE", page)
    found, account = listed(store, wanted=Wanted(days=days))
    assert set(found) <= set(expected)
    # What lies between the folders of days, before the first day or after the last, is nobody's business.
    assert {at for at in expected if read(at).day or days is None} <= set(found)
    assert (days is not None) or set(odd) <= set(found)
    assert account.not_listed == whole.not_listed


def test_days_within_a_prefix_below_the_region() -> None:
    store = memory(key(1, day="2026-01-05"), key(2, day="2026-01-06"))
    prefix = key(1).rpartition("/2026/")[0] + "/2026/01"
    found, _ = listed(store, prefix, Wanted(days=(date(2026, 1, 6), date(2026, 1, 6))))
    # Everything below is listed; what is outside of the days is left to the reader.
    assert set(found) >= {key(2, day="2026-01-06")}


def test_a_folder_of_exports_without_the_layout() -> None:
    keys = ["exports/one.json", "exports/two/three.jsonl.gz"]
    assert sorted(listed(memory(*keys), "exports")[0]) == keys


def test_an_empty_bucket() -> None:
    assert listed(memory())[0] == []


def test_the_search_does_not_open_a_wide_bucket(pool: ThreadPoolExecutor) -> None:
    store = memory(key(1), *[f"data{number}/x/y/z" for number in range(700)])
    tree = discover(store, "", Wanted(), pool, Asking())
    assert [branch.prefix for branch in tree.branches] == [f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}"]
    assert tree.passed == ["unrecognised"] * 700
