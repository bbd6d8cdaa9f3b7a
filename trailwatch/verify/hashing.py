"""Bytes as they are stored → their text and its SHA-256, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple, cast

from isal import isal_zlib

from trailwatch.ingest.inflate import GZIP
from trailwatch.ingest.items import Unreadable
from trailwatch.ingest.limits import MIB

LARGEST = 1024 * MIB  # of the text of a log; CloudTrail writes 50 MB at most, more is a bomb
_PIECE = MIB
_Failure = cast(type[Exception], isal_zlib.error)  # its stub takes the class for an instance of it


class Broken(Unreadable):
    """Bytes that are no gzip file, or more than one."""


class End(NamedTuple):
    """How the compressed text ended."""

    whole: bool
    more: bool  # something stands behind it


def unpack(stored: bytes, take: Callable[[bytes], object], *, limit: int) -> End:
    """Hand out the text of one gzip member piece by piece; unlike a log that is ingested, it ends with the member."""
    if len(stored) >= len(GZIP) and not stored.startswith(GZIP):
        raise Broken("invalid format")
    stream = isal_zlib.decompressobj(wbits=31)
    size, rest = 0, stored
    try:
        while rest and not stream.eof:
            part = stream.decompress(rest, _PIECE)
            size += len(part)
            if size > limit:
                raise Broken(f"more than {limit:,} bytes of text")
            take(part)
            if not part and rest == stream.unconsumed_tail:
                break
            rest = stream.unconsumed_tail
    except _Failure as error:
        raise Broken("invalid format") from error
    return End(bool(stream.eof), bool(stream.unused_data))


def sha256(stored: bytes, *, plain: bool = False, limit: int = LARGEST) -> bytes:
    """Return the hash of what a gzip file holds; with `plain`, bytes that are not compressed count as they are.

    A file that is cut off gives the hash of what is left: it is not the one that was signed.
    """
    if plain and not stored.startswith(GZIP):
        return hashlib.sha256(stored).digest()
    found = hashlib.sha256()
    if unpack(stored, found.update, limit=limit).more:
        raise Broken("unexpected data after the end of the compressed text")
    return found.digest()
