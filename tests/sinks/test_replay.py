"""Whatever fails and whenever a run dies: nothing is lost, and what comes twice comes with the same id."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from digest.reports import CONFIG
from news import MONDAY, NOW, news, tell

from trailwatch.config.sinks import FileSink
from trailwatch.sinks import deliver as delivering
from trailwatch.sinks import outbox
from trailwatch.sinks.notice import TOLD, Message, Notice, SinkError, batches
from trailwatch.store.tables import Store

CONFIGURED = type(CONFIG)(sinks={"sink": FileSink(path="unused", severity="info")})


class Killed(BaseException):
    """The end of a process: nothing catches it."""


class Road:
    """A way that fails in every manner there is, by chance; what arrives is counted."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.calm = chance, False
        self.arrived: Counter[str] = Counter()
        self.ids: dict[str, set[str]] = {}

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        if not self.calm and self.chance.random() < 0.1:
            raise SinkError("cannot be packed", where="sink")
        return (Message(some, "") for some in batches(notices, 3))

    def send(self, message: Message) -> set[str]:
        luck = 1.0 if self.calm else self.chance.random()
        if luck < 0.2:
            raise SinkError("did not answer", where="sink")
        if luck < 0.3:
            raise SinkError("refused this one", where="sink", later=False)
        refused = {one.key for one in message.notices if luck < 0.5 and self.chance.random() < 0.5}
        for one in message.notices:
            if one.key not in refused:
                self.arrived[one.key] += 1
                self.ids.setdefault(one.key, set()).add(message.id)
        return refused


def _once(store: Store) -> delivering.Delivery:
    return delivering.deliver(store, CONFIGURED, page=lambda _: "", now=NOW)[0]


def _days(store: Store, chance: random.Random, road: Road) -> set[str]:
    """Live through some days of digests, runs and failures; return the keys that had to arrive."""
    due: set[str] = set()
    for step in range(5):
        day = MONDAY + timedelta(days=step)
        findings = tuple(
            news(
                100 * step + number,
                status=chance.choice((*TOLD, "ongoing")),
                severity=chance.choice(("info", "low", "high")),
            )
            for number in range(chance.randint(0, 8))
        )
        tell(store, day, *findings)
        due |= {Notice(day, one).key for one in findings if one.status in TOLD}
        for _ in range(chance.randint(0, 2)):
            _once(store)
    road.calm = True
    assert not _once(store).failed
    return due


@pytest.fixture
def road(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Road:
    made = Road(random.Random(request.param))
    monkeypatch.setattr(delivering, "way", lambda *_, **__: made)
    return made


def _lived(road: Road, folder: Any) -> None:
    store = Store.open(str(folder / "store"), create=True)
    # The sink begins on the first day, before anything can fail.
    tell(store, MONDAY)
    outbox.begin(store, "sink", now=NOW)
    due = _days(store, road.chance, road)
    assert set(road.arrived) == due
    assert set(road.arrived.values()) <= {1}, "without a death nothing comes twice"
    assert _once(store).sent == 0


@pytest.mark.parametrize("road", [3, 4], indirect=True)
def test_every_finding_arrives_once_whatever_fails(road, tmp_path) -> None:
    _lived(road, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("road", range(100, 160), indirect=True)
def test_every_finding_arrives_once_whatever_fails_for_long(road, tmp_path) -> None:
    _lived(road, tmp_path)


@pytest.mark.parametrize("road", [1], indirect=True)
def test_a_run_that_dies_before_it_wrote_down_sends_the_same_message_again(road, tmp_path, monkeypatch) -> None:
    store = Store.open(str(tmp_path / "store"), create=True)
    tell(store, MONDAY, *(news(number) for number in range(5)))
    road.calm = True
    real, calls = outbox.note, []

    def dies(*arguments: Any, **named: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        real(*arguments, **named)

    monkeypatch.setattr(outbox, "note", dies)
    with pytest.raises(Killed):
        _once(store)
    monkeypatch.setattr(outbox, "note", real)
    assert (_once(store).sent, _once(store).sent) == (2, 0)
    assert sorted(road.arrived.values()) == [1, 1, 1, 2, 2]
    assert all(len(ids) == 1 for ids in road.ids.values()), "what came twice had the same id"
