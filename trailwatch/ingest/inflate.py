"""Objects as they are stored → bytes: gzip is known by its first bytes, and never grows beyond a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from isal import isal_zlib

_Broken = cast(type[Exception], isal_zlib.error)  # its stub takes the class for an instance of it
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Inflated:
    """The bytes of an object; `damage` says why they are not all."""

    data: bytes
    damage: str = ""


class TooLarge(Exception):
    """An object that would be larger than the limit after decompression."""


def inflate(stored: bytes, *, limit: int) -> Inflated:
    """Return an object's bytes, whole or as far as they can be read.

    Raises TooLarge beyond the limit, before more memory is taken.
    """
    if not stored.startswith(GZIP):
        if len(stored) > limit:
            raise TooLarge(f"larger than {limit:,} bytes")
        return Inflated(stored)
    parts: list[bytes] = []
    size, rest = 0, stored
    # Some writers append one gzip member to another.
    while rest.startswith(GZIP):
        stream = isal_zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(rest, min(_told(rest), limit - size) + 1)
            if not stream.eof and size + len(part) <= limit:
                # The end told another size than that of this member.
                part += stream.decompress(stream.unconsumed_tail, limit - size - len(part) + 1)
        except _Broken as error:
            salvaged = _as_far_as_possible(rest, limit - size)
            parts.append(salvaged)
            return Inflated(b"".join(parts), f"gzip broken after {size + len(salvaged):,} bytes of text: {error}")
        size += len(part)
        if size > limit:
            raise TooLarge(f"larger than {limit:,} bytes after decompression ({len(stored):,} stored)")
        parts.append(part)
        if not stream.eof:
            return Inflated(b"".join(parts), f"gzip cut off after {size:,} bytes of text")
        rest = stream.unused_data
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    if rest.strip(b"\x00"):
        return Inflated(data, f"{len(rest):,} bytes of something else after the gzip data")
    return Inflated(data)


def _told(stored: bytes) -> int:
    """Return the size that the end of gzip data tells: room of that size saves growing and copying."""
    return int.from_bytes(stored[-4:], "little")


def _as_far_as_possible(stored: bytes, limit: int) -> bytes:
    # The library returns nothing with an error, so the good part comes from feeding small pieces.
    stream = isal_zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(stored), 512):
            part = stream.decompress(stored[start : start + 512], limit - size + 1)
            parts.append(part)
            size += len(part)
            if size > limit:
                raise TooLarge(f"larger than {limit:,} bytes after decompression")
    except _Broken:
        pass  # this is where the damage begins; the caller reports it
    return b"".join(parts)
