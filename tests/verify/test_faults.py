"""A network and a server that fail: nothing is blamed for it, and the next run completes what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults.proxy import Fault, Proxy, Seen, before
from verify.chains import HOUR, START, Chain, name, sound, to_bucket

from trailwatch.aws import Access
from trailwatch.verify.run import verify
from trailwatch.window import Window

WINDOW = Window(START, START + 12 * HOUR)


@pytest.fixture
def proxy(aws, api) -> Iterator[Proxy]:
    with before(aws.endpoint) as running:
        yield running


@pytest.fixture
def chain(aws) -> Chain:
    made = sound(bucket=aws.bucket(), hours=3)
    to_bucket(made, aws.store(made.bucket))
    return made


def _of(key: str):
    def asked(request: Seen) -> bool:
        return request.method == "GET" and name(key) in request.path

    return asked


@pytest.mark.parametrize("kind", ["cut", "reset", "shorter", "error", "slow"])
def test_what_passes_leaves_no_trace(proxy, chain, store, monkeypatch, kind) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    for key in (chain.logs()[2], chain.digests[1].key):
        proxy.faults.append(Fault(kind, _of(key), times=1, seconds=0.2))
    done = verify(store, f"s3://{chain.bucket}", access=Access(timeout=2, retries=2), window=WINDOW)
    assert done.counts == {"digest": {"valid": 3}, "log": {"valid": 6}}
    assert all(fault.done for fault in proxy.faults)


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("error", 403, "AccessDenied"), ("cut", 0, ""), ("error", 503, "SlowDown")]
)
def test_what_lasts_is_unread_until_it_is_mended(proxy, chain, store, monkeypatch, kind, status, code) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    access = Access(timeout=1, retries=1)
    proxy.faults.append(Fault(kind, _of(chain.logs()[2]), status=status, code=code))
    done = verify(store, f"s3://{chain.bucket}", access=access, window=WINDOW)
    assert done.counts == {"digest": {"valid": 3}, "log": {"valid": 5, "unread": 1}}
    assert (done.tampered, done.gap) == (0, True)
    assert name(chain.logs()[2]) in done.text()
    proxy.mend()
    again = verify(store, f"s3://{chain.bucket}", access=access, window=WINDOW)
    assert (again.counts["log"], again.known) == ({"valid": 6}, 5)


def test_a_digest_that_cannot_be_read_blames_no_log(proxy, chain, store, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    proxy.faults.append(Fault("error", _of(chain.digests[1].key), status=403, code="AccessDenied"))
    done = verify(store, f"s3://{chain.bucket}", access=Access(timeout=1, retries=1), window=WINDOW)
    assert done.counts == {"digest": {"valid": 2, "unread": 1}, "log": {"valid": 4, "unproven": 2}}
    assert not done.tampered


def test_days_that_cannot_be_listed_are_told(proxy, chain, store, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    proxy.faults.append(
        Fault("error", lambda request: "start-after" in request.query and "CloudTrail-Digest" in request.query, status=403,
              code="AccessDenied")
    )  # fmt: skip
    done = verify(store, f"s3://{chain.bucket}", access=Access(timeout=1, retries=1), window=WINDOW)
    assert [prefix.rpartition("/")[2] for prefix, _ in done.unlisted] == [chain.region]
    assert "AccessDenied" in done.text()
    assert done.gap
    assert not done.tampered
