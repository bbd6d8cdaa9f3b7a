"""A profile as text for a terminal."""

from __future__ import annotations

import ipaddress
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trailwatch.config import Config

if TYPE_CHECKING:
    from trailwatch.profile.identity import Profile, Used

SHOWN = 6
WIDTH = 110
_LABELS = (
    ("account", "accounts"), ("principal", "uses"), ("person", "used by"), ("service", "services"),
    ("action", "actions"), ("denied", "denied"), ("region", "regions"), ("role", "assumes"), ("address", "networks"),
    ("client", "clients"), ("key", "keys"),
)  # fmt: skip
_CALLED = {"key": ", the owner of this key", "id": ", by its unique id", "temporary key": ", who held this key"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BARS = " ▁▂▃▄▅▆▇█"
_KEPT = "\u00a0"  # between words that stay on one line


def render_text(profile: Profile, *, every: bool = False) -> str:
    """Return a profile as a page of text; what came from logs has no control characters."""
    subject = profile.subject
    lines = [f"{plain(subject.value)}  ({subject.kind}{_called(subject.by)})"]
    if profile.kind:
        lines.append(_line("class", f"{profile.kind}: {plain(profile.evidence)}"))
    if profile.peer_group:
        lines.append(_line("peers", f"{plain(profile.peer_group)}, {profile.peers} members"))
    lines += _rhythm(profile)
    if not profile.used:
        return "\n".join([*lines, _line("", f"no activity in the {profile.window} days before {profile.day}")])
    lines.append(_line("", f"in the {profile.window} days before {profile.day}:"))
    for dimension, label in _LABELS:
        if found := profile.used.get(dimension):
            lines.append(_line(label, _list(profile, dimension, found, every=every)))
    lines += [_line("per day", _amounts(profile))] if profile.amounts else []
    return "\n".join(lines + _week(profile))


def networks_of(config: Config, addresses: Iterable[str]) -> dict[str, str]:
    """Return the declared network of each address (a /24, a /48, a VPC endpoint) that lies in one or holds one."""
    found: dict[str, str] = {}
    for address in addresses:
        for name, entries in config.networks.items():
            if any(_overlap(address, entry) for entry in entries):
                found[address] = name
                break
    return found


def plain(text: str) -> str:
    """Return text without control, format and unassigned characters."""
    return "".join("·" if unicodedata.category(sign)[0] == "C" else sign for sign in text)


def _overlap(address: str, entry: str) -> bool:
    if address == entry or "/" not in address or entry.startswith("vpce-"):
        return address == entry
    one, other = ipaddress.ip_network(address, strict=False), ipaddress.ip_network(entry, strict=False)
    return one.version == other.version and one.overlaps(other)


def _called(by: str) -> str:
    return _CALLED.get(by, "")


def _line(label: str, text: str) -> str:
    start = f"  {label:<10}"
    lines = textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(lines).replace(_KEPT, " ")


def _rhythm(profile: Profile) -> list[str]:
    rhythm = profile.rhythm
    if rhythm is None:
        return [_line("seen", f"never before {profile.day}")]
    days = "day" if rhythm.active_days == 1 else "days"
    lines = [_line("seen", f"{rhythm.first_seen} to {rhythm.last_seen}, active on {rhythm.active_days} {days}")]
    if rhythm.usual_gap is not None:
        usual = "daily" if rhythm.usual_gap <= 1 else f"every {rhythm.usual_gap:g} days"
        lines.append(_line("rhythm", f"{usual}, longest gap {rhythm.longest_gap:g} days, last use {rhythm.gap:g} "
                                     f"{'day' if rhythm.gap == 1 else 'days'} before {profile.day}"))  # fmt: skip
    return lines


def _list(profile: Profile, dimension: str, found: list[Used], *, every: bool) -> str:
    shown = found if every else found[:SHOWN]
    texts = []
    for one in shown:
        name = plain(one.value)
        named = profile.networks.get(one.value) if dimension == "address" else profile.accounts.get(one.value)
        texts.append(_KEPT.join([name, *([f"[{plain(named)}]"] if named else []), f"{one.days}d"]))
    more = f", and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return ", ".join(texts) + more


def _amounts(profile: Profile) -> str:
    return ", ".join(f"{one.median:g} ± {one.mad:g} {one.measure} (most {one.most})" for one in profile.amounts)


def _week(profile: Profile) -> list[str]:
    most = max(profile.hours, default=0)
    if not most:
        return []
    note = "" if profile.weeks >= 4 else "; too little to judge an hour by"
    lines = [_line("hours", f"{plain(profile.time_zone)}, {profile.weeks} weeks{note}")]
    lines.append(" " * 16 + "0     6     12    18")
    for number, name in enumerate(_DAYS):
        hours = profile.hours[number * 24 : number * 24 + 24]
        bar = "".join(_BARS[-(-hour * (len(_BARS) - 1) // most)] for hour in hours)
        lines.append(f"{'':<12}{name} {bar}".rstrip())
    return lines
