"""AWS's APIs for tests: moto's server, and before it a front that answers what moto lacks in AWS's own recorded words.

From moto: IAM, STS with roles in other accounts, Organizations, CloudTrail, and permissions where a test asks for them.
Recorded: service last accessed (moto has none of it), authorization details in pages, a credential report in progress or
expired, with a root row and a time, an organization's trail as a member sees it, ListTrails over all regions, throttling.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3

REGION = "us-east-1"
OWN = "123456789012"  # moto's account of keys that it does not know
ROOT_KEY, ROOT_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PATIENCE = 60.0
_XML = "https://iam.amazonaws.com/doc/2010-05-08/"


@dataclass
class Front:
    """Where the APIs answer, what was called, and which answers were recorded."""

    endpoint: str
    port: int
    calls: list[str] = field(default_factory=list)
    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def answer(self, action: str, *answers: tuple[int, str]) -> None:
        """Answer a call in recorded words; the last answer is given again and again."""
        self.answers[action] = list(answers)

    def take(self, action: str) -> tuple[int, str] | None:
        """Return the next recorded answer to a call."""
        waiting = self.answers.get(action)
        if not waiting:
            return None
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a client of moto itself, for what a test sets up."""
        return _client(self.port, service, region)

    def post(self, path: str, data: bytes = b"") -> None:
        """Ask moto something about itself."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=data,
            method="POST",
            headers={"Content-Type": "text/plain"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            assert answer.status == 200


@functools.cache
def _client(port: int, service: str, region: str) -> Any:
    # A client takes longer to make than to ask.
    return boto3.client(
        service, endpoint_url=f"http://127.0.0.1:{port}", region_name=region, aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_SECRET,
    )  # fmt: skip


def query(action: str, inner: str) -> tuple[int, str]:
    """An answer of IAM."""
    return 200, (f'<{action}Response xmlns="{_XML}"><{action}Result>{inner}</{action}Result><ResponseMetadata>'
                 f"<RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata></{action}Response>")  # fmt: skip


def error(status: int, code: str, message: str = "said so") -> tuple[int, str]:
    """An error of IAM or STS."""
    return status, (f'<ErrorResponse xmlns="{_XML}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}'
                    "</Message></Error><RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ErrorResponse>")  # fmt: skip


def denied(action: str) -> tuple[int, str]:
    """The answer to a call without permission."""
    user = f"arn:aws:iam::{OWN}:user/trailwatch"
    return error(403, "AccessDenied", f"User: {user} is not authorized to perform: {action} on resource: * because no "
                 f"identity-based policy allows the {action} action")  # fmt: skip


def plain(body: Any, status: int = 200) -> tuple[int, str]:
    """An answer of CloudTrail."""
    return status, json.dumps(body)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Front]:
    """Start moto's server and the front before it."""
    port = _free_port()
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log,
        ) as process,
        ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server,
    ):  # fmt: skip
        front = Front(f"http://127.0.0.1:{server.server_address[1]}", port)
        server.front = front  # type: ignore[attr-defined]
        try:
            _wait(front, process, folder / "log")
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield front
            finally:
                # Only of a server that serves: of any other it waits for ever.
                server.shutdown()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(front: Front, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            front.post("/moto-api/reset")
        except OSError:
            assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
            time.sleep(0.2)
        else:
            return


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        front: Front = self.server.front  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        service = scope[3] if len(scope) > 3 else "sts"
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        name = target or urllib.parse.parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
        action = f"{service}:{name}"
        front.calls.append(action)
        recorded = front.take(action)
        if recorded is None:
            connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            recorded_bytes, status, kind = answer.read(), answer.status, answer.headers.get("Content-Type", "")
            connection.close()
        else:
            status, recorded_bytes = recorded[0], recorded[1].encode()
            kind = "application/x-amz-json-1.1" if target else "text/xml"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(recorded_bytes)))
        self.end_headers()
        self.wfile.write(recorded_bytes)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
