"""The name of a finding that stays the same from day to day, and by which it is remembered."""

from __future__ import annotations

import hashlib

LENGTH = 12


def fingerprint(detection: str, account: str, *key: tuple[str, str]) -> str:
    """Return a short hash of the detection, the account, and the names and values that the detection groups by."""
    # Length before each part: no two different lists can read the same.
    parts = (detection, account, *(part for pair in sorted(key) for part in pair))
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
