"""Commits to a table: another attempt where one was lost on the way, and what goes wrong as errors of a store."""

from __future__ import annotations

from collections.abc import Callable

from deltalake.exceptions import CommitFailedError, DeltaError

from trailwatch.errors import StoreError
from trailwatch.store.mask import private
from trailwatch.store.trouble import patiently, store_error

FAILURES = (DeltaError, OSError)


class StoreConflict(StoreError):
    """Another run changed the same day in the meantime; reading again and repeating is safe."""


def commit(work: Callable[[], None], *, table: str, where: str) -> None:
    """Do work that changes a table, its files readable by their owner alone.

    A commit whose answer was lost is made twice: doubles go out later, and a day is replaced by itself.
    """
    try:
        with private():
            patiently(work, lost=FAILURES)
    except CommitFailedError as error:
        raise StoreConflict(
            f"another run changed table {table} at the same time", where=where, hint="run it again"
        ) from error
    except FAILURES as error:
        raise store_error(f"table {table} cannot be written", error, where=where) from error
