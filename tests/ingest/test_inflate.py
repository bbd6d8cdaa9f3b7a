"""Objects as stored: gzip by its bytes, in pieces, cut, broken, and far too large."""

from __future__ import annotations

import gzip
import resource
import zlib

import pytest

from trailwatch.ingest.inflate import Inflated, TooLarge, inflate

LIMIT = 1_000_000
TEXT = bytes(range(32, 127)) * 5_000


@pytest.mark.parametrize(
    "stored",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
        gzip.compress(TEXT) + b"\0" * 99,
    ],
    ids=["plain", "gzip", "members", "padded"],
)
def test_whole_objects(stored: bytes) -> None:
    assert inflate(stored, limit=LIMIT) == Inflated(TEXT)


def test_an_empty_object() -> None:
    assert inflate(b"", limit=LIMIT).data == b""
    assert inflate(gzip.compress(b""), limit=LIMIT).data == b""


@pytest.mark.parametrize("kept", [11, 200, 400])
def test_a_cut_object_gives_what_is_there_and_says_where_it_ends(kept: int) -> None:
    found = inflate(gzip.compress(TEXT)[:kept], limit=LIMIT)
    assert TEXT.startswith(found.data)
    assert f"cut off after {len(found.data):,} bytes" in found.damage


def test_a_wrong_checksum_is_told_although_all_text_is_there() -> None:
    stored = bytearray(gzip.compress(TEXT))
    stored[-6] ^= 1
    found = inflate(bytes(stored), limit=LIMIT)
    assert TEXT.startswith(found.data)
    assert "gzip broken" in found.damage


def test_something_else_behind_the_data_is_told() -> None:
    found = inflate(gzip.compress(TEXT) + b"hello", limit=LIMIT)
    assert (found.data, "5 bytes" in found.damage) == (TEXT, True)


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    packer = zlib.compressobj(1, wbits=31)
    million = bytes(2**20)
    bomb = b"".join(packer.compress(million) for _ in range(300)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge, match="1,000,000"):
        inflate(bomb, limit=LIMIT)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB; the bomb holds 300 MB


def test_a_bomb_of_many_members_is_refused() -> None:
    with pytest.raises(TooLarge):
        inflate(gzip.compress(bytes(400_000)) * 3, limit=LIMIT)


def test_plain_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        inflate(bytes(LIMIT + 1), limit=LIMIT)
