"""Places on loopback that take what sinks send, and that can be slow, broken, or refuse a part of it."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import re
import socket
import threading
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from trailwatch.config.sinks import MailSink, S3Sink, SecurityHubSink, SesSink, SnsSink, WebhookSink

ID = re.compile(r"\b0000[0-9a-f]{8}\b")
Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {"ETag": '"e"'}, b"ok")


@dataclass
class Gate:
    """An HTTP server that keeps what it took, answers as it is told, and otherwise asks the server behind it."""

    behind: int = 0  # the port of moto, 0 for nothing behind
    url: str = ""
    script: list[Answer] = field(default_factory=list)  # answered once each
    broken: Answer | None = None  # answered for good
    tried: list[bytes] = field(default_factory=list)
    took: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        gate: Gate = self.server.gate  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assumed = b"Action=AssumeRole" in body or b"Action=GetCallerIdentity" in body
        if not assumed:
            gate.tried.append(body)
        answer = None if assumed else gate.script.pop(0) if gate.script else gate.broken
        if answer is None:
            answer = _ask(gate.behind, self.command, self.path, dict(self.headers), body) if gate.behind else OK
            if not assumed and answer[0] < 300:
                gate.took.append((self.path, dict(self.headers), body))
        status, headers, said = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_PUT = do_PATCH = do_POST  # noqa: N815 — names that http.server asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, {"Content-Type": answer.headers.get("Content-Type", "")}, said


@contextmanager
def gate(behind: int = 0) -> Iterator[Gate]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made = Gate(behind, f"http://127.0.0.1:{server.server_address[1]}")
    server.gate = made  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


class Place(ABC):
    """One kind of sink with the server that takes it."""

    kind = ""
    slow: Answer = (429, {"Retry-After": "0"}, b"slow down")
    refusal: Answer = (403, {}, b"no")

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    @abstractmethod
    def sink(self, **change: Any) -> Any:
        """The configuration of a sink that leads here."""

    def ids(self) -> list[list[str]]:
        """The ids of the findings in each message that was taken."""
        return [self.read(body) for _, _, body in self.gate.took]

    def read(self, body: bytes) -> list[str]:
        return list(dict.fromkeys(ID.findall(body.decode())))

    def throttle(self) -> None:
        self.gate.script.append(self.slow)

    def fail(self) -> None:
        self.gate.broken = self.refusal

    def mend(self) -> None:
        self.gate.broken = None


class Webhook(Place):
    kind = "webhook"

    def sink(self, **change: Any) -> WebhookSink:
        return WebhookSink(url=f"{self.gate.url}/services/T/B/secret", **change)

    def read(self, body: bytes) -> list[str]:
        blocks = json.loads(body)["blocks"]
        return [one["text"]["text"].rpartition("trailwatch show ")[2] for one in blocks if one["type"] == "section"]


class S3(Place):
    kind = "s3"
    slow = (503, {}, b"<Error><Code>SlowDown</Code><Message>m</Message></Error>")
    refusal = (403, {}, b"<Error><Code>AccessDenied</Code><Message>m</Message></Error>")

    def sink(self, **change: Any) -> S3Sink:
        return S3Sink(path="s3://findings/trailwatch", region="eu-central-1", endpoint_url=self.gate.url, **change)

    def read(self, body: bytes) -> list[str]:
        return [json.loads(line)["finding_info"]["uid"] for line in body.splitlines()]


class Sns(Place):
    kind = "sns"
    slow = (400, {"Content-Type": "text/xml"}, b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>m</Message></Error></ErrorResponse>")  # fmt: skip
    refusal = (403, {"Content-Type": "text/xml"}, b"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>m</Message></Error></ErrorResponse>")  # fmt: skip
    topic = "arn:aws:sns:eu-central-1:123456789012:findings"

    def sink(self, **change: Any) -> SnsSink:
        return SnsSink(topic_arn=self.topic, endpoint_url=self.gate.url, **change)

    def read(self, body: bytes) -> list[str]:
        values = urllib.parse.parse_qs(body.decode())
        return [json.loads(value[0])["id"] for name, value in sorted(values.items()) if name.endswith(".Message")]


class Ses(Place):
    kind = "ses"
    slow = (429, {"Content-Type": "application/json"}, b'{"__type": "TooManyRequestsException", "message": "m"}')
    refusal = (403, {"Content-Type": "application/json"}, b'{"__type": "AccessDeniedException", "message": "m"}')

    def sink(self, **change: Any) -> SesSink:
        return SesSink(from_="trailwatch@example.com", to=["team@example.com"], page=False, region="eu-central-1",
                       endpoint_url=self.gate.url, **change)  # fmt: skip

    def read(self, body: bytes) -> list[str]:
        import base64

        raw = base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"])
        return titles(email.message_from_bytes(raw, policy=email.policy.default))


class Hub(Place):
    kind = "security-hub"
    slow, refusal = Ses.slow, Ses.refusal

    def sink(self, **change: Any) -> SecurityHubSink:
        return SecurityHubSink(region="eu-central-1", endpoint_url=self.gate.url, **change)

    def read(self, body: bytes) -> list[str]:
        return [one["Id"].rpartition("/")[2] for one in json.loads(body)["Findings"]]


def titles(mail: Any) -> list[str]:
    """The findings of a mail, by the ids that the tests put into their titles."""
    return list(dict.fromkeys(ID.findall(mail.get_body(("plain",)).get_content())))


class Mailbox:
    """A handler of aiosmtpd: busy, refusing, or taking."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.broken = ""
        self.refused: set[str] = set()
        self.took: list[Any] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.script or self.broken:
            return self.script.pop(0) if self.script else self.broken
        self.took.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


@contextmanager
def started(controller: Controller) -> Iterator[Smtp]:
    """A mail server on a free port, until it is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield Smtp(controller)
    finally:
        controller.stop()


class Smtp(Place):
    kind = "smtp"

    def __init__(self, controller: Controller) -> None:
        self.controller, self.box = controller, controller.handler

    def sink(self, **change: Any) -> MailSink:
        values = {"host": "127.0.0.1", "port": self.controller.port, "security": "none", "from_": "trailwatch@example.com",
                  "to": ["team@example.com"], "page": False}  # fmt: skip
        return MailSink(**{**values, **change})

    def ids(self) -> list[list[str]]:
        return [titles(mail) for mail in self.box.took]

    def throttle(self) -> None:
        self.box.script.append("451 busy, come again")

    def fail(self) -> None:
        self.box.broken = "554 no"

    def mend(self) -> None:
        self.box.broken = ""
