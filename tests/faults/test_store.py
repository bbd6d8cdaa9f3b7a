"""Faults between trailwatch and a store on S3: what was committed stays, nothing comes twice, the next run completes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from faults.proxy import Fault, Proxy, Seen
from faults.state import state

import trailwatch as tw
from trailwatch.aws import Access
from trailwatch.errors import TrailwatchError
from trailwatch.store.cache import folder_of

EXPIRED = {"kind": "error", "status": 400, "code": "ExpiredToken", "message": "The provided token has expired."}
DENIED = {"kind": "error", "status": 403, "code": "AccessDenied", "message": "Access Denied"}
SKEWED = {"kind": "error", "status": 403, "code": "RequestTimeTooSkewed", "message": "The difference is too large."}


@pytest.fixture
def remote(aws, proxy) -> str:
    """The address of a store that does not exist yet."""
    return f"s3://{aws.bucket()}/team/store"


class Every:
    """Matches every so many requests of some methods to one bucket; that is how faults come in life."""

    def __init__(self, remote: str, count: int, *methods: str) -> None:
        self._bucket = remote.removeprefix("s3://").partition("/")[0]
        self._every, self._methods, self._count = count, methods, 0
        self._lock = threading.Lock()

    def __call__(self, request: Seen) -> bool:
        if not request.path.startswith(f"/{self._bucket}") or request.method not in self._methods:
            return False
        with self._lock:
            self._count += 1
            return self._count % self._every == 0


def _work(trail: tw.Trail, source: str) -> dict[str, Any]:
    trail.ingest(source)
    trail.settle()
    return state(trail)


PASSING: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
    "slow": ({"kind": "slow", "seconds": 0.05}, 5, ("GET", "PUT")),
    "reset": ({"kind": "reset"}, 15, ("GET", "PUT")),
    "the answer to a write is lost": ({"kind": "lost"}, 4, ("PUT",)),
    "cut": ({"kind": "cut"}, 15, ("GET",)),
    "500": ({"kind": "error"}, 4, ("GET", "PUT", "HEAD")),
    "503": ({"kind": "error", "status": 503, "code": "SlowDown"}, 3, ("GET", "PUT")),
    "no answer": ({"kind": "stuck"}, 20, ("GET", "PUT")),
}


# Each of these works with a store on S3 three times over; the quick suite does one of each kind.
LONG = pytest.mark.campaign
QUICK = {"the answer to a write is lost"}


@pytest.mark.parametrize("fault", [pytest.param(one, marks=() if one in QUICK else LONG) for one in PASSING])
def test_faults_that_pass_leave_no_trace(proxy: Proxy, remote, logs: Path, config, settled, fault) -> None:
    kind, every, methods = PASSING[fault]
    proxy.faults.append(met := Fault(when=Every(remote, every, *methods), **kind))
    trail = tw.open(remote, config=config, create=True)
    found = _work(trail, str(logs))
    assert met.done
    assert found == settled


LASTING: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "denied": (DENIED, ("PUT",)),
    "expired": (EXPIRED, ("PUT", "GET")),
    "skewed": (SKEWED, ("GET", "PUT")),
    "reset": ({"kind": "reset"}, ("PUT",)),
    "500": ({"kind": "error"}, ("PUT",)),
    "cut": ({"kind": "cut"}, ("GET",)),
    "too short": ({"kind": "shorter"}, ("GET",)),
    "no answer": ({"kind": "stuck"}, ("PUT",)),
}


@pytest.mark.parametrize("fault", [pytest.param(one, marks=() if one == "expired" else LONG) for one in LASTING])
def test_a_store_that_fails_half_way_is_one_sentence_and_the_next_run_completes_it(
    proxy: Proxy, remote, logs: Path, config, settled, command, fault
) -> None:
    kind, methods = LASTING[fault]
    first = Every(remote, 1, *methods)
    seen: list[None] = []

    def later(request: Seen) -> bool:
        if first(request):
            seen.append(None)
        return len(seen) > 6 and first(request)

    proxy.faults.append(Fault(when=later, **kind))
    done = [command(*words, "--store", remote, "--quiet") for words in (("ingest", logs), ("settle",))]
    assert 1 in [one.code for one in done]
    for one in done:
        assert one.err.count("\n") == (1 if one.code else 0), one.err
        assert "Traceback" not in one.err
        assert "fault of trailwatch" not in one.err
        assert "wJalrXUtnFEMI" not in one.err
    proxy.mend()
    assert _work(tw.open(remote, config=config), str(logs)) == settled


def test_a_file_that_came_in_part_is_not_kept(proxy: Proxy, remote, logs: Path, config, settled, aws, tmp_path) -> None:
    trail = tw.open(remote, config=config, create=True)
    _work(trail, str(logs))
    for path in folder_of(remote).rglob("*.parquet"):
        path.unlink()

    def parquet(request: Seen) -> bool:
        return request.method == "GET" and request.path.endswith(".parquet") and "_delta" not in request.path

    proxy.faults.append(met := Fault("shorter", when=parquet, times=2))
    assert state(trail) == settled
    assert met.done == 2
    for path in folder_of(remote).rglob("*.parquet"):
        path.unlink()
    proxy.faults[:] = [Fault("shorter", when=parquet)]
    with pytest.raises(TrailwatchError, match="in part"):
        state(trail)
    proxy.mend()
    assert state(trail) == settled
    assert [path for path in folder_of(remote).rglob("*") if path.is_file() and path.suffix != ".parquet"] == []


@LONG
def test_new_credentials_are_used_as_soon_as_there_are_some(
    proxy: Proxy, remote, logs: Path, config, settled, monkeypatch
) -> None:
    real, given = Access.storage_options, []

    def options(self: Access, bucket: str = "") -> dict[str, str]:
        # The region stands in every signature, and tells here which credentials made it.
        given.append("us-east-1" if len(given) < 6 else "eu-west-1")
        return real(self, bucket) | {"AWS_REGION": given[-1]}

    monkeypatch.setattr(Access, "storage_options", options)

    def old(request: Seen) -> bool:
        return given[-1] == "eu-west-1" and "/us-east-1/" in request.headers["authorization"]

    proxy.faults.append(Fault(when=old, **EXPIRED))
    assert _work(tw.open(remote, config=config, create=True), str(logs)) == settled
    used = {region for region in given for one in proxy.seen if f"/{region}/" in one.headers["authorization"]}
    assert used == {"us-east-1", "eu-west-1"}
