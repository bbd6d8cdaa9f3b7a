"""What the doctor sees, offline and in AWS, and that each thing amiss comes with its remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faults.proxy import Fault, Proxy
from trails import Tree, key, record

import trailwatch as tw
from trailwatch import doctor
from trailwatch.aws import Access
from trailwatch.config import SourceSection, StoreSection
from trailwatch.doctor import delivery, trails
from trailwatch.errors import SourceError

DENIED = {"kind": "error", "status": 403, "code": "AccessDenied", "message": "Access Denied"}
EXPIRED = {"kind": "error", "status": 400, "code": "ExpiredToken", "message": "The provided token has expired."}
LIMITS = {"timeout": 1, "retries": 0}
GOOD = {"Name": "org", "TrailARN": "arn:aws:cloudtrail:eu-west-1:1:trail/org", "HomeRegion": "eu-west-1",
        "IsMultiRegionTrail": True, "IsOrganizationTrail": True, "LogFileValidationEnabled": True, "IsLogging": True,
        "LatestDeliveryError": None, "EventSelectors": [], "AdvancedEventSelectors": []}  # fmt: skip


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[Any]:
    """Look, and return each line under its name."""

    def look(source: str = "", store: str = "", **options: Any) -> dict[str, str]:
        config = tw.Config(source=SourceSection(path=source, **LIMITS))
        opened = tw.open(store or str(tmp_path / "store"), config=config, create=True).store
        found = list(doctor.check(config, store=opened, now=datetime.now(UTC), **options))
        return {one.name: one.text() for one in found}

    return look


def test_a_bucket_that_can_be_read(proxy: Proxy, bucket, looked) -> None:
    found = looked(f"s3://{bucket}", f"s3://{bucket}/store")
    assert found["bucket"].startswith("ok ")
    assert proxy.endpoint in found["bucket"]
    assert found["store in S3"].startswith("ok ")
    assert not [request for request in proxy.seen if request.method == "PUT" and "_probe-" not in request.path]
    probes = [request.method for request in proxy.seen if "_probe-" in request.path or "delete" in request.query]
    assert probes[0] == "PUT"
    assert len(probes) == 2, "what was written is taken away"


@pytest.mark.parametrize(("fault", "method", "name", "remedy"), [
    (DENIED, "GET", "bucket", "s3:ListBucket"), (EXPIRED, "GET", "bucket", "aws sso login"),
    ({"kind": "reset"}, "GET", "bucket", "network"), (DENIED, "PUT", "store in S3", "s3:"),
], ids=["list denied", "expired", "reset", "write denied"])  # fmt: skip
def test_what_is_refused_is_named_with_its_remedy(proxy: Proxy, bucket, looked, fault, method, name, remedy) -> None:
    proxy.faults.append(
        Fault(when=lambda request: request.method == method and "_delta_log" not in request.path, **fault)
    )
    (line,) = [line for at, line in looked(f"s3://{bucket}", f"s3://{bucket}/store").items() if at == name]
    assert line.startswith("BAD")
    assert remedy in line.partition("Try: ")[2]


def test_objects_that_cannot_be_read_point_at_their_key(proxy: Proxy, bucket, looked) -> None:
    proxy.faults.append(Fault(when=lambda request: request.path.endswith(".json.gz"), **DENIED))
    line = looked(f"s3://{bucket}")["bucket"]
    assert line.startswith("BAD")
    assert "kms:Decrypt" in line


def test_offline_nothing_is_asked(proxy: Proxy, bucket, looked, command) -> None:
    found = looked(f"s3://{bucket}", offline=True)
    assert "offline" in found["credentials"]
    assert "offline" in found["trails"]
    assert proxy.seen == []
    done = command("doctor", "--offline", "--store", f"s3://{bucket}/store")
    assert "?    credentials: not looked at: offline" in done.out
    assert "?    store: not looked at" in done.out
    assert proxy.seen == []


def test_no_credentials_are_told(looked, monkeypatch, tmp_path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert looked("s3://a-bucket")["credentials"].startswith("BAD")


@pytest.mark.parametrize(("change", "name", "remedy"), [
    ({"IsLogging": False}, "trails 1 org", "start-logging"),
    ({"LogFileValidationEnabled": False}, "trails 1 org", "--enable-log-file-validation"),
    ({"IsMultiRegionTrail": False}, "trails 1 org", "--is-multi-region-trail"),
    ({"LatestDeliveryError": "AccessDenied"}, "trails 1 org", "policy of its bucket"),
    ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}, "trails 1 org", "put-event-selectors"),
    ({"EventSelectors": [{"IncludeManagementEvents": False}]}, "trails 1 org", "put-event-selectors"),
    ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}, "trails 1 org",
     "put-event-selectors"),
], ids=lambda value: str(value)[:60])  # fmt: skip
def test_a_trail_that_logs_less_is_named_with_its_remedy(change, name, remedy) -> None:
    assert [one.good for one in trails.account_checks("1", [GOOD])] == [True, True]
    bad = [one for one in trails.account_checks("1", [GOOD | change]) if one.good is False]
    assert {one.name for one in bad} == {name}
    assert any(remedy in one.remedy for one in bad)
    # Beside one that logs all, a trail may log less, but not nothing and not without proof.
    beside = [one for one in trails.account_checks("1", [GOOD, GOOD | change]) if one.good is False]
    assert bool(beside) == bool({"IsLogging", "LogFileValidationEnabled", "LatestDeliveryError"} & set(change))


def test_no_trail_and_data_events_are_told() -> None:
    (none,) = trails.account_checks("1", [])
    assert (none.good, "create-trail" in none.remedy) == (False, True)
    told = [one.says for one in trails.account_checks("1", [GOOD])]
    assert "not seen" in told[-1]
    data = GOOD | {"EventSelectors": [{"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object"}]}]}
    assert [one.says for one in trails.account_checks("1", [data])][-1] == "some are logged"


def test_trails_of_a_snapshot_are_used_where_nothing_is_asked(looked, command, tmp_path) -> None:
    import exports

    folder = exports.write(tmp_path / "e", **{"t.json": json.dumps({"trailList": [GOOD | {"S3BucketName": "b"}]})})
    command("snapshot", "--from", folder, "--account", "111122223333", "--store", tmp_path / "store")
    found = looked(offline=True)
    assert "as of the last snapshot" in found["trails 111122223333"]


def test_delivery_gaps_failures_and_age_are_told(tmp_path, command) -> None:
    tree = Tree(tmp_path / "logs")
    for number, day in enumerate(("2026-01-05", "2026-01-06", "2026-01-09")):
        tree.put(key(number, day=day), [record(number, eventTime=f"{day}T10:00:00Z")])
    tree.put(key(7), b"cut off", packed=False)
    trail = tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
    trail.ingest(str(tree.root))
    now = datetime.now(UTC)
    found = {one.name: one for one in delivery.checks(trail.store, now=now)}
    assert found["last ingest"].good
    assert (found["gaps"].good, "2 days" in found["gaps"].says) == (False, True)
    assert "--from 2026-01-07 --to 2026-01-08" in found["gaps"].remedy
    assert (found["objects"].good, "1 could not be read" in found["objects"].says) == (False, True)
    later = {one.name: one for one in delivery.checks(trail.store, now=now + timedelta(days=3))}
    assert later["last ingest"].good is False
    Path(trail.store.uri).chmod(0o755)
    done = command("doctor", "--store", trail.store.uri, "--format", "json")
    modes = [one for one in json.loads(done.out) if one["name"] == "modes"]
    assert (done.code, modes[0]["good"], "chmod" in modes[0]["remedy"]) == (1, False, True)


def test_delivery_lag_is_measured_of_objects_in_a_bucket(proxy: Proxy, bucket, tmp_path, config) -> None:
    trail = tw.open(str(tmp_path / "store"), config=config, create=True)
    trail.ingest(f"s3://{bucket}")
    (lag,) = [one for one in delivery.checks(trail.store, now=datetime.now(UTC)) if one.name == "delivery lag"]
    # The events are of January, and their objects of this minute.
    assert lag.good is False
    assert "get-trail-status" in lag.remedy


def test_a_damaged_store_is_named_and_mended_by_the_command(tmp_path, command) -> None:
    tree = Tree(tmp_path / "logs")
    tree.put(key(1), [record(1)])
    command("ingest", tree.root, "--store", "store")
    (path,) = Path("store/events").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:500])
    done = command("doctor", "--store", "store")
    assert done.code == 1
    assert f"{path.name}: has 500 bytes" in done.out
    assert "Try: trailwatch doctor --repair" in done.out
    assert "reads 1 objects again" in command("doctor", "--repair", "--store", "store").out
    assert command("ingest", tree.root, "--store", "store").code == 0
    assert "BAD  damaged" not in command("doctor", "--store", "store").out
    shutil.rmtree("store/events/_delta_log")
    assert command("doctor", "--store", "store").code == 1


@pytest.mark.parametrize(("region", "fips", "endpoint"), [
    ("eu-central-1", "", ""), ("us-gov-west-1", "", ""),
    ("cn-north-1", "", "https://s3.cn-north-1.amazonaws.com.cn"),
    ("eu-central-1", "true", "https://s3-fips.eu-central-1.amazonaws.com"),
    ("us-gov-west-1", "true", "https://s3-fips.us-gov-west-1.amazonaws.com"),
])  # fmt: skip
def test_the_endpoint_is_that_of_the_partition(monkeypatch, region, fips, endpoint) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips or "false")
    access = Access(region=region)
    assert access.storage_options().get("AWS_ENDPOINT_URL", "") == endpoint
    monkeypatch.setattr(Access, "_region_of", lambda _self, _bucket: region)
    assert access.bucket("logs").config.get("endpoint", "") == endpoint


def test_fips_where_there_is_none_is_one_sentence(monkeypatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    with pytest.raises(SourceError, match="does not support FIPS"):
        Access(region="cn-north-1").storage_options()


@pytest.mark.parametrize(("region", "partition", "through"), [
    ("cn-north-1", "aws-cn", "s3.cn-north-1.amazonaws.com.cn"), ("us-gov-west-1", "aws-us-gov", "s3.us-gov-west-1.amazonaws.com"),
    ("eu-central-1", "aws", "s3.eu-central-1.amazonaws.com"), ("", "aws", "s3.*.amazonaws.com"),
])  # fmt: skip
def test_the_policy_names_the_partition_the_store_and_the_key(monkeypatch, region, partition, through) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    config = tw.Config(
        source=SourceSection(path="s3://logs/p", region=region), store=StoreSection(path="s3://kept/store")
    )
    found = {one["Sid"]: one for one in doctor.policy(config)["Statement"]}
    resources = {one["Resource"] for one in found.values()} - {"*"}
    assert {resource.split(":")[1] for resource in resources} == {partition}
    assert found["ReadLogs"]["Resource"] == f"arn:{partition}:s3:::logs/p/*"
    assert found["KeepStore"]["Resource"] == f"arn:{partition}:s3:::kept/store/*"
    assert found["KeepStore"]["Action"] == ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    assert found["DecryptLogs"]["Condition"] == {"StringLike": {"kms:ViaService": through}}


@pytest.mark.parametrize(
    "place", ["sqs://trail", "sqs://111122223333/trail", "https://sqs.eu-central-1.amazonaws.com/111122223333/trail"]
)
def test_the_policy_of_a_queue_names_it(place) -> None:
    config = tw.Config(source=SourceSection(path=place, bucket="s3://logs/p"))
    found = {one["Sid"]: one for one in doctor.policy(config)["Statement"]}
    assert found["ReadQueue"]["Resource"] == "arn:aws:sqs:*:*:trail"
    assert set(found["ReadQueue"]["Action"]) == {"sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"}
    assert found["ReadLogs"]["Resource"] == "arn:aws:s3:::logs/p/*"
    assert "ReadQueue" not in {one["Sid"] for one in doctor.policy(tw.Config())["Statement"]}
