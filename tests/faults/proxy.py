"""A real HTTP proxy on loopback before an S3 server, which does to chosen requests what networks and servers do."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
PIECE = 4  # parts in which a slow body comes
AT_CLOSE = 10.0


@dataclass(frozen=True)
class Seen:
    """One request as it came: the path names bucket and key."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


@dataclass
class Fault:
    """What is done to requests that match, and how often; `seconds` is for those that take their time."""

    kind: str  # slow | stuck | trickle | cut | reset | lost | shorter | longer | error
    when: Callable[[Seen], bool]
    times: int | None = None
    status: int = 500
    code: str = "InternalError"
    message: str = "We encountered an internal error. Please try again."
    seconds: float = 0.5
    done: int = 0


@dataclass
class Proxy:
    """Where it listens, the faults that are on, and all that was asked."""

    endpoint: str
    upstream: str
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Seen) -> Fault | None:
        """Return the fault that this request meets."""
        with self.lock:
            self.seen.append(request)
            for fault in self.faults:
                if fault.when(request) and (fault.times is None or fault.done < fault.times):
                    fault.done += 1
                    return fault
        return None

    def mend(self) -> None:
        """Take all faults away."""
        with self.lock:
            self.faults.clear()
            self.seen.clear()


@contextlib.contextmanager
def before(upstream: str) -> Iterator[Proxy]:
    """Run a proxy before the server at an address."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}", urlsplit(upstream).netloc)
        server.proxy = proxy
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            server.shutdown()
            thread.join(AT_CLOSE)


class _Server(ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that gives up is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Head and body of an answer are two writes, and the second would wait for the client's word on the first.
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _serve(self) -> None:
        proxy = self.server.proxy
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        fault = proxy.take(Seen(self.command, unquote(parts.path), parts.query, headers))
        kind = fault.kind if fault else ""
        if fault and kind == "stuck":
            proxy.closing.wait(60)
            self.close_connection = True
            return
        if kind == "reset":
            self._reset()
            return
        if fault and kind == "error":
            self._answer(fault.status, {"Content-Type": "application/xml"}, _xml(fault, parts.path))
            return
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        status, answered, data = self._forward(body)
        if kind == "lost":
            self._reset()
        elif fault and kind in {"cut", "longer", "shorter", "trickle"}:
            self._spoil(fault, status, answered, data)
        else:
            self._answer(status, answered, data)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815 — names of the base class

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        # Host stays what the client signed.
        connection = http.client.HTTPConnection(self.server.proxy.upstream, timeout=60)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"connection", "content-length"}:
                connection.putheader(name, value)
        if body or self.command in {"PUT", "POST"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        told = dict(answer.getheaders())
        connection.close()
        if self.command == "HEAD":
            return answer.status, told, b""
        return answer.status, {name: value for name, value in told.items() if name.lower() not in HOP}, data

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in HOP - {"content-length"}:
                self.send_header(name, value)
        if self.command != "HEAD" and status not in {204, 304}:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _spoil(self, fault: Fault, status: int, headers: dict[str, str], data: bytes) -> None:
        """Answer with a body that is not what its head says, or that takes its time."""
        half = len(data) // 2
        length, sent = {
            "cut": (len(data), data[:half]),
            "longer": (len(data) + 1000, data),
            "shorter": (half, data[:half]),
            "trickle": (len(data), data),
        }[fault.kind]
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if fault.kind == "trickle":
            step = max(1, len(sent) // PIECE)
            for start in range(0, len(sent), step):
                self.wfile.write(sent[start : start + step])
                time.sleep(fault.seconds / PIECE)
        else:
            self.wfile.write(sent)
        self.close_connection = True

    def _reset(self) -> None:
        # Lingering for no time ends a connection with RST in place of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
        raise ConnectionResetError

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _xml(fault: Fault, path: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{fault.code}</Code><Message>{fault.message}</Message>'
        f"<Resource>{path}</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    ).encode()
