"""Objects damaged in ways that networks, disks, tools and enemies damage them; each from a seed."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trails import record, text

from trailwatch.ingest.collect import read
from trailwatch.ingest.limits import Limits

LIMITS = Limits(inflated=8 * 2**20, record=2**20)
INSERTED = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\n",
    b"null", b"TRUE", b"NaN", b"1e999", b"-", b"9" * 400, b"[" * 3_000, b'{"a":' * 3_000, b'{"Records":[', b"]}",
    b'{"eventVersion":', b'"sessionToken":"', b"\xef\xbb\xbf", b"\x1f\x8b\x08\x00", b"{}", b"[]", b'""', b"/*", b"'",
)  # fmt: skip
Mutation = Callable[[random.Random, bytearray], None]


def _flip_bit(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set_byte(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _delete(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 1, 2, 10, 500))]


def _insert(chance: random.Random, data: bytearray) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.choice(INSERTED)


def _repeat(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.choice((1, 20, 2_000))]


def _cut(chance: random.Random, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


def _swap(chance: random.Random, data: bytearray) -> None:
    first, second = sorted(chance.randrange(len(data)) for _ in range(2))
    size = chance.choice((1, 10, 300))
    data[first : first + size], data[second : second + size] = data[second : second + size], data[first : first + size]


def _zero(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    size = min(chance.choice((1, 16, 512)), len(data) - start)
    data[start : start + size] = bytes(size)


MUTATIONS: Sequence[Mutation] = (
    _flip_bit,
    _flip_bit,
    _set_byte,
    _delete,
    _insert,
    _insert,
    _repeat,
    _cut,
    _swap,
    _zero,
)


def mutate(chance: random.Random, body: bytes) -> bytes:
    """Return a damaged object: its text, or its gzip data, or both, hit one to five times."""
    where = chance.random()
    data = bytearray(body)
    if where < 0.7:
        _hit(chance, data)
    stored = bytearray(gzip.compress(bytes(data), 1)) if chance.random() < 0.7 else data
    if where > 0.6:
        _hit(chance, stored)
    return bytes(stored)


def _hit(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if data:
            chance.choice(MUTATIONS)(chance, data)


@dataclass
class Outcome:
    """What became of a set of damaged objects."""

    inputs: int = 0
    records: int = 0
    events: int = 0
    not_understood: int = 0
    failed: int = 0
    skipped: int = 0


def survive(folder: Path, bodies: Sequence[bytes], chance: random.Random, count: int) -> Outcome:
    """Read damaged objects with whole ones between them; every object and record must be accounted for."""
    good = 0
    for number in range(count):
        (folder / f"{number:05d}-damaged.json.gz").write_bytes(mutate(chance, chance.choice(bodies)))
        if number % 10 == 0:
            whole = [record(good + one, eventID=f"whole-{good + one}") for one in range(3)]
            (folder / f"{number:05d}-whole.json.gz").write_bytes(gzip.compress(text(whole)))
            good += 3
    events, account = read(str(folder), limits=LIMITS)
    assert account.balanced(), account
    assert account.listed == len(list(folder.iterdir()))
    assert events.num_rows == account.events
    found = set(events["event_id"].to_pylist())
    assert {f"whole-{number}" for number in range(good)} <= found, "a damaged object took whole ones with it"
    return Outcome(
        count, account.records, account.events, sum(account.not_understood.values()), account.failed_objects,
        sum(account.skipped.values()),
    )  # fmt: skip
