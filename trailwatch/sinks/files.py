"""Lines added to a file, or to standard output."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterable

from trailwatch.config.sinks import FileSink, StdoutSink
from trailwatch.sinks.lines import line
from trailwatch.sinks.notice import Message, Notice, SinkError, batches

MOST = 500


class ToFile:
    """Adds lines to a file that only its owner can read."""

    def __init__(self, name: str, sink: FileSink) -> None:
        self._name, self._sink = name, sink

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return the lines of up to 500 notices as one message."""
        return _lines(notices, self._sink.format)

    def send(self, message: Message) -> set[str]:
        """Add the lines in one write, after a line that an earlier run left unfinished."""
        data = message.shown.encode()
        try:
            descriptor = os.open(self._sink.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "rb+", buffering=0) as out:
                fcntl.flock(out, fcntl.LOCK_EX)
                before = os.fstat(out.fileno()).st_size
                try:
                    self._add(out.fileno(), data, before)
                except OSError:
                    # Half of a message would be told twice, and half of a line not at all.
                    os.ftruncate(out.fileno(), before)
                    raise
        except OSError as error:
            raise SinkError(
                f"cannot be written: {error.strerror}", where=self._sink.path, hint="another path"
            ) from error
        return set()

    def _add(self, descriptor: int, data: bytes, size: int) -> None:
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)


class ToStdout:
    """Prints lines where the results of the run go."""

    def __init__(self, name: str, sink: StdoutSink) -> None:
        self._name, self._sink = name, sink

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return the lines of up to 500 notices as one message."""
        return _lines(notices, self._sink.format)

    def send(self, message: Message) -> set[str]:
        """Print the lines; a reader that left is a failure, so that they come again."""
        try:
            sys.stdout.write(message.shown)
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            raise SinkError(f"nobody reads: {error}", where=f"sink {self._name}") from error
        return set()


def _lines(notices: list[Notice], form: str) -> Iterable[Message]:
    return (Message(some, "".join(line(one, form) + "\n" for one in some)) for some in batches(notices, MOST))
