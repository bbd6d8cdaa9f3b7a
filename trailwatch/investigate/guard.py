"""Hard limits around SQL of people: the engine counts what it manages, and a function that makes one long value does not ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trailwatch.errors import EngineError

SLACK = 2**30  # bytes beside the question's: code, threads, the answer on its way
_PAGES = Path("/proc/self/statm")


@contextmanager
def memory_within(most: int) -> Iterator[None]:
    """Refuse this process, with all its threads, more memory than it has and so many bytes.

    Where a system cannot say how much that is, nothing is refused.
    """
    if not _PAGES.exists():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    wanted = int(_PAGES.read_text().split()[0]) * resource.getpagesize() + most + SLACK
    limits = [one for one in (wanted, *before) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    try:
        yield
    except MemoryError as error:
        what = "it needs more memory than it may take"
        raise EngineError(what, where="sql", hint="limit, fewer columns, or --memory") from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
