"""A local copy of a remote store's Parquet files, which never change once they are written."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import obstore
import pyarrow as pa
from obstore.exceptions import BaseError
from obstore.store import S3Store

THREADS = 8
LIMIT = 20 * 2**30  # bytes kept; the least recently read files go first


def folder_of(uri: str) -> Path:
    """Return the cache folder of a store, under XDG_CACHE_HOME or ~/.cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "trailwatch" / hashlib.sha256(uri.encode()).hexdigest()[:16]


class Cache:
    """Fetches files of one `s3://` store with obstore and hands out local paths."""

    def __init__(self, uri: str, options: Mapping[str, str]) -> None:
        self._uri = uri.rstrip("/")
        self._folder = folder_of(self._uri)
        plain_http = options.get("AWS_ALLOW_HTTP", "").lower() == "true"
        bucket, _, prefix = self._uri.removeprefix("s3://").partition("/")
        self._remote = S3Store(
            bucket,
            prefix=prefix or None,
            # The options are named as delta-rs names them; obstore knows them all but two.
            config=cast(Any, {key.lower(): value for key, value in options.items() if key not in _NOT_OBSTORE}),
            client_options={"allow_http": plain_http, "timeout": "60s", "connect_timeout": "10s"},
            retry_config={"max_retries": 6},
        )

    def fetch(self, uris: Sequence[str]) -> list[str]:
        """Return a local path for each file, fetching those that are not here yet."""
        paths = [self._folder / uri.removeprefix(self._uri).lstrip("/") for uri in uris]
        missing = [path for path in paths if not path.exists()]
        if missing:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(self._fetch_one, missing))
            self._trim(keep=set(paths))
        for path in paths:
            os.utime(path)
        return [str(path) for path in paths]

    def put(self, path: str, data: pa.Buffer) -> None:
        """Write one file of the remote store; nothing refers to it before it is committed."""
        try:
            obstore.put(self._remote, path, data.to_pybytes())
        except BaseError as error:
            # As delta-rs tells of its own writes.
            raise OSError(str(error)) from error

    def _fetch_one(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        response = obstore.get(self._remote, path.relative_to(self._folder).as_posix())
        # A half-written file must never carry the final name.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as out:
            for part in response.stream():
                out.write(part)
        Path(temporary).replace(path)

    def _trim(self, *, keep: set[Path]) -> None:
        files = [(path.stat(), path) for path in self._folder.rglob("*.parquet")]
        excess = sum(stat.st_size for stat, _ in files) - LIMIT
        for stat, path in sorted(files, key=lambda entry: entry[0].st_mtime):
            if excess <= 0:
                return
            if path not in keep:
                path.unlink(missing_ok=True)
                excess -= stat.st_size


_NOT_OBSTORE = {"AWS_ALLOW_HTTP", "aws_conditional_put", "AWS_CONDITIONAL_PUT"}
