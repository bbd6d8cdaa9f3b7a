"""Messages to an incoming webhook of Slack, or of what understands the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import urllib3

from trailwatch.config.sinks import WebhookSink
from trailwatch.digest.words import counted, identity, when
from trailwatch.findings.titles import plain
from trailwatch.sinks.notice import Message, Notice, SinkError, batches

MOST = 20  # findings of one message; Slack takes fifty blocks
PATIENCE = 20  # seconds that a receiver may ask us to wait
_PERMANENT = frozenset({400, 413, 422})
_MARKS = {"critical": "\u25cf", "high": "\u25b2", "medium": "\u25a0", "low": "\u25cb", "info": "\u00b7"}


class ToWebhook:
    """Posts a message for up to twenty findings."""

    def __init__(self, name: str, sink: WebhookSink) -> None:
        self._where = f"sink {name}"
        self._url = sink.url or os.environ.get(sink.url_env, "")
        self._hint = f"url, or the variable {sink.url_env}"

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return the messages, each a JSON object with a text and blocks."""
        for some in batches(notices, MOST):
            body = json.dumps(message(some))
            yield Message(some, body, body.encode())

    def send(self, message: Message) -> set[str]:
        """Post a message; what is asked to wait waits a little, what fails is tried a few times."""
        if not self._url.lower().startswith(("https://", "http://")):
            raise SinkError("has no address", where=self._where, hint=self._hint)
        try:
            answer = _pool().request(
                "POST", self._url, body=message.body, headers={"Content-Type": "application/json"}, redirect=False
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            # The address is a secret, and the error would name it.
            reason = getattr(error, "reason", None) or error
            raise SinkError(f"did not answer ({type(reason).__name__})", where=self._where, hint=self._hint) from error
        if answer.status >= 300:
            said = plain(answer.data[:200].decode("utf-8", "replace"), longest=200)
            raise SinkError(
                f"answered {answer.status}: {said}", where=self._where, later=answer.status not in _PERMANENT
            )
        return set()


def message(notices: tuple[Notice, ...]) -> dict[str, Any]:
    """Return what is posted; words from logs are plain text, which no receiver takes for a link or a mention."""
    days = sorted({one.day for one in notices})
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    title = f"trailwatch {span}: {counted(len(notices), 'finding')} new or worse"
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(title, 150)}]
    for one in notices:
        found = one.finding
        blocks.append({"type": "section", "text": _plain(
            f"{_MARKS[found.severity]} {found.severity.upper()} ({found.status}) {plain(found.title, longest=300)}\n"
            f"{identity(found)}, {when(found.first_time, found.last_time, day=one.day)}\n"
            + (f"Next: {plain(found.next, longest=600)}\n" if found.next else "") + f"trailwatch show {found.id}", 2900)})  # fmt: skip
    return {"text": title, "blocks": blocks}


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:longest], "emoji": False}


def _pool() -> urllib3.PoolManager:
    retry = urllib3.Retry(
        total=4, connect=2, read=1, backoff_factor=0.5, backoff_max=PATIENCE, status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None, raise_on_status=False, respect_retry_after_header=True, retry_after_max=PATIENCE, redirect=False,
    )  # fmt: skip
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=20), retries=retry)
