"""Chains of digest files as CloudTrail makes them, with keys of our own: logs, digests, signatures, and where they go."""

from __future__ import annotations

import base64
import copy
import functools
import gzip
import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

START = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNT, REGION, HOME, TRAIL = "111122223333", "eu-west-1", "us-east-1", "org_trail.v-1"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """One pair of keys, as CloudTrail has a new one every few weeks."""

    private: RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)

    @property
    def fingerprint(self) -> str:
        return hashlib.md5(self.der, usedforsecurity=False).hexdigest()

    def sign(self, text: str) -> str:
        return self.private.sign(text.encode(), PKCS1v15(), SHA256()).hex()

    def public(self) -> dict[str, Any]:
        """Return the key as `aws cloudtrail list-public-keys` prints it."""
        return {
            "Fingerprint": self.fingerprint, "Value": base64.b64encode(self.der).decode(),
            "ValidityStartTime": (START - timedelta(days=20)).timestamp(),
            "ValidityEndTime": (START + timedelta(days=10)).timestamp(),
        }  # fmt: skip


@functools.cache
def pairs() -> tuple[Pair, Pair, Pair]:
    """Return three pairs; CloudTrail publishes the first two."""
    one, two, three = (Pair(generate_private_key(65537, 2048)) for _ in range(3))
    return one, two, three


@dataclass
class Stored:
    """One object with its metadata."""

    data: bytes
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Digest:
    """A digest before it is written: what it will say, and with which key it is signed."""

    end: datetime
    body: dict[str, Any]
    pair: Pair
    backfill: bool = False

    @property
    def key(self) -> str:
        return str(self.body["digestS3Object"])


@dataclass
class Chain:
    """One chain: its digests from the oldest on, and their logs. Bodies may be changed before `write` signs them."""

    bucket: str = "trail"
    account: str = ACCOUNT
    region: str = REGION
    trail: str = TRAIL
    home: str = HOME
    organization: str = ""
    prefix: str = ""
    objects: dict[str, Stored] = field(default_factory=dict)
    digests: list[Digest] = field(default_factory=list)
    backfills: list[Digest] = field(default_factory=list)

    def fill(
        self, chance: random.Random, *, hours: int = 6, most: int = 3, backfill: int = 0, pair: Pair | None = None
    ) -> Chain:
        """Add hours of logs and their digests; some hours are empty."""
        for hour in range(hours):
            end = START + (hour + 1) * HOUR
            keys = [self.log(chance, end) for _ in range(chance.randrange(most + 1))]
            self.digests.append(self._digest(end, keys, pair or pairs()[0 if hour < hours / 2 else 1], backfill=False))
        for hour in range(backfill):
            end = START + (hour + 1) * HOUR
            self.backfills.append(self._digest(end, [self.log(chance, end)], pairs()[1], backfill=True))
        return self

    def log(self, chance: random.Random, end: datetime) -> str:
        """Add a log of the hour before a moment, and return its key."""
        moment = end - timedelta(minutes=chance.randrange(20, 40))
        name = f"{self.account}_CloudTrail_{self.region}_{moment:%Y%m%dT%H%MZ}_{chance.getrandbits(64):016x}.json.gz"
        key = f"{self._tree('CloudTrail', moment)}/{name}"
        records = [{"eventID": f"{chance.getrandbits(128):032x}", "note": "x" * chance.randrange(200)}
                   for _ in range(chance.randrange(1, 20))]  # fmt: skip
        self.objects[key] = Stored(pack({"Records": records}))
        return key

    def write(self) -> Chain:
        """Sign the digests, each after the one before it, and put them among the objects."""
        for several in (self.digests, self.backfills):
            before: tuple[Digest, Stored] | None = None
            for digest in several:
                before = digest, self._write(digest, before)
        return self

    def logs(self) -> list[str]:
        return [entry["s3Object"] for digest in (*self.digests, *self.backfills) for entry in digest.body["logFiles"]]

    def arn(self) -> str:
        return f"arn:aws:cloudtrail:{self.home}:{self.account}:trail/{self.trail}"

    def _digest(self, end: datetime, keys: Iterable[str], pair: Pair, *, backfill: bool) -> Digest:
        name = f"{self.account}_CloudTrail-Digest_{self.region}_{self.trail}_{self.home}_{end:%Y%m%dT%H%M%SZ}"
        key = f"{self._tree('CloudTrail-Digest', end)}/{name}{'_backfill' if backfill else ''}.json.gz"
        entries = [
            {"s3Bucket": self.bucket, "s3Object": at, "hashAlgorithm": "SHA-256", "newestEventTime": stamp(end),
             "oldestEventTime": stamp(end - HOUR),
             "hashValue": hashlib.sha256(gzip.decompress(self.objects[at].data)).hexdigest()}
            for at in keys
        ]  # fmt: skip
        return Digest(end, {
            "awsAccountId": self.account, "digestStartTime": stamp(end - HOUR), "digestEndTime": stamp(end),
            "digestS3Bucket": self.bucket, "digestS3Object": key, "digestPublicKeyFingerprint": pair.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": stamp(end) if entries else None,
            "oldestEventTime": stamp(end - HOUR) if entries else None, "logFiles": entries,
        }, pair, backfill)  # fmt: skip

    def _write(self, digest: Digest, before: tuple[Digest, Stored] | None) -> Stored:
        last = None
        if before:
            last = (before[0].body["digestS3Bucket"], before[0].key,
                    hashlib.sha256(gzip.decompress(before[1].data)).hexdigest(), "SHA-256", before[1].metadata["signature"])  # fmt: skip
        names = ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")
        link = {f"previousDigest{name}": value for name, value in zip(names, last or [None] * 5, strict=True)}
        digest.body = {**digest.body, **link, **copy.deepcopy(digest.body.get("override", {}))}
        digest.body.pop("override", None)
        stored = sign(digest.body, digest.pair)
        if digest.backfill:
            stored.metadata["backfill-generation-timestamp"] = "2026-01-07T12:00:00.000Z"
        self.objects[digest.key] = stored
        return stored

    def _tree(self, kind: str, moment: datetime) -> str:
        parts = (self.prefix, "AWSLogs", self.organization, self.account, kind, self.region, f"{moment:%Y/%m/%d}")
        return "/".join(part for part in parts if part)


