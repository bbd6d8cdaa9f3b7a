"""A folder of exported files: whose each is, and which belong together."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trailwatch.errors import SourceError
from trailwatch.snapshot.export import DETAILS, TRAILS, USES, Export, Passed, Unusable, canonical, failed
from trailwatch.snapshot.joining import join
from trailwatch.snapshot.reading import Part, read

MIB = 2**20
# Reading takes about ten times a file's size of memory; an account that uses up IAM's quotas writes about 100 MB.
LARGEST = 128 * MIB  # of one file
HELD = 128 * MIB  # of the files of one folder that wait for each other
_ACCOUNT = re.compile(r"(?<!\d)(\d{12})(?!\d)")
_CLOCK = re.compile(r"20\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])[0-5]\d")


@dataclass(frozen=True)
class File:
    """One file of an export folder."""

    path: str
    name: str  # as it is shown and stored
    changed: datetime
    size: int


@dataclass(frozen=True)
class Held:
    """A part that waits for what stands beside it, with its file."""

    file: File
    part: Part


def exports(
    source: str, *, accounts: Collection[str] = (), taken_at: datetime | None = None, now: datetime,
    largest: int = LARGEST, held: int = HELD,
) -> Iterator[Export | Passed]:  # fmt: skip
    """Yield every export of a folder or file, failed ones too, folder by folder.

    The account comes from the content, else from what stands beside it, else from the name of the file or folder,
    else from `accounts` where that is one. Files of other accounts are passed by.
    """
    root = Path(source).expanduser().absolute()
    if not root.exists():
        raise SourceError("there is no such file or folder", where=source, hint="the folder of the exported files")
    empty = True
    for files in _folders(root):
        empty = False
        yield from _Folder(root, accounts, taken_at, now, largest, held).read(files)
    if empty:
        raise SourceError("there are no files here", where=source, hint="the folder of the exported files")


class _Folder:
    def __init__(
        self, root: Path, accounts: Collection[str], taken_at: datetime | None, now: datetime, largest: int, held: int
    ) -> None:
        self._root, self._accounts, self._taken_at, self._now = root, accounts, taken_at, now
        self._largest, self._room = largest, held
        self._named: set[str] = set()

    def read(self, files: list[File | Passed]) -> Iterator[Export | Passed]:
        waiting: list[Held] = []
        broken: list[tuple[File, Unusable]] = []
        for file in files:
            if isinstance(file, Passed):
                yield file
                continue
            try:
                parts = read(self._bytes(file))
            except Unusable as error:
                broken.append((file, error))
                continue
            for part in parts:
                self._named |= {part.account} - {""}
                if part.account and part.more is None and part.kind != TRAILS:
                    yield self._export(part.account, part.kind, [Held(file, part)])
                elif self._room < file.size:
                    broken.append(
                        (file, Unusable("the pages of this folder are too large to be joined", kind=part.kind))
                    )
                else:
                    self._room -= file.size
                    waiting.append(Held(file, part))
        yield from self._join(waiting)
        for file, fault in broken:
            account = fault.account or self._beside(file)
            yield self._keep(failed(account, fault.kind, self._when(file, None), file.name, fault.reason))

    def _join(self, waiting: list[Held]) -> Iterator[Export | Passed]:
        groups: dict[tuple[str, str, int], list[Held]] = {}
        for number, one in enumerate(waiting):
            account = one.part.account or self._beside(one.file)
            if not account:
                hint = "--account ID, or a folder that is named by the account"
                reason = Unusable("nothing says which account this is of", hint=hint).reason
                yield failed("", one.part.kind, self._when(one.file, None), one.file.name, reason)
                continue
            together = one.part.kind in {USES, TRAILS} or (one.part.kind == DETAILS and one.part.more is not None)
            groups.setdefault((account, one.part.kind, -1 if together else number), []).append(one)
        for (account, kind, _), group in groups.items():
            yield self._export(account, kind, group)

    def _export(self, account: str, kind: str, group: list[Held]) -> Export | Passed:
        newest = max(group, key=lambda one: self._when(one.file, one.part))
        when, name = self._when(newest.file, newest.part), group[0].file.name
        name += f" and {len(group) - 1} more" if len(group) > 1 else ""
        try:
            body = canonical(join(kind, [one.part for one in group]))
        except Unusable as error:
            return self._keep(failed(account, kind, when, name, error.reason))
        return self._keep(Export(account, kind, when, name, body))

    def _keep(self, export: Export | Passed) -> Export | Passed:
        if isinstance(export, Export) and self._accounts and export.account not in {"", *self._accounts}:
            return Passed(export.source, f"of account {export.account}, which was not asked for")
        return export

    def _beside(self, file: File) -> str:
        if len(self._named) == 1:
            return next(iter(self._named))
        place, top = Path(file.path), self._root.parent if self._root.is_file() else self._root
        for part in (place.name, *(one.name for one in place.parents if one.is_relative_to(top))):
            found = {digits for digits in _ACCOUNT.findall(part) if not _CLOCK.fullmatch(digits)}
            if len(found) == 1:
                return str(found.pop())
        return next(iter(self._accounts)) if len(self._accounts) == 1 else ""

    def _when(self, file: File, part: Part | None) -> datetime:
        return self._taken_at or min((part.taken_at if part else None) or file.changed, self._now)

    def _bytes(self, file: File) -> bytes:
        if file.size > self._largest:
            what = f"the file has {file.size / MIB:,.0f} MiB, more than the {self._largest / MIB:,.0f} that are read"
            raise Unusable(what, hint="one file an account")
        try:
            # What was listed as a file may be a link or a pipe by now.
            descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as opened:
                data = opened.read(self._largest + 1)
        except OSError as error:
            raise Unusable(f"it cannot be read: {error.strerror}", hint="its permissions") from error
        if len(data) > self._largest:
            raise Unusable("the file grew while it was read", hint="run it again")
        return data


def _folders(root: Path) -> Iterator[list[File | Passed]]:
    if root.is_file():
        yield [_file(str(root), root.name)]
        return
    folders = [str(root)]
    while folders:
        folder = folders.pop()
        files: list[File | Passed] = []
        inner = []
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SourceError(f"cannot be listed: {error.strerror}", where=_shown(folder)) from error
        for entry in entries:
            name = os.path.relpath(entry.path, root)
            if entry.name.startswith("."):
                files.append(Passed(_shown(name), "hidden"))
            elif entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
            else:
                files.append(_file(entry.path, name))
        folders += reversed(inner)
        if files:
            yield files


def _file(path: str, name: str) -> File | Passed:
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        return Passed(_shown(name), "a symbolic link" if stat.S_ISLNK(found.st_mode) else "a special file")
    return File(path, _shown(name), datetime.fromtimestamp(found.st_mtime, UTC), found.st_size)


def _shown(path: str) -> str:
    # A name that is no UTF-8 becomes text that can be stored.
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
