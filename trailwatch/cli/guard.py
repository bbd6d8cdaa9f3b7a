"""Ends the process where SQL that others may have written does not let itself be stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from trailwatch.cli import output

GRACE = 5.0  # seconds between being told to stop and being ended


@contextmanager
def ending_after(seconds: float) -> Iterator[None]:
    """End the process some seconds after it should have stopped: a single call of a function hears nothing."""
    clock = threading.Timer(seconds + GRACE, _end, args=(seconds,))
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _end(seconds: float) -> None:
    output.say(
        f"trailwatch: sql: it did not stop after {seconds:.0f} s, and was ended. Try: a query that asks for less"
    )
    os._exit(1)
