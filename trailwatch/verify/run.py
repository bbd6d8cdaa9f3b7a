"""One verification: what is asked for, with which keys, since when."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trailwatch.aws import Access, Caller
from trailwatch.engine import Engine
from trailwatch.errors import SourceError
from trailwatch.ingest.items import Wanted
from trailwatch.progress import Progress, Silent
from trailwatch.store.tables import Store
from trailwatch.verify import discover, keyfile
from trailwatch.verify.bucket import BucketVault
from trailwatch.verify.folder import FolderVault
from trailwatch.verify.keyfile import Keyfile
from trailwatch.verify.keys import Keyring, Live, Saved
from trailwatch.verify.report import Verified
from trailwatch.verify.vault import Vault
from trailwatch.verify.work import LARGEST, Work
from trailwatch.window import Window

_BACK = timedelta(days=3)  # a run without a window goes back so far behind the last complete one


def verify(
    store: Store,
    source: str,
    *,
    access: Access | None = None,
    window: Window | None = None,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
    keys: str | None = None,
    save_keys: str | None = None,
    progress: Progress | None = None,
    threads: int = 8,
    now: datetime | None = None,
) -> Verified:
    """Check a bucket, or a copy of one, against the digest files that CloudTrail signed, and keep the verdicts.

    Safe to kill and to repeat: a log that was found good is not read again while it is untouched.
    """
    now = now or datetime.now(UTC)
    access = access or Access()
    saved = keyfile.load(keys) if keys else Keyfile([])
    before = keyfile.load(save_keys) if save_keys and Path(save_keys).exists() else Keyfile([])
    keyring: Keyring = Saved(saved.keys()) if keys else Live(Caller(access))
    vault, prefix = _open(source, access)
    whole = window is None and not accounts and not regions
    last = store.marked(_mark(vault)) if whole and not vault.copied else None
    chosen = window or Window(last - _BACK if last else None, None)
    with ThreadPoolExecutor(threads) as listers, ThreadPoolExecutor(threads) as fetchers, Engine() as engine:
        work = Work(
            vault, store, engine, keyring, saved.by_name(), before.by_name().keys(), chosen, listers, fetchers, threads,
            progress or Silent(), now,
        )  # fmt: skip
        found = work.all(discover.cells(vault, prefix, Wanted(frozenset(accounts), frozenset(regions)), listers))
    if save_keys:
        found.keys = keyfile.save(save_keys, before, keyring.used.values(), work.signatures, superfluous=work.repeated)
    without_keys = any(keyring.failure(region) for region in found.regions)
    if whole and not vault.copied and not without_keys and not found.unlisted and not found.count("unread"):
        store.mark(_mark(vault), now)
    return found


def _open(source: str, access: Access) -> tuple[Vault, str]:
    if "://" not in source:
        folder = FolderVault(source, largest=LARGEST)
        return folder, folder.prefix
    scheme, _, rest = source.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise SourceError(f"{source!r} is not a source", hint="a folder, or s3://bucket/prefix")
    return BucketVault(bucket, prefix.strip("/"), access.bucket, largest=LARGEST), prefix.strip("/")


def _mark(vault: Vault) -> str:
    return f"verified {vault.name}"
