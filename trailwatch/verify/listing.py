"""One account and region in one span of days: its digests, listed and fetched, and its logs as they are listed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trailwatch.errors import TrailwatchError
from trailwatch.ingest.items import Item, Unreadable
from trailwatch.ingest.keys import LOGS
from trailwatch.verify import names
from trailwatch.verify.names import DIGESTS
from trailwatch.verify.spans import LATE
from trailwatch.verify.vault import Cell, Days, Stored, Vault
from trailwatch.window import Window


@dataclass(frozen=True)
class Unit:
    """What is verified at a time."""

    cell: Cell
    days: Days


@dataclass
class Listed:
    """The objects of a unit; `failures` says what could not be listed."""

    unit: Unit
    digests: list[tuple[Item, Stored | Unreadable]] = field(default_factory=list)
    logs: list[Item] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


def listings(
    vault: Vault, units: Iterable[Unit], window: Window, *, listers: Executor, fetchers: Executor, ahead: int
) -> Iterator[Listed]:
    """Yield what is there of each unit; that of the next ones is fetched in the meantime."""
    waiting: deque[Future[Listed]] = deque()
    for unit in units:
        waiting.append(listers.submit(_list, vault, unit, window, fetchers))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def fetch(vault: Vault, item: Item) -> Stored | Unreadable:
    """Return an object's bytes, or why they cannot be had."""
    try:
        return vault.fetch(item)
    except Unreadable as reason:
        return reason


def _list(vault: Vault, unit: Unit, window: Window, fetchers: Executor) -> Listed:
    found = Listed(unit)
    first, last = unit.days
    digests: list[Item] = []
    # The digest of the first hour of a day tells of logs of the evening before.
    for kind, days, items in (
        (DIGESTS, unit.days, digests),
        (LOGS, (first - timedelta(days=1), last), found.logs),
    ):
        prefix = unit.cell.prefix(kind)
        try:
            items.extend(vault.list(prefix, kind, days))
        except (OSError, Unreadable, TrailwatchError) as error:
            found.failures.append((prefix, " ".join(str(error).split())[:300]))
    wanted = [item for item in digests if _asked_for(vault, item, window)]
    found.digests = list(zip(wanted, fetchers.map(lambda item: fetch(vault, item), wanted), strict=True))
    return found


def in_window(end: datetime, window: Window) -> bool:
    """Tell whether a digest that ends at a moment is asked for by a window."""
    return (window.start is None or end >= window.start) and (window.end is None or end <= window.end + LATE)


def _asked_for(vault: Vault, item: Item, window: Window) -> bool:
    named = names.digest(item.key)
    # In a copy the signature of a digest stands in the digest of the hour after.
    return bool(named and (in_window(named[1], window) or (vault.copied and in_window(named[1] - 2 * LATE, window))))
