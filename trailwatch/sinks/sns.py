"""Messages to a topic of Amazon SNS, one a finding, so that subscribers can filter by severity, status and account."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trailwatch.aws import Caller, Refused
from trailwatch.config.sinks import SnsSink
from trailwatch.sinks.cloud import failed, region_of
from trailwatch.sinks.lines import record
from trailwatch.sinks.notice import Message, Notice, batches, stable

MOST, LARGEST = 10, 250_000  # entries and bytes of one request; SNS takes ten and 262,144
SHORT = 20  # event ids of a finding that is too large with all of them
CUT = 500  # characters of each word of one that still is


class ToSns:
    """Publishes up to ten findings in one request."""

    def __init__(self, name: str, sink: SnsSink, *, caller: Caller) -> None:
        self._where, self._topic, self._caller = f"sink {name}", sink.topic_arn, caller

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return requests of up to ten findings that together are not too large."""
        for some in batches(notices, MOST):
            entries = [self._entry(one) for one in some]
            if sum(len(one["Message"]) for one in entries) <= LARGEST:
                yield self._message(some, entries)
            else:
                yield from (self._message((one,), [entry]) for one, entry in zip(some, entries, strict=True))

    def send(self, message: Message) -> set[str]:
        """Publish; what SNS refuses of a batch is told and stays."""
        keys = {stable([one.key]): one.key for one in message.notices}
        try:
            answer = self._caller.call(
                "sns:PublishBatch", region=region_of(self._topic), TopicArn=self._topic,
                PublishBatchRequestEntries=message.body,
            )  # fmt: skip
        except Refused as error:
            raise failed(error, where=self._where) from error
        return {keys[one["Id"]] for one in answer.get("Failed", ()) if one["Id"] in keys}

    def _message(self, notices: tuple[Notice, ...], entries: list[dict[str, Any]]) -> Message:
        return Message(notices, json.dumps({"TopicArn": self._topic, "Entries": entries}, indent=1), entries)

    def _entry(self, notice: Notice) -> dict[str, Any]:
        one = notice.finding
        text = json.dumps(record(notice))
        if len(text) > LARGEST:
            text = json.dumps(
                {**record(notice), "event_ids": list(one.event_ids[:SHORT]), "evidence": {}, "truncated": True}
            )
        if len(text) > LARGEST:
            # One finding must not stand in the way of all that come after it; its id leads to the rest.
            plain = {name: value[:CUT] if isinstance(value, str) else value for name, value in record(notice).items()
                     if value is None or isinstance(value, str | int | float)}  # fmt: skip
            text = json.dumps(plain | {"truncated": True})
        attributes = {
            "severity": one.severity,
            "status": one.status,
            "account": one.account,
            "detection": one.detection,
        }
        entry: dict[str, Any] = {
            "Id": stable([notice.key]),
            "Subject": f"trailwatch {notice.day}: {one.severity} {one.status}",
            "Message": text,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        }
        if self._topic.endswith(".fifo"):
            entry |= {"MessageGroupId": one.account or "trailwatch", "MessageDeduplicationId": stable([notice.key])}
        return entry
