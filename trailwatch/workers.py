"""Who does the work: this process, one part after the other, or the workers of a cluster (see cluster.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")


class Workers(Protocol):
    """Does work part by part; who comes first, and where, says the implementation."""

    count: int  # parts that are worked on at once
    apart: bool  # in other processes: work and parts travel there, and know this process no more

    def map(self, work: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
        """Yield what became of each part, as it is done."""


class Here:
    """This process: a loop, in the order of the parts."""

    count = 1
    apart = False

    def map(self, work: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
        """Yield what became of each part, in order."""
        return map(work, parts)


def share(sizes: Sequence[int], parts: int) -> int:
    """Return the size up to which things are put together so that at most so many parts come of them.

    It has room for one thing more than an even share: else a small part would be left over, for which all would wait.
    """
    return sum(sizes) // parts + max(sizes, default=0)
