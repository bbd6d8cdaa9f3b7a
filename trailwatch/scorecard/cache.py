"""Keeps what is dear to make, under the hash of the code and data that made it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import trailwatch

_PACKAGE = Path(trailwatch.__file__).parent


def code(*rooms: str) -> str:
    """Return the hash of all files of some rooms of the package."""
    total = hashlib.sha256()
    for room in rooms:
        place = _PACKAGE / room
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.suffix in (".py", ".sql", ".toml", ".json"):
                total.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:16]


def folder(work: Path, name: str, *parts: object) -> Path:
    """Return the folder of a name and what it depends on; only its owner may look into it."""
    key = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
    path = work / f"{name}-{key}"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays, whole or not at all; texts as texts, never as pickles."""
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, **{name: _plain(value) for name, value in arrays.items()})
    partial.chmod(0o600)
    partial.replace(path)


def kept(path: Path) -> dict[str, Any] | None:
    """Read arrays back, None where there are none."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return array.astype(str) if array.dtype == object else array
