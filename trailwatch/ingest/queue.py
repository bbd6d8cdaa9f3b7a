"""A queue of SQS: its messages are handed out, and deleted by whoever has done what they ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from trailwatch.aws import Access, Caller
from trailwatch.errors import SourceError
from trailwatch.ingest import notices
from trailwatch.ingest.notices import Notice

ACTIONS = ("sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage")
_AT_ONCE = 10  # SQS hands out and deletes no more in one call
_HIDDEN = 900  # seconds in which nobody else is given a message that is being worked on

_URL = re.compile(
    r"https?://(?:sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|[^/]+)/\d{12}/[A-Za-z0-9_.-]{1,85}/?"
)
_NAME = re.compile(r"sqs://(?:(?P<account>\d{12})/)?(?P<name>[A-Za-z0-9_.-]{1,85})/?")


def is_queue(where: str) -> bool:
    """Tell whether a source is a queue: sqs://NAME, sqs://ACCOUNT/NAME, or the URL of one."""
    return where.startswith("sqs://") or _URL.fullmatch(where) is not None


@dataclass(frozen=True)
class Message:
    """A message of the queue, by the handle that deletes it."""

    id: str
    handle: str
    notice: Notice


class Queue:
    """Receives and deletes messages, several calls at a time."""

    def __init__(self, where: str, access: Access, *, threads: int = 8) -> None:
        self._caller, self._threads = Caller(access), threads
        if found := _NAME.fullmatch(where):
            owner = {"QueueOwnerAWSAccountId": found["account"]} if found["account"] else {}
            self._region = ""
            self._url = str(self._caller.call("sqs:GetQueueUrl", QueueName=found["name"], **owner)["QueueUrl"])
        elif found := _URL.fullmatch(where):
            self._region, self._url = found["region"] or "", where
        else:
            raise SourceError(f"{where!r} is not a queue", hint="sqs://NAME, or the URL of the queue")
        self.name = where

    def receive(self, most: int) -> Iterator[Message]:
        """Yield messages until the queue has no more to give, or enough were given."""
        with ThreadPoolExecutor(self._threads) as pool:
            while most > 0:
                calls = min(self._threads, -(-most // _AT_ONCE))
                found = [one for some in pool.map(lambda _: self._some(), range(calls)) for one in some]
                if not found:
                    return
                most -= len(found)
                yield from (
                    Message(one["MessageId"], one["ReceiptHandle"], notices.read(one.get("Body", ""))) for one in found
                )

    def delete(self, messages: Sequence[Message]) -> int:
        """Delete messages and return how many; one that cannot be deleted comes again, and does no harm."""
        groups = [messages[at : at + _AT_ONCE] for at in range(0, len(messages), _AT_ONCE)]
        with ThreadPoolExecutor(self._threads) as pool:
            return sum(pool.map(self._delete, groups))

    def _some(self) -> list[dict[str, Any]]:
        answer = self._caller.call(
            "sqs:ReceiveMessage", region=self._region, QueueUrl=self._url, MaxNumberOfMessages=_AT_ONCE,
            WaitTimeSeconds=1, VisibilityTimeout=_HIDDEN,
        )  # fmt: skip
        return list(answer.get("Messages", []))

    def _delete(self, messages: Sequence[Message]) -> int:
        entries = [{"Id": str(place), "ReceiptHandle": one.handle} for place, one in enumerate(messages)]
        answer = self._caller.call("sqs:DeleteMessageBatch", region=self._region, QueueUrl=self._url, Entries=entries)
        return len(answer.get("Successful", []))
