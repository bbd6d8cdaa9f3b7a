"""A local copy of a remote store's Parquet files, which never change once they are written."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import obstore
import pyarrow as pa
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from trailwatch.errors import StoreError
from trailwatch.store.trouble import reason

THREADS = 8
_TRIES = 3
_MAGIC = b"PAR1"
_OF_S3 = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"}
LIMIT = 20 * 2**30  # bytes kept; the least recently read files go first


def folder_of(uri: str) -> Path:
    """Return the cache folder of a store, under XDG_CACHE_HOME or ~/.cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "trailwatch" / hashlib.sha256(uri.encode()).hexdigest()[:16]


class Cache:
    """Fetches files of one `s3://` store with obstore and hands out local paths; asks for its options when it works."""

    def __init__(self, uri: str, options: Callable[[], Mapping[str, str]]) -> None:
        self._uri = uri.rstrip("/")
        self._folder = folder_of(self._uri)
        self._options = options

    def fetch(self, uris: Sequence[str]) -> list[str]:
        """Return a local path for each file, fetching those that are not here yet."""
        paths = [self._folder / uri.removeprefix(self._uri).lstrip("/") for uri in uris]
        missing = [path for path in paths if not path.exists()]
        if missing:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            remote = reach(self._uri, self._options())
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(lambda path: self._fetch_one(remote, path), missing))
            self._trim(keep=set(paths))
        for path in paths:
            os.utime(path)
        return [str(path) for path in paths]

    def put(self, path: str, data: pa.Buffer) -> None:
        """Write one file of the remote store; nothing refers to it before it is committed."""
        try:
            obstore.put(reach(self._uri, self._options()), path, data.to_pybytes())
        except BaseError as error:
            # As delta-rs tells of its own writes.
            raise OSError(reason(error)) from error

    def _fetch_one(self, remote: Any, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = path.relative_to(self._folder).as_posix()
        told = ""
        for _ in range(_TRIES):
            # A half-written file must never carry the final name.
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as out:
                    for part in obstore.get(remote, name).stream():
                        out.write(part)
                if whole(Path(temporary)):
                    Path(temporary).replace(path)
                    return
                told = "it came in part, or is damaged"
            except FileNotFoundError as error:
                raise StoreError(f"{name} is missing", where=self._uri, hint="trailwatch doctor") from error
            except BaseError as error:
                told = reason(error)
            finally:
                Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{name} cannot be read: {told}", where=self._uri, hint="trailwatch doctor")

    def _trim(self, *, keep: set[Path]) -> None:
        files = [(path.stat(), path) for path in self._folder.rglob("*.parquet")]
        excess = sum(stat.st_size for stat, _ in files) - LIMIT
        for stat, path in sorted(files, key=lambda entry: entry[0].st_mtime):
            if excess <= 0:
                return
            if path not in keep:
                path.unlink(missing_ok=True)
                excess -= stat.st_size


def reach(uri: str, options: Mapping[str, str]) -> Any:
    """Return a client of the objects of a store: of a folder, or of an `s3://` prefix with the options of delta-rs."""
    if "://" not in uri:
        return LocalStore(uri)
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    limits = {key: options[key] for key in ("timeout", "connect_timeout") if key in options}
    lasting = float(options.get("retry_timeout", "180s").rstrip("s"))
    return S3Store(
        bucket,
        prefix=prefix or None,
        # The options are named as delta-rs names them, of which these are of the service.
        config=cast(Any, {key.lower(): value for key, value in options.items() if key in _OF_S3}),
        client_options=cast(Any, {"allow_http": options.get("AWS_ALLOW_HTTP", "").lower() == "true", **limits}),
        retry_config={
            "max_retries": int(options.get("max_retries", "6")),
            "retry_timeout": timedelta(seconds=lasting),
        },
    )


def whole(path: Path) -> bool:
    """Tell whether a file begins and ends as a Parquet file does."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC or path.stat().st_size < 3 * len(_MAGIC):
            return False
        file.seek(-len(_MAGIC), os.SEEK_END)
        return file.read() == _MAGIC
