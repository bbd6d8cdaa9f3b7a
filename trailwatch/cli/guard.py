"""Ends the process where it would hang: SQL that does not let itself be stopped, libraries without room for threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from trailwatch.cli import output
from trailwatch.errors import EngineError

GRACE = 5.0  # seconds between being told to stop and being ended
ROOM = 3 * 2**30  # bytes of addresses, not of memory: below, delta-rs waits without end for threads it cannot start


def room_enough() -> None:
    """Refuse to start under a limit of address space that the libraries do not survive."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit not in (resource.RLIM_INFINITY, -1) and limit < ROOM:
        told = f"this process may use {limit / 2**20:,.0f} MB of addresses, and its libraries hang or end it below 3 GB"
        raise EngineError(told, where="ulimit -v", hint="ulimit -v unlimited, and a limit of memory by cgroups")


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
