"""Ingest from a real S3 server, and into a store that is kept on it."""

from __future__ import annotations

import configparser
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from servers import S3Server
from trails import DAY, key, record, text

from trailwatch.aws import Access
from trailwatch.errors import SourceError
from trailwatch.ingest.collect import ingest, read
from trailwatch.ingest.sources import open_source
from trailwatch.store.tables import Store
from trailwatch.window import Window

Ask = Callable[..., list[tuple[Any, ...]]]
NOW = datetime(2026, 1, 10, 6, tzinfo=UTC)


@pytest.fixture
def bucket(aws: S3Server) -> Callable[..., str]:
    """Fill a bucket of its own with objects, and return its name."""
    name = aws.bucket()

    def fill(objects: dict[str, bytes | list[dict[str, Any]]]) -> str:
        for at, body in objects.items():
            aws.put(name, at, gzip.compress(text(body)) if isinstance(body, list) else body)
        return name

    return fill


def test_real_logs_from_a_real_server(aws: S3Server, shared_data: Path, store: Store, rows: Ask) -> None:
    name = aws.bucket()
    count = aws.fill(name, shared_data / "invictus", prefix="o-exampleorgid/")
    account = ingest(store, f"s3://{name}")
    assert account.balanced()
    assert (account.listed, account.read, account.events) == (count, 55, 2_900)
    assert rows(store, "events", "select count(distinct event_id) from events") == [(2_900,)]
    again = ingest(store, f"s3://{name}/o-exampleorgid/")
    assert (again.read, again.known, again.balanced()) == (0, 55, True)


def test_a_store_on_the_same_server(aws: S3Server, bucket: Callable[..., str], rows: Ask) -> None:
    name = bucket({key(1): [record(1)], key(2): [record(2), {"eventTime": "never"}]})
    store = Store.open(f"s3://{aws.bucket()}/trailwatch", options=Access().storage_options())
    account = ingest(store, f"s3://{name}", now=NOW)
    assert (account.events, account.balanced()) == (2, True)
    assert ingest(store, f"s3://{name}", now=NOW, reconcile=True).known == 2
    quiet = ingest(store, f"s3://{name}", now=NOW)
    assert (quiet.listed, "--reconcile" in quiet.why) == (0, True)
    assert rows(store, "events", "select count(*) from events") == [(2,)]
    assert store.marked(f"listed s3://{name}/") == NOW


def test_a_later_run_lists_only_recent_days_and_reconcile_the_rest(
    aws: S3Server, bucket: Callable[..., str], store: Store
) -> None:
    name = bucket({key(1): [record(1)]})
    assert ingest(store, f"s3://{name}", now=NOW).read == 1
    # Delivered late: one within the days that each run looks back, one before them, one from the future.
    for number, day in ((2, "2026-01-08"), (3, "2025-12-20"), (4, "2026-01-11"), (5, "2025-11-01")):
        aws.put(name, key(number, day=day), gzip.compress(text([record(number)])))
    assert ingest(store, f"s3://{name}", now=NOW).read == 2
    reconciled = ingest(store, f"s3://{name}", now=NOW, reconcile=True)
    assert (reconciled.read, reconciled.known, reconciled.balanced()) == (1, 3, True)
    window = Window(datetime(2025, 11, 1, tzinfo=UTC), datetime(2025, 11, 2, tzinfo=UTC))
    assert ingest(store, f"s3://{name}", now=NOW, window=window).read == 1


def test_a_narrowed_run_does_not_count_as_complete(bucket: Callable[..., str], store: Store) -> None:
    name = bucket({key(1): [record(1)], key(2, region="us-east-1", day="2025-01-01"): [record(2)]})
    assert ingest(store, f"s3://{name}", now=NOW, regions=["eu-west-1"]).read == 1
    assert ingest(store, f"s3://{name}", now=NOW).read == 1


