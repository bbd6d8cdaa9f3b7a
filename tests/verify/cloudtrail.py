"""CloudTrail's API on loopback, as far as a verification asks for it: public keys, trails, the organization."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class CloudTrail:
    """What the API answers; `calls` keeps what it was asked."""

    endpoint: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    trails: list[dict[str, Any]] = field(default_factory=list)
    organization: str = "o-exampleorg1"
    page: int = 100  # keys in one answer
    refusal: tuple[int, str] | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((action, asked))
        if action == "ListPublicKeys":
            first = int(asked.get("NextToken", "0"))
            keys = [
                key
                for key in self.keys
                if key["ValidityStartTime"] <= asked["EndTime"] and key["ValidityEndTime"] >= asked["StartTime"]
            ]
            more = {"NextToken": str(first + self.page)} if len(keys) > first + self.page else {}
            return {"PublicKeyList": keys[first : first + self.page], **more}
        if action == "DescribeTrails":
            return {"trailList": self.trails}
        return {"Organization": {"Id": self.organization}}


@contextlib.contextmanager
def serving() -> Iterator[CloudTrail]:
    """Answer on a free port until the block ends."""
    state = CloudTrail()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            status, body = 200, state.answer(action, asked)
            if state.refusal:
                status, body = state.refusal[0], {"__type": state.refusal[1], "message": "no"}
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
