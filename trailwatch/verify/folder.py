"""A vault that is a copy: files in the layout of a bucket, whose metadata the copy has lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from trailwatch.errors import SourceError
from trailwatch.ingest import keys
from trailwatch.ingest.folder import BUCKET
from trailwatch.ingest.items import Gone, Item, Unreadable
from trailwatch.verify import names
from trailwatch.verify.discover import ROOT
from trailwatch.verify.vault import Days, Stored

_NEVER = datetime.fromtimestamp(0, UTC)


class FolderVault:
    """Files under one folder; links in it are not followed, so that nothing outside of it is read."""

    copied = True

    def __init__(self, path: str, *, largest: int) -> None:
        self._root = Path(path).expanduser().resolve()
        if not self._root.is_dir():
            raise SourceError("there is no such folder", where=path, hint="a folder, or s3://bucket/prefix")
        self.name, self.root = path, str(self._root)
        parts = self._root.parts
        # The folder may itself lie below AWSLogs: then digests of the same logs lie beside it.
        inside = ROOT in parts and len(parts) - parts[::-1].index(ROOT) - 1
        self._top = Path(*parts[:inside]) if inside else self._root
        self._largest = largest

    def children(self, prefix: str) -> list[str]:
        """Return the names of the folders right below a prefix, sorted."""
        try:
            with os.scandir(self._path(prefix)) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise SourceError(f"cannot be listed: {error.strerror}", where=str(self._path(prefix))) from error

    def list(self, prefix: str, kind: str, days: Days) -> Iterator[Item]:
        """Yield the files of some days below the prefix of a cell, in order."""
        first, last = (f"{day:%Y/%m/%d}" for day in days)
        for year in self.children(prefix):
            for month in self.children(f"{prefix}/{year}"):
                for day in self.children(f"{prefix}/{year}/{month}"):
                    if first <= f"{year}/{month}/{day}" <= last:
                        yield from self._files(f"{prefix}/{year}/{month}/{day}", kind)

    def fetch(self, item: Item) -> Stored:
        """Return a file's bytes."""
        path = Path(item.key)
        try:
            # A folder on the way may have become a link since it was listed; and digests may name what they like.
            if ".." in path.parts or not path.is_relative_to(self._top) or path.parent.resolve() != path.parent:
                raise Gone("not found")
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if found.st_size > self._largest:
                    raise Unreadable(f"larger than {self._largest:,} bytes as it is stored")
                return Stored(file.read(), _tag(found))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError) as error:
            raise Gone("not found") from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Gone("a symbolic link is in its place") from error
            raise Unreadable(error.strerror or type(error).__name__) from error

    def item(self, bucket: str, key: str, *, beside: Item) -> Item:  # noqa: ARG002 — a folder has no bucket
        """Return the file of a name that a digest gives, below the root that the digest itself lies in."""
        return self._item(str(self._mount(beside.key) / _logical(key)), keys.read(key).kind, "", 0)

    def in_place(self, item: Item, bucket: str, key: str) -> bool:  # noqa: ARG002 — see above
        """Tell whether a file lies where it says that it was put, below AWSLogs."""
        return _logical(Path(item.key).as_posix()) == _logical(key)

    def _files(self, folder: str, kind: str) -> Iterator[Item]:
        with os.scandir(self._path(folder)) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    # A name that is no UTF-8 is none of CloudTrail's, and is told in a form that can be stored.
                    path = entry.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                    yield self._item(path, kind, _tag(found), found.st_size)

    def _mount(self, path: str) -> Path:
        """Return the folder in which AWSLogs lies."""
        return Path(path[: len(path) - len(_logical(path))])

    @property
    def prefix(self) -> str:
        """The folder as the prefix that everything below it begins with."""
        return self.root.lstrip("/")

    def _path(self, prefix: str) -> Path:
        return Path("/", prefix)

    def _item(self, path: str, kind: str, tag: str, size: int) -> Item:
        place = keys.Place(kind, day=names.day(path))
        return Item(BUCKET, path, tag, size, _NEVER, place, keys.identify(BUCKET, path))


def _logical(key: str) -> str:
    """Return a key from AWSLogs on: a copy may lie under any folder."""
    at = f"/{key}".rfind(f"/{ROOT}/")
    return key[at:] if at >= 0 else key


def _tag(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns}"
