"""Commits of an ingest: as many as the limits say, events before the ledger, two at once without loss."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from trails import Tree, key, record

from trailwatch.ingest.collect import ingest
from trailwatch.ingest.limits import Limits
from trailwatch.store.tables import Store

Ask = Callable[..., list[tuple[Any, ...]]]


def events(store: Store, rows: Ask) -> list[str]:
    return [found[0] for found in rows(store, "events", "select event_id from events order by all")]


@pytest.mark.parametrize("limits", [Limits(events=100), Limits(kept=1), Limits(seconds=0)])
def test_commits_come_as_the_limits_say(tree: Tree, store: Store, limits: Limits, rows: Ask) -> None:
    for number in range(6):
        tree.put(key(number), [record(number * 100 + one) for one in range(100)])
    small = Limits(batch=1, events=limits.events, kept=limits.kept, seconds=limits.seconds)
    account = ingest(store, str(tree.root), limits=small)
    assert (account.events, store.version("events")) == (600, 6)
    assert len(set(events(store, rows))) == 600


def test_by_default_a_small_trail_is_one_commit(tree: Tree, store: Store) -> None:
    for number in range(6):
        tree.put(key(number), [record(number)])
    ingest(store, str(tree.root))
    assert store.version("events") == 1


def test_events_are_committed_before_the_ledger(
    tree: Tree, store: Store, monkeypatch: pytest.MonkeyPatch, rows: Ask
) -> None:
    for number in range(3):
        tree.put(key(number), [record(number)])
    append = Store.append

    def fail(self: Store, table: str, data: pa.Table) -> None:
        if table == "objects":
            raise KeyboardInterrupt
        append(self, table, data)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "append", fail)
        with pytest.raises(KeyboardInterrupt):
            ingest(store, str(tree.root))
    assert (len(events(store, rows)), store.version("objects")) == (3, -1)
    # The run after it reads again; settle takes the doubles out.
    assert ingest(store, str(tree.root)).read == 3
    assert len(set(events(store, rows))) == 3


def test_two_ingests_at_once_lose_nothing(tree: Tree, store: Store, rows: Ask) -> None:
    for number in range(20):
        tree.put(key(number), [record(number)])
    limits = Limits(batch=1, events=4)
    threads = [threading.Thread(target=ingest, args=(Store.open(store.uri), str(tree.root)), kwargs={"limits": limits})
               for _ in range(2)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(events(store, rows)) == {record(number)["eventID"] for number in range(20)}
    assert ingest(store, str(tree.root)).known == 20