def sound(seed: int = 1, *, hours: int = 6, **how: Any) -> Chain:
    """Return a sound chain with at least one log an hour."""
    backfill = how.pop("backfill", 0)
    chain = Chain(**how)
    chance = random.Random(seed)
    chain.fill(chance, hours=hours, most=0, backfill=backfill)
    for digest in chain.digests:
        keys = [chain.log(chance, digest.end) for _ in range(2)]
        digest.body = chain._digest(digest.end, keys, digest.pair, backfill=False).body
    return chain.write()


def sign(body: dict[str, Any], pair: Pair) -> Stored:
    """Return a digest as an object."""
    data = pack(body)
    previous = body["previousDigestSignature"]
    text = "\n".join([
        body["digestEndTime"], f"{body['digestS3Bucket']}/{body['digestS3Object']}",
        hashlib.sha256(gzip.decompress(data)).hexdigest(), "null" if previous is None else previous,
    ])  # fmt: skip
    return Stored(data, {"signature": pair.sign(text), "signature-algorithm": "SHA256withRSA"})


def pack(body: Any) -> bytes:
    return gzip.compress(json.dumps(body, separators=(",", ":")).encode(), 1, mtime=0)


def name(key: str) -> str:
    return key.rpartition("/")[2]


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def to_folder(chain: Chain, root: Path) -> Path:
    """Write the objects as files, as a copy of a bucket has them: without their metadata."""
    for key, stored in chain.objects.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored.data)
    return root


def to_bucket(chain: Chain, store: Any) -> None:
    """Put the objects into a bucket, with their metadata."""
    for key, stored in chain.objects.items():
        obstore.put(store, key, stored.data, attributes=stored.metadata or None)


def key_file(path: Path, *chains: Chain, signatures: bool = True) -> Path:
    """Write the two published keys, and the signatures of the newest digests, as `--save-keys` does."""
    heads = [several[-1] for chain in chains for several in (chain.digests, chain.backfills) if several] * signatures
    path.write_text(json.dumps({
        "PublicKeyList": [pair.public() for pair in pairs()[:2]],
        "signatures": [
            {"bucket": chain.bucket, "key": digest.key, "signature": chain.objects[digest.key].metadata.get("signature", ""),
             "generated": chain.objects[digest.key].metadata.get("backfill-generation-timestamp", "")}
            for chain in chains for digest in heads if digest.key in chain.objects
        ],
    }))  # fmt: skip
    return path
