"""One digest file: whether it is where it was put, and as CloudTrail signed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trailwatch.ingest.items import Gone, Item, Unreadable
from trailwatch.verify.document import ALGORITHM, GENERATED, SIGNATURE, Document, Link, NotADigest, generated, read
from trailwatch.verify.keyfile import Signature
from trailwatch.verify.keys import Keyring, signed
from trailwatch.verify.names import Chain
from trailwatch.verify.spans import DELIVERY
from trailwatch.verify.vault import Stored, Vault
from trailwatch.verify.verdict import Verdict

BAD_SIGNATURE = "signature verification failed"
NO_SIGNATURE = "its signature is not in this copy"
BAD_FORMAT = "invalid format"
NOT_YET = "not delivered yet"
OTHER_HASH = "the digest after it names another hash"
_AROUND = timedelta(hours=1)  # of the moment at which a backfill digest was made
Told = tuple[Verdict, str]


@dataclass(frozen=True)
class Found:
    """A digest file as it was fetched and read, or why not."""

    item: Item
    end: datetime  # by its name
    content: Document | NotADigest | Unreadable
    metadata: Mapping[str, str] = field(default_factory=dict)


def believed(told: Told) -> bool:
    """Tell whether CloudTrail surely signed what a digest says; it may still stand in the place of another."""
    return told[0] == "valid" or told == ("invalid", OTHER_HASH)


def opened(item: Item, end: datetime, stored: Stored | Unreadable, *, copied: bool) -> Found:
    """Read what was fetched of a digest file."""
    if isinstance(stored, Unreadable):
        return Found(item, end, stored)
    try:
        return Found(item, end, read(stored.data, plain=copied), stored.metadata)
    except NotADigest as error:
        return Found(item, end, error, stored.metadata)


@dataclass
class Judge:
    """Judges digests of one vault with one set of keys; `saved` are signatures that a copy has lost."""

    vault: Vault
    keyring: Keyring
    saved: Mapping[tuple[str, str], Signature]
    span: tuple[datetime, datetime]  # keys are asked for once for all of it
    now: datetime
    # What digests say of the signature of the one before, whether or not they are to be believed.
    hearsay: dict[tuple[str, str], str] = field(default_factory=dict)

    def listen(self, found: Iterable[Found]) -> None:
        """Keep what digests say of the signatures of others; only a copy has need of it."""
        if self.vault.copied:
            for one in found:
                if isinstance(one.content, Document) and (link := one.content.previous):
                    self.hearsay.setdefault((link.bucket, link.key), link.signature)

    def judge(self, chain: Chain, found: Found, link: Link | None, *, sure: bool) -> Told:
        """Return the verdict on a digest; `link` is what the one after it says of it, `sure` that this one is good."""
        document = found.content
        if isinstance(document, Gone):
            # Digests may come in another order than that of their hours.
            return ("pending", NOT_YET) if found.end > self.now - DELIVERY else ("missing", str(document))
        if isinstance(document, Unreadable):
            return "unread", str(document)
        if isinstance(document, NotADigest):
            return "invalid", f"{BAD_FORMAT}: {document}"
        if not self.vault.copied:
            if SIGNATURE not in found.metadata or ALGORITHM not in found.metadata:
                return "invalid", f"{BAD_SIGNATURE}: the object has none"
            if chain.backfill and GENERATED not in found.metadata:
                return "invalid", f"{BAD_FORMAT}: nothing says when it was made"
        if not self.vault.in_place(found.item, document.bucket, document.key):
            return "moved", f"it was put to s3://{document.bucket}/{document.key}"
        return self._signature(chain, found, document, link, sure=sure)

    def _signature(self, chain: Chain, found: Found, document: Document, link: Link | None, *, sure: bool) -> Told:
        first, last = self.span
        key = self.keyring.find(chain.region, document.fingerprint, first=first, last=last)
        made = self._made(found, document) if chain.backfill else None
        if key is None and made:
            key = self.keyring.find(chain.region, document.fingerprint, first=made - _AROUND, last=made + _AROUND)
        if key is None:
            if failure := self.keyring.failure(chain.region):
                return "unproven", f"no public keys: {failure}"
            return "invalid", f"public key not found in {chain.region} for fingerprint {document.fingerprint}"
        signature, sure = self._told(found, document, link, sure=sure)
        if not signature:
            return "unproven", NO_SIGNATURE
        if not signed(key, signature, document.to_sign()):
            return ("invalid", BAD_SIGNATURE) if sure else ("unproven", f"{NO_SIGNATURE}, but one that does not fit")
        if sure and link and link.hash and link.hash.lower() != document.hash:
            return "invalid", OTHER_HASH
        return "valid", ""

    def _told(self, found: Found, document: Document, link: Link | None, *, sure: bool) -> tuple[str, bool]:
        """Return the signature of a digest, and whether it is surely the one that CloudTrail made."""
        if not self.vault.copied:
            return found.metadata[SIGNATURE], True
        name = (document.bucket, document.key)
        if saved := self.saved.get(name):
            return saved.signature, True
        if link and link.signature:
            return link.signature, sure
        return self.hearsay.get(name, ""), False

    def _made(self, found: Found, document: Document) -> datetime | None:
        saved = self.saved.get((document.bucket, document.key))
        return generated({GENERATED: saved.generated} if saved else found.metadata)
