"""Into how many shards the accounts of a day are divided: a number that holds from a day on, and is kept in the store.

An event that arrives twice must come to the same (day, shard), or nobody would see that it came twice. So a new number
holds only for days of which there is nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from trailwatch.errors import ConfigError
from trailwatch.store.schema import EVENTS
from trailwatch.store.tables import Store

MOST = 1024
FIRST = date(1970, 1, 1)  # what holds from here on holds for days before it, too

Numbers = Sequence[tuple[date, int]]


def numbers(store: Store) -> list[tuple[date, int]]:
    """Return from which day on which number of shards holds, the oldest first."""
    found = []
    for place in count():
        moment = store.marked(_name(place))
        if moment is None:
            break
        # The log of a table keeps one number under a name: midnight of the day, and a second for each shard.
        found.append((moment.date(), (moment - datetime.combine(moment.date(), time(), UTC)).seconds))
    return found or [(FIRST, 1)]


def hold(store: Store, wanted: int, *, today: date) -> list[tuple[date, int]]:
    """Return the numbers of a store, after keeping a new one for the days to come; 0 keeps what there is."""
    if not 0 <= wanted <= MOST:
        raise ConfigError(f"{wanted} shards cannot be had", where="[store] shards", hint=f"1 to {MOST}")
    known = numbers(store)
    if not wanted or wanted == known[-1][1]:
        return known
    days = [key[0] for key in store.partitions(EVENTS.name)]
    since = max([today, known[-1][0], *days]) + timedelta(days=1) if days else FIRST
    if since == FIRST:
        known = []
    elif store.marked(_name(0)) is None:
        _keep(store, 0, known[0])
    _keep(store, len(known), (since, wanted))
    return [*known, (since, wanted)]


def _keep(store: Store, place: int, number: tuple[date, int]) -> None:
    store.mark(_name(place), datetime.combine(number[0], time(), UTC) + timedelta(seconds=number[1]))


def _name(place: int) -> str:
    return f"shards {place}"
