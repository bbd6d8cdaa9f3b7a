"""CloudTrail's public keys: asked of AWS, or of a file that an earlier run saved."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from trailwatch.aws import Caller, Refused
from trailwatch.verify import ACTION

_AROUND = timedelta(hours=2)  # a digest is signed some time after the hour that it tells of
_CALLS = 200  # to one region in one run
_PAGES = 100


@dataclass(frozen=True)
class Key:
    """One public key as CloudTrail gives it; without a region it serves all of them."""

    fingerprint: str
    value: bytes
    region: str = ""
    valid_from: str = ""
    valid_to: str = ""

    def load(self) -> RSAPublicKey | None:
        """Return the key, None where its bytes are no RSA key."""
        try:
            found = load_der_public_key(self.value)
        except (ValueError, UnsupportedAlgorithm):
            return None
        return found if isinstance(found, RSAPublicKey) else None


def signed(key: RSAPublicKey, signature: str, text: bytes) -> bool:
    """Tell whether a signature in hexadecimal digits is that of the text."""
    try:
        key.verify(binascii.unhexlify(signature), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


class Keyring(Protocol):
    """Where public keys come from."""

    used: dict[tuple[str, str], Key]

    def find(self, region: str, fingerprint: str, *, first: datetime, last: datetime) -> RSAPublicKey | None:
        """Return the key of a region that has this fingerprint and was valid in a span of time."""

    def failure(self, region: str) -> str:
        """Return why the keys of a region could not be had, '' where they could."""


@dataclass
class Saved:
    """Keys of a file."""

    keys: Iterable[Key]
    used: dict[tuple[str, str], Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the keys by what they are asked for."""
        self._keys = {(key.region, key.fingerprint): key for key in self.keys}
        self._loaded: dict[tuple[str, str], RSAPublicKey | None] = {}

    def find(self, region: str, fingerprint: str, *, first: datetime, last: datetime) -> RSAPublicKey | None:  # noqa: ARG002 — a saved key has no other way to be found
        """Return the key with this fingerprint."""
        for place in ((region, fingerprint), ("", fingerprint)):
            if key := self._keys.get(place):
                if place not in self._loaded:
                    self._loaded[place] = key.load()
                self.used[place] = key
                return self._loaded[place]
        return None

    def failure(self, region: str) -> str:  # noqa: ARG002 — see above
        """Return '': a file that was read is all there is."""
        return ""


class Live:
    """Keys of CloudTrail itself; each region is asked for each span of time once."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._regions: dict[str, _Region] = {}
        self.used: dict[tuple[str, str], Key] = {}

    def find(self, region: str, fingerprint: str, *, first: datetime, last: datetime) -> RSAPublicKey | None:
        """Return the key with this fingerprint, asking for the span where it is not known yet."""
        known = self._regions.setdefault(region, _Region())
        if fingerprint not in known.keys and not known.covers(first, last):
            self._ask(region, known, first, last)
        key = known.keys.get(fingerprint)
        if key is None:
            return None
        if fingerprint not in known.loaded:
            known.loaded[fingerprint] = key.load()
        self.used[region, fingerprint] = key
        return known.loaded[fingerprint]

    def failure(self, region: str) -> str:
        """Return what CloudTrail answered when it gave no keys."""
        return self._regions[region].failure if region in self._regions else ""

    def _ask(self, region: str, known: _Region, first: datetime, last: datetime) -> None:
        known.asked.append((first, last))
        if known.failure or len(known.asked) > _CALLS:
            return
        try:
            pages = self._caller.pages(
                ACTION, region=region, sent="NextToken", told="NextToken", StartTime=first, EndTime=last + _AROUND
            )
            for page in islice(pages, _PAGES):
                for one in page.get("PublicKeyList", ()):
                    key = _from_answer(one, region)
                    known.keys[key.fingerprint] = key
        except Refused as refused:
            known.failure = str(refused)


@dataclass
class _Region:
    keys: dict[str, Key] = field(default_factory=dict)
    loaded: dict[str, RSAPublicKey | None] = field(default_factory=dict)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    failure: str = ""

    def covers(self, first: datetime, last: datetime) -> bool:
        return any(start <= first and last <= end for start, end in self.asked)


def _from_answer(one: dict[str, Any], region: str) -> Key:
    value = one.get("Value", b"")
    return Key(
        str(one.get("Fingerprint", "")),
        value if isinstance(value, bytes) else base64.b64decode(value),
        region,
        str(one.get("ValidityStartTime", "")),
        str(one.get("ValidityEndTime", "")),
    )
