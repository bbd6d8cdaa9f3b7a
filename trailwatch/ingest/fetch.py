"""Objects fetched ahead in threads, within a bound of bytes, and handed out in the order of the listing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from trailwatch.ingest.items import Fetched, Item, Source, Unreadable, together
from trailwatch.ingest.limits import MIB

Outcome = tuple[Item, Fetched | Unreadable]

_GROUP = 64  # small objects go to a thread together: handing over costs more than fetching them
_GROUP_BYTES = MIB // 4


def fetch_all(
    source: Source, items: Iterable[Item], *, threads: int, in_flight: int, largest: int
) -> Iterator[Outcome]:
    """Yield each object's bytes, or why they could not be had; at most `in_flight` bytes wait at a time.

    An object that is larger than `largest` as it is stored is not fetched.
    """
    waiting: deque[tuple[Future[list[Outcome]], int]] = deque()
    held = 0
    pool = ThreadPoolExecutor(threads)
    stopped = Event()
    try:
        for group in together(items, most=_GROUP, size=_GROUP_BYTES):
            size = sum(item.size for item in group if item.size <= largest)
            while waiting and (held + size > in_flight or len(waiting) >= threads * 4):
                done, freed = waiting.popleft()
                yield from done.result()
                held -= freed
            waiting.append((pool.submit(_fetch_group, source, group, largest, stopped), size))
            held += size
        while waiting:
            yield from waiting.popleft()[0].result()
    finally:
        # Whoever cancels does not wait for a server.
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _fetch_group(source: Source, group: list[Item], largest: int, stopped: Event) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for item in group:
        if stopped.is_set():
            break
        if item.size > largest:
            outcomes.append((item, Unreadable(f"larger than {largest:,} bytes as it is stored")))
            continue
        try:
            outcomes.append((item, source.fetch(item)))
        except Unreadable as reason:
            outcomes.append((item, reason))
    return outcomes
