"""A folder of log files, or a single one."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from trailwatch.errors import SourceError
from trailwatch.ingest import keys
from trailwatch.ingest.account import Account
from trailwatch.ingest.items import Fetched, Gone, Item, Unreadable, Wanted

BUCKET = "file"
# A file's tag is its size, its time of change and the hash of its bytes: the first two tell cheaply that nothing was
# touched; only when they differ is the file read, and the hash says whether it holds something else now.


class Folder:
    """Files under one folder; links in it are not followed, so that nothing outside of it is read."""

    bucket = BUCKET
    all_at_once = True
    hashed = True

    def __init__(self, path: str) -> None:
        self._root = Path(path).expanduser().absolute()
        self.name = str(self._root)
        self._odd: dict[str, str] = {}  # how a name that is no UTF-8 is shown → the name
        if not self._root.exists():
            raise SourceError(
                "there is no such file or folder", where=path, hint="a folder, a file, or s3://bucket/prefix"
            )

    def list(self, _wanted: Wanted, account: Account) -> Iterator[Item]:
        """Yield the files in the order of their names."""
        if self._root.is_file():
            yield self._item(str(self._root.resolve()), self._root.stat(), single=True)
            return
        folders = [str(self._root.resolve())]
        while folders:
            folder = folders.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                account.listed += 1
                account.fail(_shown(folder), _reason(error))
                continue
            inner = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.path)
                    continue
                try:
                    yield self._item(entry.path, entry.stat(follow_symlinks=False))
                except OSError as error:
                    account.listed += 1
                    account.fail(_shown(entry.path), _reason(error))
            folders += reversed(inner)

    def fetch(self, item: Item) -> Fetched:
        """Return a file's bytes."""
        try:
            # What was listed as a file may be a link or a pipe by now.
            descriptor = os.open(self._odd.get(item.key, item.key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read()
        except FileNotFoundError as error:
            raise Gone("no longer there") from error
        except OSError as error:
            raise Unreadable(_reason(error)) from error
        return Fetched(data, f"{item.etag}-{hashlib.blake2b(data, digest_size=8).hexdigest()}")

    def _item(self, path: str, found: os.stat_result, *, single: bool = False) -> Item:
        key = _shown(path)
        if key != path:
            self._odd[key] = path
        place = keys.read(Path(key).as_posix())
        if stat.S_ISLNK(found.st_mode):
            place = keys.Place("symbolic link")
        elif not stat.S_ISREG(found.st_mode):
            place = keys.Place("special file")
        elif single and place.kind == keys.UNRECOGNISED:
            # Somebody named this very file, so its content decides.
            place = keys.Place(keys.PLAIN)
        return Item(
            BUCKET,
            key,
            f"{found.st_size}-{found.st_mtime_ns}",
            found.st_size,
            datetime.fromtimestamp(found.st_mtime, UTC),
            place,
            keys.identify(BUCKET, key),
        )


def _shown(path: str) -> str:
    # A name that is no UTF-8 becomes text that can be stored.
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
