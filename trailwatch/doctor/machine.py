"""The machine: versions of libraries, room on the disk, modes of files, and the configuration."""

from __future__ import annotations

import platform
import re
import shutil
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from trailwatch.config import Config
from trailwatch.detect import catalogue
from trailwatch.doctor.check import Check
from trailwatch.errors import TrailwatchError
from trailwatch.store.tables import Store

_DISTRIBUTION = "trailwatch-cloudtrail"
_ROOM = 2 * 2**30  # bytes that a day's work may need beside what is there
_NEED = re.compile(r"^([A-Za-z0-9._-]+)\s*>=\s*([\d.]+)\s*$")


def checks(config: Config, store: Store | None) -> Iterator[Check]:
    """Yield what there is to say of the machine and the configuration."""
    yield _versions()
    yield Check("configuration", True if config.source.path else None, f"source {config.source.path or 'not set'}")
    yield _rules(config)
    if store is not None and store.local:
        yield _disk(Path(store.uri))
        yield _modes(Path(store.uri))


def _versions() -> Check:
    try:
        own, needs = metadata.version(_DISTRIBUTION), metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return Check("versions", None, "trailwatch is not installed as a package, so nothing says what it needs")
    old = []
    for name, least in (found.groups() for need in needs if (found := _NEED.match(need))):
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            old.append(f"{name} is missing")
            continue
        if _numbers(here) < _numbers(least):
            old.append(f"{name} {here} is older than {least}")
    shown = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("deltalake", "duckdb", "obstore", "pyarrow", "boto3")
    )
    says = f"trailwatch {own}, Python {platform.python_version()}, {shown}"
    return Check("versions", not old, "; ".join([*old, says]), f"pip install --upgrade {_DISTRIBUTION}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _rules(config: Config) -> Check:
    try:
        found = catalogue.load(config)
    except TrailwatchError as error:
        return Check("detections", False, str(error), "trailwatch rules check")
    if found.broken:
        first = found.broken[0]
        return Check("detections", False, f"{len(found.broken)} files cannot be used, such as {first.path}: {first.error}",
                     "trailwatch rules check PATH")  # fmt: skip
    return Check("detections", True, f"{len(found.detections)} in use, {len(found.off)} switched off")


def _disk(folder: Path) -> Check:
    usage = shutil.disk_usage(folder)
    return Check("disk", usage.free >= _ROOM, f"{usage.free / 1e9:,.1f} GB free of {usage.total / 1e9:,.1f} GB at {folder}",
                 "free some space, or trailwatch forget --before DAY")  # fmt: skip


def _modes(folder: Path) -> Check:
    mode = stat.S_IMODE(folder.stat().st_mode)
    return Check("modes", not mode & 0o077, f"{folder} has mode {mode:04o}", f"chmod -R go= {folder}")
