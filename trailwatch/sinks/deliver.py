"""Sends to every sink what it has not got yet, and writes down what went out, message by message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from trailwatch.config import Config
from trailwatch.config.sinks import AnySink
from trailwatch.digest.words import counted
from trailwatch.errors import ConfigError, TrailwatchError
from trailwatch.sinks import outbox
from trailwatch.sinks.notice import Message, Notice, SinkError, Way
from trailwatch.sinks.ways import Page, way
from trailwatch.store.tables import Store


@dataclass(frozen=True)
class Delivery:
    """What one sink got in one run, what it still has to get, and why."""

    sink: str
    kind: str
    sent: int = 0
    messages: int = 0
    waiting: int = 0
    problem: str = ""
    shown: tuple[str, ...] = ()  # of a dry run: the messages as they would go out

    @property
    def failed(self) -> bool:
        """Whether something went wrong."""
        return bool(self.problem)

    def text(self) -> str:
        """Return the delivery as one line."""
        told = counted(self.sent, "finding")
        if self.shown or (not self.sent and not self.waiting and not self.problem):
            did = f"would send {told} in {counted(len(self.shown), 'message')}" if self.shown else "nothing new"
        else:
            did = f"sent {told} in {counted(self.messages, 'message')}"
        left = f"; {self.waiting} waiting for the next run" if self.waiting else ""
        return f"{self.sink} ({self.kind}): {did}{left}" + (f": {self.problem}" if self.problem else "")


def deliver(
    store: Store, config: Config, *, page: Page, now: datetime, only: Iterable[str] = (), dry_run: bool = False
) -> list[Delivery]:
    """Send what is new or worse to the sinks of the configuration, or to some of them by name.

    A sink that fails keeps what it did not get for the next run, and does not stop the others.
    """
    chosen = list(only) or list(config.sinks)
    for name in chosen:
        if name not in config.sinks:
            raise ConfigError(
                f"there is no sink {name!r}", where="--sink", hint=", ".join(config.sinks) or "[sinks.NAME]"
            )
    return [
        _one(store, config, name, config.sinks[name], page=page, now=now, dry_run=dry_run) for name in chosen
    ]  # fmt: skip


def _one(
    store: Store, config: Config, name: str, sink: AnySink, *, page: Page, now: datetime, dry_run: bool
) -> Delivery:
    kind = str(sink.__struct_config__.tag)
    start = outbox.since(store, name) if dry_run else outbox.begin(store, name, now=now)
    if start is None:
        start = outbox.first(store)
    if start is None:
        return Delivery(name, kind)
    due = outbox.waiting(store, name, sink, start=start)
    now_due = due[: outbox.MOST]
    road = way(name, sink, store=store, config=config, page=page, now=now, dry=dry_run)
    if dry_run:
        shown = tuple(message.shown for message in road.pack(now_due))
        return Delivery(name, kind, sent=len(now_due), waiting=len(due) - len(now_due), shown=shown)
    done = _send(store, name, road, now_due, now=now)
    left = len(due) - done.sent
    if not left:
        outbox.forward(store, name, start=start, now=now)
    return Delivery(name, kind, done.sent, done.messages, left, done.problem)


@dataclass
class _Done:
    sent: int = 0
    messages: int = 0
    problem: str = ""


def _send(store: Store, name: str, road: Way, due: list[Notice], *, now: datetime) -> _Done:
    done = _Done()
    try:
        for message in road.pack(due):
            refused, problem, later = _try(road, message)
            done.problem = done.problem or problem
            taken = [one for one in message.notices if one.key not in refused]
            # Written down at once: what a later message does cannot undo that this one went out.
            outbox.note(store, name, taken, now=now)
            outbox.note(store, name, _of(message, refused), now=now, state="failed", why=problem)
            done.sent += len(taken)
            done.messages += bool(taken)
            if later:
                break
    except TrailwatchError as error:
        # Nothing could be packed, as without credentials: all of it waits.
        done.problem = done.problem or str(error)
    return done


def _try(road: Way, message: Message) -> tuple[set[str], str, bool]:
    """Return which notices were not taken, why, and whether to stop."""
    every = {one.key for one in message.notices}
    try:
        refused = road.send(message)
    except SinkError as error:
        return (set() if error.took else every), str(error), error.later
    except TrailwatchError as error:
        return every, str(error), True
    return refused, f"{len(refused)} of {len(every)} were refused" if refused else "", False


def _of(message: Message, keys: set[str]) -> Iterator[Notice]:
    return (one for one in message.notices if one.key in keys)