def test_a_changed_object_is_an_alarm(aws: S3Server, bucket: Callable[..., str], store: Store, rows: Ask) -> None:
    name = bucket({key(1): [record(1)]})
    ingest(store, f"s3://{name}", now=NOW, reconcile=True)
    aws.put(name, key(1), gzip.compress(text([record(2)])))
    account = ingest(store, f"s3://{name}", now=NOW, reconcile=True)
    assert (account.changed_objects, account.read, account.balanced()) == (1, 0, True)
    assert account.changed[0]["key"] == key(1)
    assert rows(store, "events", "select event_id from events") == [(record(1)["eventID"],)]
    assert ingest(store, f"s3://{name}", now=NOW, reconcile=True).changed_objects == 0


def test_what_failed_is_tried_again_although_its_day_is_listed_no_more(
    aws: S3Server, bucket: Callable[..., str], store: Store
) -> None:
    old, gone = key(1, day="2025-06-01"), key(2, day="2025-06-01")
    name = bucket({old: b"", gone: b"", key(3): [record(3)]})
    assert ingest(store, f"s3://{name}", now=NOW).failed_objects == 2
    aws.put(name, old, gzip.compress(text([record(1)])))
    aws.store(name).delete(gone)
    second = ingest(store, f"s3://{name}", now=NOW)
    assert (second.read, second.failed_objects, second.balanced()) == (1, 1, True)
    assert second.failed[0]["reason"] == "no longer there"
    third = ingest(store, f"s3://{name}", now=NOW)
    assert (third.failed_objects, third.read) == (0, 0)


def test_a_bucket_that_is_not_there(aws: S3Server) -> None:
    with pytest.raises(SourceError, match=r"s3://nowhere-at-all"):
        read("s3://nowhere-at-all/x")


def test_a_refusal_names_the_permissions(
    aws: S3Server, monkeypatch: pytest.MonkeyPatch, bucket: Callable[..., str]
) -> None:
    name = bucket({key(1): [record(1)]})
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(SourceError, match="s3:ListBucket"):
        read(f"s3://{name}")


def test_without_credentials_it_says_how_to_get_them(aws: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="--profile"):
        read("s3://bucket/x")


def test_a_profile_and_an_endpoint_of_its_own(
    aws: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bucket: Callable[..., str]
) -> None:
    name = bucket({key(1): [record(1)]})
    for variable in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(variable)
    credentials = configparser.ConfigParser()
    credentials["audit"] = {"aws_access_key_id": aws.access_key, "aws_secret_access_key": aws.secret_key}
    with (tmp_path / "credentials").open("w") as file:
        credentials.write(file)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    access = Access(profile="audit", region="us-east-1", endpoint_url=aws.endpoint, requester_pays=True)
    events, account = read(f"s3://{name}", access=access)
    assert (events.num_rows, account.balanced()) == (1, True)
    with pytest.raises(SourceError, match="list-profiles"):
        read(f"s3://{name}", access=Access(profile="nobody"))


def test_many_small_objects_in_threads(aws: S3Server, store: Store) -> None:
    name = aws.bucket()
    for number in range(300):
        aws.put(name, key(number, day=f"2026-01-{number % 9 + 1:02d}"), gzip.compress(text([record(number)])))
    account = ingest(store, f"s3://{name}", now=NOW)
    assert (account.read, account.events, account.balanced()) == (300, 300, True)
    begun = datetime.fromisoformat(DAY) - timedelta(days=1)
    window = Window(begun.replace(tzinfo=UTC), begun.replace(tzinfo=UTC) + timedelta(days=2))
    events, account = read(f"s3://{name}", window=window)
    assert account.listed == events.num_rows == sum(2 <= number % 9 <= 5 for number in range(300))


def test_one_object_of_a_bucket(bucket: Callable[..., str]) -> None:
    name = bucket({key(1): [record(1)], key(2): [record(2)]})
    assert read(f"s3://{name}/{key(2)}")[0]["event_id"].to_pylist() == [record(2)["eventID"]]
    assert open_source(f"s3://{name}/{key(2)}").name == f"s3://{name}/{key(2)}"
