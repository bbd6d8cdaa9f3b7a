"""Messages of a queue → objects read → messages deleted, in this order; and a listing for what no message named."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trailwatch.aws import Access
from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest import keys
from trailwatch.ingest.account import NAMED, Account
from trailwatch.ingest.announced import Announced
from trailwatch.ingest.collect import ingest, mark
from trailwatch.ingest.items import Item
from trailwatch.ingest.ledger import Ledger
from trailwatch.ingest.notices import BAD, NAMES, Named
from trailwatch.ingest.queue import Message, Queue
from trailwatch.ingest.sources import open_source
from trailwatch.progress import Progress, Silent
from trailwatch.store.tables import Store
from trailwatch.workers import Workers

ROUND = 10_000  # messages that are read and deleted together
ROUNDS = 1_000


def drain(
    store: Store,
    where: str,
    *,
    access: Access,
    listing: str = "",
    reconcile: bool = False,
    progress: Progress | None = None,
    threads: int = 8,
    workers: Workers | None = None,
    now: datetime | None = None,
    shards: int = 0,
) -> Account:
    """Read the objects that the messages of a queue name, and delete the messages whose objects the ledger has.

    `listing` (s3://bucket/prefix) is where the objects are: others are not touched, because whoever may write to the
    queue could name any, and once a day, or with `reconcile`, it is listed for what no message named. What is not
    understood, or could not be read, stays in the queue and is counted.
    """
    now = now or datetime.now(UTC)
    account = Account(source=where)
    begun = time.monotonic()
    round_ = _Round(access, listing.rstrip("/"), progress or Silent(), threads, workers, shards)
    _drain(store, Queue(where, access, threads=threads), account, round_)
    if listing and (reconcile or _overdue(store, listing, now)):
        found = ingest(
            store, listing, access=access, reconcile=reconcile, progress=round_.progress, threads=threads,
            workers=workers, now=now, shards=shards,
        )  # fmt: skip
        account.unannounced += found.read
        account.add(found)
    account.seconds = round(time.monotonic() - begun, 3)
    return account


def _overdue(store: Store, listing: str, now: datetime) -> bool:
    last = store.marked(mark(open_source(listing)))
    return last is None or now - last >= timedelta(days=1)


def _drain(store: Store, queue: Queue, account: Account, round_: _Round) -> None:
    seen: set[str] = set()
    for _ in range(ROUNDS):
        messages = [one for one in queue.receive(ROUND) if one.id not in seen]
        seen |= {one.id for one in messages}
        if not messages:
            break
        account.say("received", len(messages))
        left = _left(store, messages, account, queue, round_)
        account.say("deleted", queue.delete([one for one in messages if one.id not in left]))
        named = [{"id": name, "reason": reason} for name, reason in left.items()]
        account.bad_messages += named[: NAMED - len(account.bad_messages)]
        if len(messages) < ROUND:
            break
    if kept := account.messages.get("received", 0) - account.messages.get("deleted", 0):
        account.say("stay in the queue", kept)


@dataclass(frozen=True)
class _Round:
    access: Access
    within: str
    progress: Progress
    threads: int
    workers: Workers | None
    shards: int


def _left(store: Store, messages: Sequence[Message], account: Account, queue: Queue, round_: _Round) -> dict[str, str]:
    """Read what messages name, and return those that must stay, each with the reason."""
    left: dict[str, str] = {}
    named: dict[str, dict[Named, list[str]]] = {}
    for message in messages:
        account.say(message.notice.kind)
        if message.notice.kind == BAD:
            left[message.id] = message.notice.reason
        elif message.notice.kind == NAMES:
            for one in message.notice.objects:
                if not f"s3://{one.bucket}/{one.key}".startswith(
                    round_.within.rstrip("/") + "/" if round_.within else ""
                ):
                    left[message.id] = f"names an object outside of {round_.within}"
                else:
                    named.setdefault(one.bucket, {}).setdefault(one, []).append(message.id)
    for bucket, objects in named.items():
        try:
            reach = round_.access.bucket(bucket)
        except SourceError as error:
            left |= {id: str(error) for ids in objects.values() for id in ids}
            continue
        source = Announced(queue.name, bucket, reach, objects, threads=round_.threads)
        account.add(ingest(
            store, source, access=round_.access, progress=round_.progress, threads=round_.threads,
            workers=round_.workers, shards=round_.shards,
        ))  # fmt: skip
        ids_of = {one.key: ids for one, ids in objects.items()}
        for item in _missing(store, source):
            left |= dict.fromkeys(ids_of[item.key], f"{item.key} could not be read")
    return left


def _missing(store: Store, source: Announced) -> list[Item]:
    """Return the named logs that the ledger does not have as read."""
    logs = [item for item in source.items if item.place.kind in keys.READ]
    if not logs:
        return []
    with Engine() as engine:
        verdicts = Ledger(engine, store, source.bucket).sort(logs)
    return [item for item, verdict in zip(logs, verdicts, strict=True) if verdict in ("new", "again")]
