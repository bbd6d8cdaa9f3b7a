"""The ways in which a chain is damaged, each under its name; a chain is damaged before or after it is signed."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable

from verify.chains import HOUR, START, Chain, Digest, Stored, pack, pairs

Damage = Callable[[Chain, random.Random], None]


def _some_log(chain: Chain, chance: random.Random) -> str:
    return chance.choice([key for key in chain.logs() if key in chain.objects])


def _some_digest(chain: Chain, chance: random.Random) -> Digest:
    return chance.choice([digest for digest in chain.digests if digest.key in chain.objects])


def _log(change: Callable[[bytes, random.Random], bytes]) -> Damage:
    def damage(chain: Chain, chance: random.Random) -> None:
        stored = chain.objects[_some_log(chain, chance)]
        stored.data = change(stored.data, chance)

    return damage


def _digest(change: Callable[[bytes, random.Random], bytes]) -> Damage:
    def damage(chain: Chain, chance: random.Random) -> None:
        stored = chain.objects[_some_digest(chain, chance).key]
        stored.data = change(stored.data, chance)

    return damage


def _metadata(name: str, value: str | None) -> Damage:
    def damage(chain: Chain, chance: random.Random) -> None:
        found = chain.objects[_some_digest(chain, chance).key].metadata
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value

    return damage


def _changed_log(data: bytes, chance: random.Random) -> bytes:
    body = json.loads(gzip.decompress(data))
    body["Records"].pop(chance.randrange(len(body["Records"])))
    return pack(body)


def _flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(12, len(data) - 8)
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _one_log_less(data: bytes, _: random.Random) -> bytes:
    body = json.loads(gzip.decompress(data))
    body["logFiles"] = body["logFiles"][1:]
    body["newestEventTime"] = "2026-01-05T00:00:01Z"
    return pack(body)


def _without(name: str) -> Callable[[bytes, random.Random], bytes]:
    def change(data: bytes, _: random.Random) -> bytes:
        return pack({key: value for key, value in json.loads(gzip.decompress(data)).items() if key != name})

    return change


def log_deleted(chain: Chain, chance: random.Random) -> None:
    del chain.objects[_some_log(chain, chance)]


def log_moved(chain: Chain, chance: random.Random) -> None:
    key = _some_log(chain, chance)
    chain.objects[key.replace(".json.gz", "00.json.gz")] = chain.objects.pop(key)


def digest_deleted(chain: Chain, chance: random.Random) -> None:
    del chain.objects[_some_digest(chain, chance).key]


def digest_moved(chain: Chain, chance: random.Random) -> None:
    key = _some_digest(chain, chance).key
    chain.objects[key.replace("0000Z.json", "0001Z.json")] = chain.objects.pop(key)


def digest_in_place_of_another(chain: Chain, chance: random.Random) -> None:
    one, other = chance.sample([digest for digest in chain.digests if digest.key in chain.objects], 2)
    chain.objects[one.key] = chain.objects[other.key]


def gap(chain: Chain, chance: random.Random) -> None:
    """The trail was stopped, or validation was off: some hours without digests, then a chain that begins anew."""
    place = chance.randrange(2, len(chain.digests) - 1)
    for digest in chain.digests[place - 1 : place]:
        chain.digests.remove(digest)
    first = chain.digests[place - 1]
    first.body["override"] = {f"previousDigest{name}": None
                              for name in ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")}  # fmt: skip


def unknown_key(chain: Chain, chance: random.Random) -> None:
    digest = _unwritten(chain, chance)
    digest.pair = pairs()[2]
    digest.body["digestPublicKeyFingerprint"] = digest.pair.fingerprint


def another_key(chain: Chain, chance: random.Random) -> None:
    """The key that the digest names is published, but another one signed it."""
    _unwritten(chain, chance).pair = pairs()[2]


def wrong_previous_hash(chain: Chain, chance: random.Random) -> None:
    digest = chance.choice(chain.digests[1:])
    digest.body["override"] = {"previousDigestHashValue": "0" * 64}


def wrong_previous_signature(chain: Chain, chance: random.Random) -> None:
    chance.choice(chain.digests[1:]).body["override"] = {"previousDigestSignature": "ab" * 256}


def log_nobody_signed(chain: Chain, chance: random.Random) -> None:
    chain.log(chance, START + chance.randrange(2, len(chain.digests)) * HOUR)


def backfill_changed(chain: Chain, chance: random.Random) -> None:
    stored = chain.objects[chance.choice(chain.backfills).key]
    stored.data = _one_log_less(stored.data, chance)


def backfill_undated(chain: Chain, chance: random.Random) -> None:
    del chain.objects[chance.choice(chain.backfills).key].metadata["backfill-generation-timestamp"]


def backfill_log_deleted(chain: Chain, chance: random.Random) -> None:
    del chain.objects[chance.choice(chain.backfills).body["logFiles"][0]["s3Object"]]


def _unwritten(chain: Chain, chance: random.Random) -> Digest:
    return chance.choice(chain.digests)


# Before a chain is signed: what only CloudTrail could do, or did when the trail was changed.
BEFORE: dict[str, Damage] = {
    "gap": gap,
    "unknown key": unknown_key,
    "another key": another_key,
    "wrong previous hash": wrong_previous_hash,
    "wrong previous signature": wrong_previous_signature,
}
# After it was signed: what anybody can do who may write to the bucket.
AFTER: dict[str, Damage] = {
    "log changed": _log(_changed_log),
    "log flipped": _log(_flipped),
    "log cut": _log(lambda data, chance: data[: chance.randrange(len(data))]),
    "log not gzip": _log(lambda data, _: gzip.decompress(data)),
    "log with more": _log(lambda data, _: data + b"more"),
    "log twice": _log(lambda data, _: data + data),
    "log empty": _log(lambda *_: b""),
    "log deleted": log_deleted,
    "log moved": log_moved,
    "log nobody signed": log_nobody_signed,
    "digest changed": _digest(_one_log_less),
    "digest flipped": _digest(_flipped),
    "digest cut": _digest(lambda data, chance: data[: chance.randrange(len(data))]),
    "digest not gzip": _digest(lambda data, _: gzip.decompress(data)),
    "digest with more": _digest(lambda data, _: data + b"more"),
    "digest not JSON": _digest(lambda *_: gzip.compress(b"{")),
    "digest without end": _digest(_without("digestEndTime")),
    "digest without fingerprint": _digest(_without("digestPublicKeyFingerprint")),
    "digest deleted": digest_deleted,
    "digest moved": digest_moved,
    "digest in place of another": digest_in_place_of_another,
    "no signature": _metadata("signature", None),
    "no algorithm": _metadata("signature-algorithm", None),
    "wrong signature": _metadata("signature", "ab" * 256),
    "short signature": _metadata("signature", "abcd"),
    "signature not hexadecimal": _metadata("signature", "zz"),
    "backfill changed": backfill_changed,
    "backfill undated": backfill_undated,
    "backfill log deleted": backfill_log_deleted,
}
KINDS = ("sound", *BEFORE, *AFTER)


def make(chance: random.Random, kinds: tuple[str, ...], **how: object) -> Chain:
    """Return a chain with some kinds of damage."""
    chain = Chain(**{name: value for name, value in how.items() if name not in ("hours", "most")})  # type: ignore[arg-type]
    backfill = 2 if any("backfill" in kind for kind in kinds) or chance.random() < 0.2 else 0
    chain.fill(
        chance,
        hours=int(str(how.get("hours", chance.randrange(5, 10)))),
        most=int(str(how.get("most", 3))),
        backfill=backfill,
    )
    if not chain.logs():
        chain.digests[0].body["logFiles"] = chain._digest(
            START + HOUR, [chain.log(chance, START + HOUR)], pairs()[0], backfill=False
        ).body["logFiles"]
    for kind in kinds:
        if kind in BEFORE:
            BEFORE[kind](chain, chance)
    chain.write()
    for kind in kinds:
        if kind in AFTER:
            try:
                AFTER[kind](chain, chance)
            except (ValueError, LookupError, EOFError, OSError, zlib.error):
                # What an earlier damage left cannot be damaged in this way any more.
                assert len(kinds) > 1
    return chain


__all__ = ["AFTER", "BEFORE", "KINDS", "Stored", "make"]
