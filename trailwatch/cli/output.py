"""Where results go: stdout or a private file; everything else goes to stderr."""

from __future__ import annotations

import os
import re
import stat
import sys

from trailwatch.errors import ConfigError
from trailwatch.progress import Progress, Silent

# All controls but line feed and tab, and the signs that turn the direction of what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_COLOR = re.compile(r"(\x1b\[[0-9;]*m)")


def safe(text: str) -> str:
    r"""Return text that no terminal obeys: a control character becomes its escape, which JSON reads as the same text."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write(text: str, path: str | None, *, colored: bool = False) -> None:
    """Write a result to stdout, or to a file that only its owner can read; `colored` text may hold colours."""
    text = text if text.endswith("\n") else text + "\n"
    text = "".join(part if colored and place % 2 else safe(part) for place, part in enumerate(_COLOR.split(text)))
    if path is None:
        _print(text)
        return
    _keep(text.encode("utf-8", "backslashreplace"), path)


def write_bytes(data: bytes, path: str | None) -> None:
    """Write a result that is no text to a file, or to stdout where nobody looks."""
    if path is None and sys.stdout.isatty():
        raise ConfigError("this is no text for a terminal", where="--format", hint="-o FILE, or a pipe")
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    _keep(data, path)


def _keep(data: bytes, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            # A file that was there before keeps its mode otherwise; a device is nobody's to change.
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)
            out.write(data)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=path, hint="another file") from error
    say(f"wrote {path}")


def say(text: str) -> None:
    """Tell something beside the result, on stderr."""
    sys.stderr.write(safe(text) + "\n")


def colors(path: str | None) -> bool:
    """Tell whether a person looks at stdout who did not refuse colours."""
    return path is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def progress(*, quiet: bool) -> Progress:
    """Return a bar where somebody watches, else nothing."""
    if quiet or not sys.stderr.isatty():
        return Silent()
    from trailwatch.cli.bar import Bar

    return Bar()


def _print(text: str) -> None:
    try:
        # A terminal of another encoding shows what it can.
        sys.stdout.write(
            text.encode(sys.stdout.encoding or "utf-8", "backslashreplace").decode(sys.stdout.encoding or "utf-8")
        )
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe left, as `head` does; the exit code is still the command's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
