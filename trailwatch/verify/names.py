"""What the key of a digest file or a log file says: which chain it belongs to, and of which moment it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from trailwatch.ingest.keys import LOGS

DIGESTS = "CloudTrail-Digest"

_REGION = r"[a-z]{2,}(?:-[a-z0-9]+)+?-\d+"
# Names of trails may hold `_`, `.` and `-`: the ends say where the middle begins.
_DIGEST = re.compile(
    rf"^(?P<account>\d{{12}})_{DIGESTS}_(?P<region>{_REGION})_(?P<trail>.+)_(?P<home>{_REGION})_"
    r"(?P<stamp>[0-9]{8}T[0-9]{6})Z(?P<backfill>_backfill)?\.json\.gz$"
)
_LOG = re.compile(rf"^\d{{12}}_{LOGS}_[a-z0-9-]+_(?P<stamp>\d{{8}}T\d{{4}})Z_?[A-Za-z0-9]{{8,32}}\.json(?:\.gz)?$")
_DAY = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/[^/]+$")


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """One chain of digest files: those of one trail in one account and region; backfill digests are a chain apart."""

    account: str
    region: str
    trail: str
    home: str
    backfill: bool = False


def digest(key: str) -> tuple[Chain, datetime] | None:
    """Return the chain and the end of a digest file by its name, None where it is none."""
    found = _DIGEST.match(key.rpartition("/")[2])
    moment = _moment(found["stamp"]) if found else None
    if not found or moment is None:
        return None
    chain = Chain(found["account"], found["region"], found["trail"], found["home"], bool(found["backfill"]))
    return chain, moment


def log(key: str) -> datetime | None:
    """Return the minute of a log file by its name, None where it is none."""
    found = _LOG.match(key.rpartition("/")[2])
    return _moment(found["stamp"]) if found else None


def day(key: str) -> date | None:
    """Return the day of the folders that a key stands in."""
    found = _DAY.search(key)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """Read 20260131T0930, with seconds or without; ten times as fast as by a format."""
    try:
        return datetime(
            int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[9:11]), int(text[11:13]), int(text[13:15] or 0),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
