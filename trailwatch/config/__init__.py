"""trailwatch.toml: what the organization, its people and its networks are, checked key by key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from trailwatch.config.check import check_keys, check_values, place
from trailwatch.config.sections import (
    Automation,
    Class,
    Cluster,
    Config,
    Group,
    Model,
    Organization,
    Override,
    Person,
    Practices,
    Principal,
    Rules,
    Section,
    Snapshot,
    SourceSection,
    Span,
    StoreSection,
    Suppression,
)
from trailwatch.errors import ConfigError

DEFAULT_FILE = "trailwatch.toml"
_LARGEST = 10_000_000

__all__ = [
    "DEFAULT_FILE", "Automation", "Class", "Cluster", "Config", "Group", "Model", "Organization", "Override", "Person", "Practices",
    "Principal", "Rules", "Section", "Snapshot", "SourceSection", "Span", "StoreSection", "Suppression", "layered", "load",
]  # fmt: skip


def load(
    path: str | None = None, *, environment: Mapping[str, str] = os.environ, flags: Mapping[str, Any] | None = None
) -> Config:
    """Read the configuration: flags, then TRAILWATCH_* variables, then the file, then defaults."""
    return layered(path, environment=environment, flags=flags)[0]


def layered(
    path: str | None, *, environment: Mapping[str, str], flags: Mapping[str, Any] | None = None
) -> tuple[Config, dict[str, str]]:
    """Read the configuration and, for each dotted key that was set, where it came from."""
    values, origins = _file(path)
    for name, key, value in _environment(environment):
        _put(values, key, value)
        origins[key] = name
    for key, value in (flags or {}).items():
        if value is not None:
            _put(values, key, value)
            origins[key] = "flag"
    where = path or DEFAULT_FILE
    text = Path(where).read_text(encoding="utf-8") if Path(where).is_file() else ""
    check_keys(values, Config, where, text)
    try:
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:
        key = str(error).rpartition("`$.")[2].rstrip("`").rpartition(".")[2] if "`$." in str(error) else ""
        raise ConfigError(str(error), where=place(where, text, key)) from error
    check_values(config, where, text)
    return config, origins


def _file(path: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    file = Path(path or DEFAULT_FILE)
    if not file.is_file():
        if path:
            raise ConfigError("there is no such file", where=path, hint="trailwatch init writes one")
        return {}, {}
    if file.stat().st_size > _LARGEST:
        raise ConfigError(f"it is larger than {_LARGEST:,} bytes", where=str(file), hint="a configuration, not a list")
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        return values, {key: str(file) for key in _leaves(values)}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(file)) from error
    except (RecursionError, ValueError) as error:
        # Tables in tables a thousand deep, or a number of thousands of digits.
        what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"not valid TOML: {what}", where=str(file), hint="a value that means something") from error


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        yield from _leaves(value, f"{name}.") if isinstance(value, dict) and value else (name,)


def _environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    # TRAILWATCH_STORE names the path; other scalar keys are TRAILWATCH_<SECTION>_<KEY>.
    short = {"TRAILWATCH_STORE": "store.path", "TRAILWATCH_SOURCE": "source.path"}
    for name, key in short.items():
        if environment.get(name):
            yield name, key, environment[name]
    for section in ("store", "source", "cluster", "practices", "snapshot", "model"):
        for field in msgspec.structs.fields(get_type_hints(Config)[section]):
            name = f"TRAILWATCH_{section}_{field.name}".upper()
            if environment.get(name):
                yield name, f"{section}.{field.name}", environment[name]


def _put(values: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for key in path:
        if not isinstance(values.setdefault(key, {}), dict):
            # A section that is no table is told of when the whole is checked.
            return
        values = values[key]
    values[last] = value
