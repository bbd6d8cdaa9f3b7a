"""Objects in a bucket, named by what is in them: a repetition replaces what is there already."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import obstore
from obstore.exceptions import BaseError

from trailwatch.aws import Access
from trailwatch.config.sinks import S3Sink
from trailwatch.sinks.lines import line
from trailwatch.sinks.notice import Message, Notice, SinkError, batches

MOST = 500


class ToS3:
    """Puts one object for up to 500 findings of a day."""

    def __init__(self, name: str, sink: S3Sink, *, access: Access) -> None:
        self._where, self._form, self._access = f"sink {name}", sink.format, access
        self._bucket, _, prefix = sink.path.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/")

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return the objects: day by day, one line a finding."""
        for _, of_day in groupby(notices, key=lambda one: one.day):
            for some in batches(list(of_day), MOST):
                yield Message(some, "".join(line(one, self._form) + "\n" for one in some))

    def send(self, message: Message) -> set[str]:
        """Put an object."""
        ending = "txt" if self._form == "text" else "jsonl"
        day = message.notices[0].day.isoformat()
        key = "/".join(part for part in (self._prefix, f"dt={day}", f"{message.id}.{ending}") if part)
        try:
            obstore.put(self._access.bucket(self._bucket), key, message.shown.encode())
        except BaseError as error:
            what = " ".join(str(error).split())[:300]
            raise SinkError(f"s3://{self._bucket}/{key} was not taken: {what}", where=self._where,
                            hint="allow s3:PutObject") from error  # fmt: skip
        return set()
