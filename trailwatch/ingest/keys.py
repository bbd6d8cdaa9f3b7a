"""What the key of an object says: which kind of log it holds, of which account, region and day."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

NO_DAY = date(1970, 1, 1)  # the ledger's day of an object whose key names none
LOGS = "CloudTrail"
PLAIN = "plain"  # a file outside the layout of a trail; its content decides
UNRECOGNISED = "unrecognised"

# Records of these kinds are read; what they hold besides events is kept in `others`.
READ = (LOGS, "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated")
_NEIGHBOURS = (
    "Config",
    "GuardDuty",
    "vpcflowlogs",
    "elasticloadbalancing",
    "vpcdnsquerylogs",
    "WAFLogs",
    "RedshiftLogs",
)

_LAYOUT = re.compile(
    r"(?:^|/)AWSLogs/(?:(?P<org>o-[a-z0-9]{10,32})/)?(?P<account>\d{12})/(?P<kind>[A-Za-z-]+)/"
    r"(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)/(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<file>[^/]+)$"
)
_ACCOUNT_FOLDER = re.compile(r"(?:^|/)AWSLogs/(?:o-[a-z0-9]{10,32}/)?\d{12}/(?P<kind>[^/]+)/")
_LOG_FILE = re.compile(
    r"^(?P<account>\d{12})_(?P<kind>CloudTrail(?:-Insight|-NetworkActivity|-Aggregated)?)_(?P<region>[a-z0-9-]+)_"
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})T\d{4}Z_?[A-Za-z0-9]{8,32}\.json(?:\.gz)?$"
)
# Trail names may hold `_`, `.` and `-`, so a digest's name is known by its beginning and its end.
_DIGEST_FILE = re.compile(r"^\d{12}_CloudTrail-Digest_.+_\d{8}T\d{6}Z(?:_backfill)?\.json(?:\.gz)?$")
_PLAIN_FILE = re.compile(r"\.(?:json|jsonl|ndjson|json\.gz|jsonl\.gz|ndjson\.gz|gz|log)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """What a key says; `kind` is never a guess: a key that fits no layout is `plain` or `unrecognised`."""

    kind: str
    account: str = ""
    region: str = ""
    day: date | None = None


def read(key: str) -> Place:
    """Return what a key says of its object."""
    name = key.rpartition("/")[2]
    if _DIGEST_FILE.match(name):
        return Place("CloudTrail-Digest")
    if found := _LAYOUT.search(key):
        kind = found["kind"]
        day = _day(found)
        if kind in READ and _LOG_FILE.match(name) and day and len(found["m"] + found["d"]) == 4:
            return Place(kind, found["account"], found["region"], day)
        if kind not in READ:
            return Place(neighbour(kind), found["account"], found["region"], day)
        return Place(_by_ending(name), found["account"], found["region"], day)
    if (found := _ACCOUNT_FOLDER.search(key)) and found["kind"] not in READ:
        return Place(neighbour(found["kind"]))
    if found := _LOG_FILE.match(name):
        # A copy out of its folders still carries its name.
        return Place(found["kind"], found["account"], found["region"], _day(found))
    return Place(_by_ending(name))


def neighbour(kind: str) -> str:
    """Return the kind of a folder beside the logs, `unrecognised` for one that is not known."""
    known = kind in READ or kind == "CloudTrail-Digest" or kind in _NEIGHBOURS
    return kind if known else UNRECOGNISED


def identify(bucket: str, key: str) -> int:
    """Return the stable 63-bit number of an object."""
    digest = hashlib.blake2b(f"{bucket}/{key}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _by_ending(name: str) -> str:
    return PLAIN if _PLAIN_FILE.search(name) else UNRECOGNISED


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return None
