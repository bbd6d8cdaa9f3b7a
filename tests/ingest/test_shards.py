"""The accounts of a day are divided by a number that holds from a day on, and never apart from their own doubles."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from trails import key, record

from trailwatch.errors import ConfigError
from trailwatch.ingest.collect import ingest
from trailwatch.profile.settle import settle
from trailwatch.store.shards import FIRST, hold, numbers

NOW = datetime(2026, 1, 6, 6, tzinfo=UTC)
LATER = "2026-01-20"
ACCOUNTS = [f"{number:012d}" for number in range(111122223330, 111122223338)]


def _of(account: str, number: int, day: str = "2026-01-05") -> dict:
    return record(number, recipientAccountId=account, eventTime=f"{day}T10:00:00Z")


def _shards(rows, store) -> list[tuple]:
    return rows(store, "events", "select dt, recipient_account_id, shard from events order by all")


def test_a_new_store_is_divided_from_its_first_day_on(tree, store, rows) -> None:
    tree.put(key(1), [_of(account, place) for place, account in enumerate(ACCOUNTS)])
    ingest(store, str(tree.root), now=NOW, shards=4)
    assert numbers(store) == [(FIRST, 4)]
    assert _shards(rows, store) == [(date(2026, 1, 5), one, int(one) % 4) for one in ACCOUNTS]
    tree.put(key(2), [_of(ACCOUNTS[1], 20)])
    ingest(store, str(tree.root), now=NOW)
    assert _shards(rows, store)[1][2] == _shards(rows, store)[2][2] == int(ACCOUNTS[1]) % 4


def test_another_number_holds_for_days_to_come_and_doubles_are_still_found(tree, store, rows) -> None:
    tree.put(key(1), [_of(account, place) for place, account in enumerate(ACCOUNTS)])
    ingest(store, str(tree.root), now=NOW)
    tree.put(key(2), [_of(ACCOUNTS[3], 3), _of(ACCOUNTS[3], 30, LATER)])
    ingest(store, str(tree.root), now=NOW, shards=5)
    assert numbers(store) == [(FIRST, 1), (date(2026, 1, 7), 5)]
    assert settle(store).doubles == 1
    found = _shards(rows, store)
    assert {shard for day, _, shard in found if day == date(2026, 1, 5)} == {0}
    assert found[-1] == (date(2026, 1, 20), ACCOUNTS[3], int(ACCOUNTS[3]) % 5)


def test_a_number_is_kept_once(store) -> None:
    assert hold(store, 8, today=NOW.date()) == hold(store, 0, today=NOW.date()) == numbers(store) == [(FIRST, 8)]


def test_a_number_that_is_none(store) -> None:
    with pytest.raises(ConfigError, match=r"\[store\] shards"):
        hold(store, 5000, today=NOW.date())
