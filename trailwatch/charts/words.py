"""The charts in words, for whoever does not see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from statistics import median

from trailwatch.charts.definitions import NAMES, WEEKDAYS
from trailwatch.charts.material import Material, branches
from trailwatch.findings.titles import plain


def activity(material: Material) -> str:
    """Say how much is usual, how much the day in question holds, and how much was refused."""
    before = [one.events for one in material.days if one.day < material.day]
    today = next((one for one in material.days if one.day == material.day), None)
    usual = f"usually {median(before):g} on each of {len(before)} active days" if before else "no active day before"
    now = f"{today.events:,} calls on this day, {today.refused:,} of them refused" if today else "none on this day"
    return f"Calls a day, {_day(material.start)} to {_day(material.day)}: {now}; {usual}."


def week(material: Material) -> str:
    """Say when in the week an identity is there, and which hours of this day are new to it."""
    marked = [one for one in material.hours if one.marked]
    fresh = [_hour(one.slot) for one in marked if one.days == 1]
    busiest = sorted(material.hours, key=lambda one: (-one.days, one.slot))[:3]
    often = ", ".join(f"{_hour(one.slot)} ({one.days} days)" for one in busiest)
    news = f"; hours of this day never used before: {', '.join(fresh)}" if fresh else ""
    return f"Hours of the week in {material.zone}: most often {often}{news}."


def first_seen(material: Material) -> str:
    """Say which networks and clients are new, and which were known."""
    new = [f"{NAMES[one.dimension]} {plain(one.value, longest=60)} since {_day(one.first)}"
           for one in material.uses if one.first >= material.start]  # fmt: skip
    old = sum(one.first < material.start for one in material.uses)
    return f"Networks and clients: {'; '.join(new) or 'none is new'}; {old} known for longer."


def sessions(material: Material) -> str:
    """Say how many sessions there were and how long the longest chain of them is."""
    rows = branches(material.sessions)
    deepest = max((one.depth for one in rows), default=0) + 1
    return f"Sessions of the day as a tree: {len(material.sessions)}, the longest chain has {deepest}."


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _hour(slot: int) -> str:
    return f"{WEEKDAYS[slot // 24]} {slot % 24:02d}:00"


WORDS: dict[str, Callable[[Material], str]] = {
    "activity": activity, "week": week, "first_seen": first_seen, "sessions": sessions,
}  # fmt: skip
"""What tells each chart, by its name."""
