"""The modes of what a store writes: files for their owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def private() -> Iterator[None]:
    """Let files get 0600 and folders 0700 through the process's mask: delta-rs has no mode option."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
