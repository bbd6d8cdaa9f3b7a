"""The bytes of a digest file → what it says, or why it says nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from trailwatch.ingest.inflate import GZIP
from trailwatch.ingest.limits import MIB
from trailwatch.verify.hashing import Broken, unpack

LARGEST = 64 * MIB  # of a digest file after decompression; one of a busy hour has some hundred KB
SIGNATURE, ALGORITHM, GENERATED = "signature", "signature-algorithm", "backfill-generation-timestamp"


class NotADigest(Exception):
    """A digest file that cannot be read as one."""


class Named(msgspec.Struct, frozen=True, gc=False):
    """A log file as a digest names it: where it is, and the hash of its text."""

    s3Bucket: str  # noqa: N815 — the file's own names
    s3Object: str  # noqa: N815
    hashValue: str  # noqa: N815


class _Body(msgspec.Struct, frozen=True):
    digestStartTime: str  # noqa: N815
    digestEndTime: str  # noqa: N815
    digestS3Bucket: str  # noqa: N815
    digestS3Object: str  # noqa: N815
    digestPublicKeyFingerprint: str  # noqa: N815
    previousDigestSignature: str | None  # noqa: N815
    logFiles: list[Named]  # noqa: N815
    previousDigestS3Bucket: str | None = None  # noqa: N815
    previousDigestS3Object: str | None = None  # noqa: N815
    previousDigestHashValue: str | None = None  # noqa: N815


_DECODER = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Link:
    """The digest before, as a digest names it."""

    bucket: str
    key: str
    hash: str
    signature: str


@dataclass(frozen=True, slots=True)
class Document:
    """What one digest file says; nothing of it is to be trusted before its signature is checked."""

    bucket: str
    key: str
    start: datetime
    end: datetime
    end_text: str  # as it is written: it is a part of what is signed
    fingerprint: str
    previous: Link | None
    previous_signature: str | None
    logs: tuple[Named, ...]
    hash: str  # SHA-256 of the text

    def to_sign(self) -> bytes:
        """Return the text that CloudTrail signed."""
        previous = "null" if self.previous_signature is None else self.previous_signature
        return f"{self.end_text}\n{self.bucket}/{self.key}\n{self.hash}\n{previous}".encode("utf-8", "surrogatepass")


def read(stored: bytes, *, plain: bool = False) -> Document:
    """Read a digest file as it is stored; with `plain` also one that was decompressed after it was copied."""
    text = _text(stored, plain=plain)
    try:
        body = _DECODER.decode(text)
        start, end = moment(body.digestStartTime), moment(body.digestEndTime)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
        raise NotADigest(f"it does not hold what a digest holds: {_short(error)}") from error
    link = None
    if body.previousDigestS3Bucket is not None and body.previousDigestS3Object is not None:
        link = Link(
            body.previousDigestS3Bucket, body.previousDigestS3Object, body.previousDigestHashValue or "",
            body.previousDigestSignature or "",
        )  # fmt: skip
    return Document(
        body.digestS3Bucket, body.digestS3Object, start, end, body.digestEndTime, body.digestPublicKeyFingerprint,
        link, body.previousDigestSignature, tuple(body.logFiles), hashlib.sha256(text).hexdigest(),
    )  # fmt: skip


def generated(metadata: Mapping[str, str]) -> datetime | None:
    """Return when a backfill digest was made, None where its metadata do not say."""
    try:
        return moment(metadata.get(GENERATED, ""))
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime:
    """Read a time of a digest file."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _text(stored: bytes, *, plain: bool) -> bytes:
    if plain and not stored.startswith(GZIP):
        return stored
    parts: list[bytes] = []
    try:
        end = unpack(stored, parts.append, limit=LARGEST)
    except Broken as error:
        raise NotADigest(str(error)) from error
    if not end.whole:
        raise NotADigest("it is cut off")
    return b"".join(parts)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
