"""Work that workers are sent; in a module that they can import, as a test module is not."""

from __future__ import annotations

import os
import signal

from trailwatch.errors import SourceError


def fail(_: int) -> None:
    """Raise an error that says all it can."""
    raise SourceError("cannot be read", where="there", hint="another place")


def die(_: int) -> None:
    """Kill the worker."""
    os.kill(os.getpid(), signal.SIGKILL)
