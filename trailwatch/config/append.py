"""Adds to a configuration file what a command was told to, after reading the result as any command would."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from trailwatch.config import load
from trailwatch.errors import ConfigError


def append(path: str, block: str) -> None:
    """Add a block of TOML at the end of a configuration file, made where there is none, at once or not at all."""
    target = Path(path).resolve()
    before = target.read_text(encoding="utf-8") if target.exists() else ""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(f"{before}{gap}{block}")
            os.fchmod(out.fileno(), mode)
        load(str(beside), environment={})
        beside.replace(target)
    except ConfigError as error:
        raise ConfigError(f"it cannot be added: {error.what}", where=path, hint="add it by hand:\n" + block) from error
    finally:
        beside.unlink(missing_ok=True)
