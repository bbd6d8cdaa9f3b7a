"""What one object, one record and one run may take of memory and time."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of an ingest; CloudTrail itself writes at most 50 MB of JSON into an object and 256 KB into a record."""

    inflated: int = 256 * MIB  # an object after decompression; more is taken for a bomb
    record: int = 4 * MIB
    in_flight: int = 64 * MIB  # fetched and not yet decoded
    batch: int = 64 * MIB  # JSON text whose columns become one table
    events: int = 200_000  # between two commits
    seconds: float = 60.0  # between two commits
    kept: int = 192 * MIB  # columns between two commits
    named: int = 1_000  # failed or changed objects that the account names one by one; all are counted
