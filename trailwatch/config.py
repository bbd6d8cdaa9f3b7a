"""trailwatch.toml: what the organization, its people and its networks are, checked key by key."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from trailwatch.errors import ConfigError
from trailwatch.window import parse_shift

DEFAULT_FILE = "trailwatch.toml"
Class = Literal["human", "admin", "pipeline", "workload", "service", "vendor"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A table of the configuration; unknown keys are errors."""


class StoreSection(Section, frozen=True, kw_only=True):
    """Where the store is."""

    path: str = "./trailwatch-store"


class SourceSection(Section, frozen=True, kw_only=True):
    """Where the logs are, and how to reach them."""

    path: str = ""
    profile: str = ""
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    requester_pays: bool = False


class Organization(Section, frozen=True, kw_only=True):
    """The own organization: its id, its accounts with their names, and accounts that may come in."""

    id: str = ""
    accounts: dict[str, str] = {}
    partners: list[str] = []


class Span(Section, frozen=True, kw_only=True):
    """A time of duty; a plain date as `to` includes that day."""

    from_: Any  # a TOML date or date-time, checked below: msgspec has no union of the two
    to: Any


class Person(Section, frozen=True, kw_only=True):
    """What is known of a person: zone, shifts, duty, networks, last day, other names."""

    time_zone: str = ""
    shifts: list[str] = []
    holidays: list[date] = []
    on_call: list[Span] = []
    networks: list[str] = []
    until: date | None = None
    aliases: list[str] = []


class Group(Person, frozen=True, kw_only=True):
    """The same for several people or principals (shell globs)."""

    members: list[str] = []


class Principal(Section, frozen=True, kw_only=True):
    """What is expected of principals that match a pattern."""

    class_: Class | None = msgspec.field(default=None, name="class")
    actions: list[str] = []
    networks: list[str] = []
    until: date | None = None
    time_zone: str = ""


class Automation(Section, frozen=True, kw_only=True):
    """Principals and clients that run unattended; what leaves their declared bounds weighs more, not less."""

    principals: list[str] = []
    clients: list[str] = []


class Practices(Section, frozen=True, kw_only=True):
    """Limits of the practices, in days."""

    unused_days: int = 90
    dormant_days: int = 60
    key_age_days: int = 90
    password_age_days: int = 90
    review_days: int = 90


class Model(Section, frozen=True, kw_only=True):
    """The alert budget of the anomaly model, and what it reads."""

    enabled: bool = True
    budget: float = 5.0  # alerts per 1000 identity-days
    max_per_day: int = 10
    seed: int = 7
    window_days: int = 90
    asn_database: str = ""
    country_database: str = ""


class Suppression(Section, frozen=True, kw_only=True):
    """A finding that somebody decided not to be told of, why, and until when."""

    detection: str
    reason: str
    owner: str
    until: date
    principal: str = ""
    person: str = ""
    account: str = ""
    network: str = ""
    target: str = ""


class Override(Section, frozen=True, kw_only=True):
    """Another severity for a detection, with its reason."""

    severity: Literal["info", "low", "medium", "high", "critical"]
    reason: str


class Rules(Section, frozen=True, kw_only=True):
    """Folders of own detections, detections that are off, and severities."""

    folders: list[str] = []
    off: list[str] = []
    severity: dict[str, Override] = {}


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration."""

    store: StoreSection = StoreSection()
    source: SourceSection = SourceSection()
    organization: Organization = Organization()
    networks: dict[str, list[str]] = {}
    people: dict[str, Person] = {}
    groups: dict[str, Group] = {}
    principals: dict[str, Principal] = {}
    automation: Automation = Automation()
    practices: Practices = Practices()
    model: Model = Model()
    suppress: list[Suppression] = []
    rules: Rules = Rules()
    sinks: dict[str, Any] = {}

    def aliases(self) -> dict[str, str]:
        """Return other name → person, lower case."""
        return {alias.lower(): name.lower() for name, person in self.people.items() for alias in person.aliases}


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
    _check_keys(values, Config, where, text)
    try:
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:
        key = str(error).rpartition("`$.")[2].rstrip("`").rpartition(".")[2] if "`$." in str(error) else ""
        raise ConfigError(str(error), where=_place(where, text, key)) from error
    _check_values(config, where, text)
    return config, origins


def _file(path: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    place = Path(path or DEFAULT_FILE)
    if not place.is_file():
        if path:
            raise ConfigError("there is no such file", where=path, hint="trailwatch init writes one")
        return {}, {}
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(place)) from error
    return values, {key: str(place) for key in _leaves(values)}


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
    for section in ("store", "source", "practices", "model"):
        for field in msgspec.structs.fields(get_type_hints(Config)[section]):
            name = f"TRAILWATCH_{section}_{field.name}".upper()
            if environment.get(name):
                yield name, f"{section}.{field.name}", environment[name]


def _put(values: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for key in path:
        values = values.setdefault(key, {})
    values[last] = value


def _check_keys(values: Any, kind: Any, where: str, text: str) -> None:
    if get_origin(kind) in (dict, list) and values:
        inner = get_args(kind)[-1]
        for value in values.values() if isinstance(values, dict) else values:
            _check_keys(value, inner, where, text)
    if not (isinstance(kind, type) and issubclass(kind, Section) and isinstance(values, dict)):
        return
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"{near[0]!r}" if near else "one of " + ", ".join(known)
            raise ConfigError(f"unknown key {key!r}", where=_place(where, text, key), hint=hint)
        _check_keys(value, known[key], where, text)


def _check_values(config: Config, where: str, text: str) -> None:
    for name, entries in config.networks.items():
        for entry in entries:
            if not entry.startswith("vpce-"):
                try:
                    ipaddress.ip_network(entry, strict=False)
                except ValueError as error:
                    hint = '"198.51.100.0/24" or "vpce-0a1b2c3d"'
                    raise ConfigError(
                        f"network {name!r}: {error}", where=_place(where, text, name), hint=hint
                    ) from error
    for name, person in (*config.people.items(), *config.groups.items()):
        place = _place(where, text, name)
        for shift in person.shifts:
            parse_shift(shift, where=place)
        _check_zone(person.time_zone, place)
        if person.shifts and not person.time_zone and not isinstance(person, Group) and not _zoned_by_group(config, name):
            raise ConfigError(f"{name!r} has shifts but no time_zone", where=place, hint='time_zone = "Europe/Berlin"')
        if any(not isinstance(moment, date) for span in person.on_call for moment in (span.from_, span.to)):
            raise ConfigError("on_call needs dates", where=place, hint="{ from = 2026-07-25, to = 2026-07-26 }")
        for network in person.networks:
            if network not in config.networks:
                raise ConfigError(f"network {network!r} is not declared", where=place, hint="add it under [networks]")
    for name, principal in config.principals.items():
        _check_zone(principal.time_zone, _place(where, text, name))


def _zoned_by_group(config: Config, name: str) -> bool:
    return any(group.time_zone and name in group.members for group in config.groups.values())


def _check_zone(zone: str, where: str) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"unknown time zone {zone!r}", where=where, hint='"Europe/Berlin"') from error


def _place(where: str, text: str, key: str) -> str:
    bare = re.escape(key)
    for number, line in enumerate(text.splitlines(), start=1):
        if key and (found := re.search(rf'^\s*["\']?{bare}["\']?\s*=|^\s*\[+[^\]]*{bare}', line)):
            return f"{where}:{number}:{found.start() + 1}"
    return where
