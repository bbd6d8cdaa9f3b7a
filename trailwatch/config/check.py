"""What a configuration may say: known keys, and values that mean something, each mistake with its place."""

from __future__ import annotations

import difflib
import ipaddress
import re
from datetime import date
from typing import Any, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from trailwatch.config.sections import Config, Group, Suppression
from trailwatch.errors import ConfigError
from trailwatch.window import parse_shift

NARROWING = ("detection", "principal", "person", "account", "network", "target")
"""The fields of a suppression that say what it is about; a pattern that fits everything says nothing."""


def check_keys(values: Any, kind: Any, where: str, text: str) -> None:
    """Refuse keys that no section knows, and name the nearest one that does."""
    # Of another type than it should be: that is told later, with the type.
    if get_origin(kind) in (dict, list) and isinstance(values, (dict, list)):
        inner = get_args(kind)[-1]
        for value in values.values() if isinstance(values, dict) else values:
            check_keys(value, inner, where, text)
    kind = _member(values, kind, where, text)
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(values, dict)):
        return
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    for key, value in values.items():
        if key == tag:
            continue
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"{near[0]!r}" if near else "one of " + ", ".join(known)
            raise ConfigError(f"unknown key {key!r}", where=place(where, text, key), hint=hint)
        check_keys(value, known[key], where, text)


def _member(values: Any, kind: Any, where: str, text: str) -> Any:
    """Return, of several sections that a table may be, the one that its kind names."""
    members = [one for one in get_args(kind) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    if len(members) < 2 or not isinstance(values, dict):
        return kind
    by_tag = {str(one.__struct_config__.tag): one for one in members}
    tag = str(members[0].__struct_config__.tag_field)
    if str(values.get(tag)) not in by_tag:
        near = difflib.get_close_matches(str(values.get(tag)), by_tag, n=1, cutoff=0.4)
        what = f"unknown {tag} {values[tag]!r}" if tag in values else f"no {tag} is given"
        raise ConfigError(what, where=place(where, text, tag), hint=repr(near[0]) if near else ", ".join(by_tag))
    return by_tag[str(values[tag])]


def check_values(config: Config, where: str, text: str) -> None:
    """Refuse networks, zones, shifts and dates that mean nothing."""
    for name, entries in config.networks.items():
        for entry in entries:
            if not entry.startswith("vpce-"):
                try:
                    ipaddress.ip_network(entry, strict=False)
                except ValueError as error:
                    hint = '"198.51.100.0/24" or "vpce-0a1b2c3d"'
                    raise ConfigError(
                        f"network {name!r}: {error}", where=place(where, text, name), hint=hint
                    ) from error
    for name, person in (*config.people.items(), *config.groups.items()):
        there = place(where, text, name)
        for shift in person.shifts:
            parse_shift(shift, where=there)
        _check_zone(person.time_zone, there)
        if (
            person.shifts
            and not person.time_zone
            and not isinstance(person, Group)
            and not _zoned_by_group(config, name)
        ):
            raise ConfigError(f"{name!r} has shifts but no time_zone", where=there, hint='time_zone = "Europe/Berlin"')
        if any(not isinstance(moment, date) for span in person.on_call for moment in (span.from_, span.to)):
            raise ConfigError("on_call needs dates", where=there, hint="{ from = 2026-07-25, to = 2026-07-26 }")
        _check_networks(person.networks, config, there)
    for suppression in config.suppress:
        check_suppression(suppression, place(where, text, "suppress"))
    for name, principal in config.principals.items():
        _check_zone(principal.time_zone, place(where, text, name))
        _check_networks(principal.networks, config, place(where, text, name))
    _check_networks(config.automation.networks, config, place(where, text, "automation"))
    for name, sink in config.sinks.items():
        # They become heads of mails and of requests, in which a line feed begins another one.
        for key, value in msgspec.to_builtins(sink).items():
            if any(
                sign < " " or sign == "\x7f"
                for one in (value if isinstance(value, list) else [value])
                for sign in str(one)
            ):
                what = f"{key} of sink {name!r} holds a control character"
                raise ConfigError(what, where=place(where, text, name), hint="one line of text")


def _check_networks(names: list[str], config: Config, where: str) -> None:
    for network in names:
        if network not in config.networks:
            raise ConfigError(f"network {network!r} is not declared", where=where, hint="add it under [networks]")


def check_suppression(entry: Suppression, where: str) -> None:
    """Refuse a suppression that names fewer than two things, or nobody who answers for it."""
    names = [getattr(entry, name) for name in NARROWING]
    if sum(bool(name.strip("*? ")) for name in names) < 2:
        raise ConfigError(f"the suppression of {entry.detection!r} is too wide: it names one thing only", where=where,
                          hint=f"at least two of {', '.join(NARROWING)}")  # fmt: skip
    for name in ("reason", "owner"):
        # `trailwatch suppress` shows TODO where nobody has said it yet; copied, it is no answer.
        if getattr(entry, name).strip() in ("", "TODO"):
            raise ConfigError(f"the suppression of {entry.detection!r} has no {name}", where=where)


def _zoned_by_group(config: Config, name: str) -> bool:
    return any(group.time_zone and name in group.members for group in config.groups.values())


def _check_zone(zone: str, where: str) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones is a file that cannot be read
        raise ConfigError(f"unknown time zone {zone!r}", where=where, hint='"Europe/Berlin"') from error


def place(where: str, text: str, key: str) -> str:
    """Return file, line and column of a key, as far as they can be found."""
    bare = re.escape(key)
    for number, line in enumerate(text.splitlines(), start=1):
        if key and (found := re.search(rf'^\s*["\']?{bare}["\']?\s*=|^\s*\[+[^\]]*{bare}', line)):
            return f"{where}:{number}:{found.start() + 1}"
    return where
