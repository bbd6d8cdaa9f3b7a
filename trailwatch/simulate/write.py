"""Write an organisation's logs as CloudTrail delivers them: gzipped objects under real keys, with the files beside."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec

from trailwatch.simulate import exports, neighbours, settings
from trailwatch.simulate.chance import dice, text
from trailwatch.simulate.neglects import EXPORTED
from trailwatch.simulate.records import Record
from trailwatch.simulate.stock import HOME, ORGANIZATION, PROD
from trailwatch.simulate.upkeep import Upkeep
from trailwatch.simulate.world import World

_LARGEST = 4000  # records in one object of a large world


@dataclass(frozen=True)
class Written:
    """What was written, counted."""

    folder: Path
    objects: int
    events: int
    doubles: int
    neighbours: int
    bytes: int
    first: date
    last: date


def stream(
    *,
    seed: int = 7,
    days: int = 75,
    start: date = date(2026, 6, 1),
    people: int | None = None,
    scale: float = 1.0,
    story: bool = True,
) -> Iterator[tuple[str, list[Record]]]:
    """Yield one log object after another as its key and its records, keeping no more than a day in memory."""
    yield from _objects(World(seed, days, start, people, scale, story))


def write(
    folder: Path,
    *,
    seed: int = 7,
    days: int = 75,
    start: date = date(2026, 6, 1),
    people: int | None = None,
    scale: float = 1.0,
    story: bool = True,
    only: frozenset[str] | None = None,
) -> Written:
    """Write simulated logs, exports of IAM, their configuration and the truth about the story into a folder.

    The same seed gives the same bytes; `only` names the chapters of the story that happen.
    """
    world = World(seed, days, start, people, scale, story, only)
    upkeep = Upkeep(taken(world))
    objects = events = doubles = size = 0
    seen: set[str] = set()
    for key, records in _objects(world):
        size += _put(folder, key, pack({"Records": records}))
        objects += 1
        events += len(records)
        for record in records:
            upkeep.see(record)
        if story:
            ids = {str(record["eventID"]) for record in records}
            doubles += len(ids & seen)
            seen |= ids
    beside = list(neighbours.objects(world)) if story else []
    for key, body in beside:
        size += _put(folder, key, pack(body))
    for name, data in exports.exports(world, upkeep):
        _put(folder, name, data)
        # Whoever reads a folder of exports takes the time of its files for the time of the export.
        os.utime(folder / name, (upkeep.until.timestamp(), upkeep.until.timestamp()))
    _put(folder, "trailwatch.toml", settings.toml(world).encode())
    if story:
        _put(folder, "story.json", msgspec.json.format(msgspec.json.encode(truth(world)), indent=1) + b"\n")
    return Written(folder, objects, events, doubles, len(beside), size, start, start + timedelta(days=days - 1))


def taken(world: World) -> datetime:
    """Return when the exports of a world are taken: in the middle of the story, or when a shorter one ends."""
    end = datetime.combine(world.start + timedelta(days=world.days), time(0), UTC)
    return EXPORTED if world.start <= EXPORTED.date() and end > EXPORTED else end


def truth(world: World) -> list[dict[str, object]]:
    """Return what was planted, for whoever checks a digest; only chapters of the told days."""
    told = {day for day, _ in world.calendar()}
    return [
        {
            "id": chapter.id,
            "kind": chapter.kind,
            "dates": [str(day) for day in chapter.dates],
            "title": chapter.title,
            "principals": list(chapter.principals),
            "practices": list(chapter.practices),
            "event_ids": world.told.event_ids.get(chapter.id, []),
        }
        for chapter in world.chapters
        if told.issuperset(chapter.dates)
    ]


def pack(body: object) -> bytes:
    """Compress a JSON document; without a time in it, equal documents are equal bytes."""
    return gzip.compress(msgspec.json.encode(body), 9, mtime=0)


def _put(folder: Path, key: str, data: bytes) -> int:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data)


def _objects(world: World) -> Iterator[tuple[str, list[Record]]]:
    for day, dense in world.calendar():
        cells: dict[tuple[str, str], list[Record]] = {}
        for record in world.day(day, dense):
            cells.setdefault((record["recipientAccountId"], record["awsRegion"]), []).append(record)
        for (account, region), records in sorted(cells.items()):
            chance = dice(world.seed, "objects", account, region, day)
            records.sort(key=lambda record: (record["eventTime"], record["eventID"]))
            busy = dense and (account, region) == (PROD, HOME) and day.weekday() < 5
            parts = _split(records, max(2 if busy else 1, -(-len(records) // _LARGEST)))
            if busy and day.day % 9 == 0:
                # Now and then CloudTrail delivers an event twice.
                parts[1] += chance.sample(parts[0], min(2, len(parts[0])))
            for part in parts:
                yield _key(chance, account, region, part), _disorder(chance, part)


def _disorder(chance: random.Random, records: list[Record]) -> list[Record]:
    """Put records in the order of delivery: in batches, one after another, each from one caller's calls."""
    batches: dict[str, list[Record]] = {}
    for record in records:
        identity = record["userIdentity"]
        batches.setdefault(
            str(identity.get("arn") or identity.get("invokedBy") or identity.get("userName", "")), []
        ).append(record)
    mixed = list(batches.values())
    chance.shuffle(mixed)
    return [record for batch in mixed for record in batch]


def _split(records: list[Record], count: int) -> list[list[Record]]:
    size = -(-len(records) // count)
    return [records[n : n + size] for n in range(0, len(records), size)]


def _key(chance: random.Random, account: str, region: str, records: list[Record]) -> str:
    """Name an object by its delivery: some minutes after its last event, on a mark of five minutes."""
    last = datetime.fromisoformat(max(record["eventTime"] for record in records))
    at = last + timedelta(minutes=chance.randrange(1, 6))
    at += timedelta(minutes=-at.minute % 5)
    return f"AWSLogs/{ORGANIZATION}/{account}/CloudTrail/{region}/{at:%Y/%m/%d}/{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{text(chance, 16)}.json.gz"
