"""Seeded chance: every identity and day draws from dice of its own, so one changed habit moves nothing else."""

from __future__ import annotations

import hashlib
import math
import random
import uuid
from collections.abc import Sequence

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def dice(*parts: object) -> random.Random:
    """Return a generator that depends on the given parts alone."""
    # A text seed is hashed with SHA-512 by `random`, so it does not depend on PYTHONHASHSEED.
    return random.Random("|".join(str(part) for part in parts))


def guid(chance: random.Random) -> str:
    """Draw a version 4 UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def text(chance: random.Random, length: int, alphabet: str = _BASE62) -> str:
    """Draw a text of letters and digits."""
    return "".join(chance.choices(alphabet, k=length))


def hexes(chance: random.Random, length: int) -> str:
    """Draw lower-case hexadecimal digits."""
    return f"{chance.getrandbits(4 * length):0{length}x}"


def temporary_key(chance: random.Random) -> str:
    """Draw the id of a temporary access key."""
    return "ASIA" + text(chance, 16, _LETTERS)


def stable_id(prefix: str, *parts: object, length: int = 17) -> str:
    """Derive an immutable id (AROA…, AIDA…, AKIA…) that an identity keeps for life."""
    number = int.from_bytes(hashlib.sha256("|".join(str(p) for p in parts).encode()).digest()[:16], "big")
    letters = []
    for _ in range(length):
        number, place = divmod(number, 32)
        letters.append(_LETTERS[place])
    return prefix + "".join(letters)


def stable_hex(length: int, *parts: object) -> str:
    """Derive hexadecimal digits from the parts."""
    return hashlib.sha256("|".join(str(p) for p in parts).encode()).hexdigest()[:length]


def around(chance: random.Random, mean: float, spread: float = 0.3) -> int:
    """Draw a count near the mean, skewed as daily counts are."""
    return max(0, round(chance.lognormvariate(math.log(max(mean, 0.01)), spread)))


def ranked(chance: random.Random, items: Sequence[str], steep: float = 1.0) -> str:
    """Draw one item, earlier ones more often, as people use their tools."""
    return chance.choices(items, weights=_weights(len(items), steep))[0]


def _weights(count: int, steep: float) -> list[float]:
    return [1 / (rank + 1.5) ** steep for rank in range(count)]
