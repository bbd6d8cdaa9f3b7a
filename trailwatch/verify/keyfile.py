"""The file of saved keys: public keys, and the signatures of digests that no later digest repeats."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from trailwatch.errors import ConfigError
from trailwatch.verify.keys import Key

WHERE = "--keys"
_HINT = "a file of --save-keys, or what `aws cloudtrail list-public-keys` printed"
_LARGEST = 64 * 2**20


class SavedKey(msgspec.Struct, frozen=True):
    """One key, with the names that `aws cloudtrail list-public-keys` prints."""

    Fingerprint: str
    Value: str
    Region: str = ""
    ValidityStartTime: str | float = ""
    ValidityEndTime: str | float = ""


class Signature(msgspec.Struct, frozen=True):
    """What the metadata of a digest object said; a copy of the file has lost it."""

    bucket: str
    key: str
    signature: str
    generated: str = ""  # of backfill digests


class Keyfile(msgspec.Struct, frozen=True):
    """Everything that a verification without AWS needs besides the files."""

    PublicKeyList: list[SavedKey]
    signatures: list[Signature] = []

    def keys(self) -> list[Key]:
        """Return the keys."""
        return [Key(one.Fingerprint, base64.b64decode(one.Value), one.Region, str(one.ValidityStartTime),
                    str(one.ValidityEndTime)) for one in self.PublicKeyList]  # fmt: skip

    def by_name(self) -> dict[tuple[str, str], Signature]:
        """Return the signatures by bucket and key of their digests."""
        return {(one.bucket, one.key): one for one in self.signatures}


def load(path: str) -> Keyfile:
    """Read a file of saved keys."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ConfigError(f"{path} is larger than {_LARGEST:,} bytes", where=WHERE, hint=_HINT)
        found = msgspec.json.decode(data, type=Keyfile)
        found.keys()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", where=WHERE, hint=_HINT) from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} holds no keys: {error}", where=WHERE, hint=_HINT) from error
    return found


def save(
    path: str,
    before: Keyfile,
    keys: Iterable[Key],
    signatures: Mapping[tuple[str, str], Signature],
    *,
    superfluous: AbstractSet[tuple[str, str]] = frozenset(),
) -> int:
    """Write what a file held with more keys and signatures, for its owner alone; return how many keys it then holds."""
    merged = {(one.Region, one.Fingerprint): one for one in before.PublicKeyList}
    for key in keys:
        merged[key.region, key.fingerprint] = SavedKey(
            key.fingerprint, base64.b64encode(key.value).decode(), key.region, key.valid_from, key.valid_to
        )
    kept = {name: one for name, one in before.by_name().items() if name not in superfluous} | dict(signatures)
    made = Keyfile([merged[name] for name in sorted(merged)], [kept[name] for name in sorted(kept)])
    try:
        # A run that is killed leaves the old file or the new one.
        with NamedTemporaryFile("wb", dir=Path(path).absolute().parent, prefix=".keys-", delete=False) as out:
            try:
                out.write(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
                out.flush()
                os.replace(out.name, path)  # noqa: PTH105 — the path is text
            finally:
                Path(out.name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", where="--save-keys") from error
    return len(made.PublicKeyList)
