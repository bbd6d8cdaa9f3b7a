"""Faults between trailwatch and the bucket with the logs: nothing is lost, and what is missing has its name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from faults.proxy import Fault, Proxy, Seen
from faults.state import ledger, read, state
from trails import key, record, text

import trailwatch as tw
from trailwatch.config import SourceSection
from trailwatch.errors import SourceError

ONE = "_0000000000000003.json.gz"
EXPIRED = {"kind": "error", "status": 400, "code": "ExpiredToken", "message": "The provided token has expired."}
DENIED = {"kind": "error", "status": 403, "code": "AccessDenied", "message": "Access Denied"}
SKEWED = {"kind": "error", "status": 403, "code": "RequestTimeTooSkewed",
          "message": "The difference between the request time and the current time is too large."}  # fmt: skip
SLOW_DOWN = {"kind": "error", "status": 503, "code": "SlowDown", "message": "Please reduce your request rate."}
PASSING: dict[str, dict[str, Any]] = {
    "slow": {"kind": "slow"}, "in pieces": {"kind": "trickle"}, "cut": {"kind": "cut"}, "reset": {"kind": "reset"},
    "500": {"kind": "error"}, "503": SLOW_DOWN, "too short": {"kind": "shorter"}, "too long": {"kind": "longer"},
    "no answer": {"kind": "stuck"},
}  # fmt: skip
LASTING: dict[str, tuple[dict[str, Any], str]] = {
    "cut": ({"kind": "cut"}, "broke off"),
    "reset": ({"kind": "reset"}, "no answer"),
    "500": ({"kind": "error"}, "InternalError"),
    "503": (SLOW_DOWN, "SlowDown"),
    "too short": ({"kind": "shorter"}, "fewer bytes"),
    "no answer": ({"kind": "stuck"}, "no answer"),
    "expired": (EXPIRED, "ExpiredToken"),
    "denied": (DENIED, "AccessDenied"),
    "skewed": (SKEWED, "RequestTimeTooSkewed"),
}


def _long(name: str, quick: set[str]) -> tuple[pytest.MarkDecorator, ...]:
    """Leave to the campaign what others of the quick suite stand for."""
    return () if name in quick else (pytest.mark.campaign,)


def _object(request: Seen) -> bool:
    return request.method == "GET" and request.path.endswith(ONE)


def _listing(request: Seen) -> bool:
    return request.method == "GET" and "list-type" in request.query


def _below(account: str) -> Callable[[Seen], bool]:
    return lambda request: _listing(request) and f"%2F{account}%2F" in request.query


@pytest.mark.parametrize(("fault", "when"), [
    *[pytest.param(fault, _object, id=f"{fault}, an object") for fault in PASSING],
    *[pytest.param(fault, _listing, id=f"{fault}, a listing", marks=_long(fault, {"cut", "too short"})) for fault in PASSING],
])  # fmt: skip
def test_a_fault_that_passes_leaves_no_trace(proxy: Proxy, bucket, config, whole, tmp_path, fault, when) -> None:
    proxy.faults.append(met := Fault(when=when, times=2, **PASSING[fault]))
    trail = tw.open(str(tmp_path / "store"), config=config, create=True)
    account = trail.ingest(f"s3://{bucket}")
    assert met.done
    assert (account.failed, account.balanced()) == ([], True)
    assert read(trail) == whole


@pytest.mark.parametrize("fault", [
    pytest.param(name, marks=_long(name, {"cut", "too short", "no answer", "expired", "denied", "skewed"}))
    for name in LASTING
])  # fmt: skip
def test_an_object_that_cannot_be_had_is_named_and_comes_with_the_next_run(
    proxy: Proxy, bucket, config, whole, tmp_path, command, fault
) -> None:
    kind, told = LASTING[fault]
    proxy.faults.append(Fault(when=_object, **kind))
    source, store = f"s3://{bucket}", str(tmp_path / "store")
    done = command("ingest", source, "--store", store, "--strict", "--format", "json", "--quiet")
    assert done.code == 4
    account = json.loads(done.out)
    (failed,) = account["failed"]
    assert failed["key"].endswith(ONE)
    assert told in failed["reason"]
    assert "127.0.0.1" not in failed["reason"]
    assert (account["read"], account["events"]) == (7, 28)
    trail = tw.open(store, config=config)
    lost = [row for row in ledger(trail) if row not in whole["ledger"]]
    assert [(name.endswith(ONE), status) for name, status, *_ in lost] == [(True, "failed")]
    proxy.mend()
    assert command("ingest", source, "--store", store, "--strict", "--quiet").code == 0
    assert read(trail) == whole


@pytest.mark.parametrize("fault", [
    pytest.param(name, marks=_long(name, {"no answer"})) for name in ("cut", "500", "no answer", "denied", "expired")
])  # fmt: skip
def test_an_account_that_cannot_be_listed_does_not_hold_up_the_others(
    proxy: Proxy, bucket, config, whole, tmp_path, command, fault
) -> None:
    proxy.faults.append(Fault(when=_below("444455556666"), **LASTING[fault][0]))
    source, store = f"s3://{bucket}", str(tmp_path / "store")
    done = command("ingest", source, "--store", store, "--strict", "--format", "json", "--quiet")
    assert done.code == 4
    account = json.loads(done.out)
    assert [("444455556666" in one["key"], one["reason"][:16]) for one in account["failed"]] == [
        (True, "cannot be listed")
    ]
    assert account["read"] == 7
    proxy.mend()
    assert command("ingest", source, "--store", store, "--strict", "--quiet").code == 0
    trail = tw.open(store, config=config)
    assert read(trail) == whole


@pytest.mark.parametrize(("fault", "remedy"), [
    (DENIED, "s3:ListBucket"), (EXPIRED, "aws sso login"), (SKEWED, "clock"), (SLOW_DOWN, "again"),
    *[pytest.param({"kind": kind}, "", marks=pytest.mark.campaign) for kind in ("reset", "cut", "stuck")],
], ids=["denied", "expired", "skewed", "503", "reset", "cut", "no answer"])  # fmt: skip
def test_a_bucket_that_cannot_be_had_is_one_sentence_with_a_remedy(
    proxy: Proxy, bucket, config, whole, tmp_path, command, fault, remedy
) -> None:
    proxy.faults.append(Fault(when=lambda _: True, **fault))
    done = command("run", f"s3://{bucket}", "--store", str(tmp_path / "store"), "--quiet")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert remedy in done.err
    proxy.mend()
    trail = tw.open(str(tmp_path / "store"), config=config)
    trail.ingest(f"s3://{bucket}")
    assert read(trail) == whole


def test_a_server_that_answers_nothing_ends_the_run_soon(proxy: Proxy, aws, tmp_path) -> None:
    bucket = aws.bucket()
    for number in range(200):
        aws.put(bucket, key(number), text([record(number)]))
    proxy.faults.append(Fault("stuck", when=lambda request: request.path.endswith(".json.gz")))
    hasty = tw.Config(source=SourceSection(timeout=1, retries=0))
    trail = tw.open(str(tmp_path / "store"), config=hasty, create=True)
    begun = time.monotonic()
    account = trail.ingest(f"s3://{bucket}")
    # Without a bound it would be 64 s: four threads have a group of 64 objects each, of a second each.
    assert time.monotonic() - begun < 40
    assert (account.failed_objects, account.read, account.balanced()) == (200, 0, True)
    assert any("not tried" in one["reason"] for one in account.failed)
    proxy.mend()
    again = trail.ingest(f"s3://{bucket}")
    assert (again.read, again.events, again.failed_objects) == (200, 200, 0)


def test_one_stuck_object_does_not_stop_the_others(proxy: Proxy, bucket, config, whole, tmp_path) -> None:
    proxy.faults.append(Fault("stuck", when=_object))
    trail = tw.open(str(tmp_path / "store"), config=config, create=True)
    begun = time.monotonic()
    account = trail.ingest(f"s3://{bucket}")
    assert time.monotonic() - begun < 20
    assert (account.read, account.failed_objects) == (7, 1)


def test_credentials_that_run_out_during_a_run_are_told_and_the_next_run_completes(
    proxy: Proxy, bucket, config, settled, tmp_path
) -> None:
    asked: list[str] = []

    def later(request: Seen) -> bool:
        asked.append(request.path)
        return request.path.endswith(".json.gz") and len(asked) > 12

    proxy.faults.append(Fault(when=later, **EXPIRED))
    trail = tw.open(str(tmp_path / "store"), config=config, create=True)
    account = trail.ingest(f"s3://{bucket}")
    assert 0 < account.failed_objects < 8
    assert {one["reason"] for one in account.failed} == {"ExpiredToken: The provided token has expired."}
    proxy.mend()
    assert trail.ingest(f"s3://{bucket}").failed == []
    trail.settle()
    assert state(trail) == settled


def test_who_pays_is_told_with_every_request(proxy: Proxy, bucket, tmp_path) -> None:
    for pays in (True, False):
        proxy.mend()
        config = tw.Config(source=SourceSection(requester_pays=pays, timeout=2))
        tw.open(str(tmp_path / f"store-{pays}"), config=config, create=True).ingest(f"s3://{bucket}")
        fetched = [one for one in proxy.seen if one.path.endswith(".json.gz")]
        assert len(fetched) == 8
        assert {one.headers.get("x-amz-request-payer") for one in proxy.seen} == ({"requester"} if pays else {None})


def test_scan_tells_of_what_it_could_not_read(proxy: Proxy, bucket, command) -> None:
    proxy.faults.append(Fault(when=_object, **DENIED))
    assert command("scan", f"s3://{bucket}", "--strict", "--quiet").code == 4
    proxy.faults[:] = [Fault(when=lambda _: True, **DENIED)]
    with pytest.raises(SourceError):
        tw.scan(f"s3://{bucket}")
