"""How numbers, times, identities and evidence read, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from trailwatch.finding import Finding, Top
from trailwatch.findings.names import introduced
from trailwatch.findings.titles import plain

STATUS = {
    "new": "new", "risen": "more severe than before", "ongoing": "ongoing", "reopened": "back again",
    "ended": "ended", "resolved": "resolved",
}  # fmt: skip


def number(count: float) -> str:
    """Return a number with separators."""
    return f"{count:,.0f}"


def counted(count: int, one: str, several: str = "") -> str:
    """Return '1 finding' or '3 findings'."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def day_name(moment: date) -> str:
    """Return 'Monday 5 January 2026'."""
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def short_day(day: date, today: date) -> str:
    """Return '5 Jan', with the year where that is another."""
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def clock(moment: datetime) -> str:
    """Return the UTC time of day."""
    return f"{moment.astimezone(UTC):%H:%M}"


def when(first: datetime, last: datetime, *, day: date, zone: str = "") -> str:
    """Return a span of time in UTC, with its date where that is another day, and in the person's own zone."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    text = _span(first, last, day) + " UTC"
    if zone and zone != "UTC":
        local = [moment.astimezone(ZoneInfo(zone)) for moment in (first, last)]
        if local[0].utcoffset() or local[1].utcoffset():
            text += f" ({_span(local[0], local[1], day)} {zone})"
    return text


def _span(first: datetime, last: datetime, day: date) -> str:
    start = _moment(first, day)
    if (last - first).total_seconds() < 60:
        return start
    return f"{start} to {last:%H:%M}" if last.date() == first.date() else f"{start} to {_moment(last, day, other=True)}"


def _moment(moment: datetime, day: date, *, other: bool = False) -> str:
    return (
        f"{moment:%H:%M}" if moment.date() == day and not other else f"{short_day(moment.date(), day)} {moment:%H:%M}"
    )


def listed(tops: Iterable[Top], *, most: int = 3) -> str:
    """Return the most frequent values, with counts where there are several."""
    found = list(tops)
    if len(found) == 1:
        return plain(found[0].value, longest=80)
    parts = [f"{plain(top.value, longest=60)} ({top.count:,}×)" for top in found[:most]]
    return ", ".join(parts) + (", …" if len(found) > most else "")


def identity(finding: Finding) -> str:
    """Return who it was: the person, and as what."""
    if finding.kind == "posture" and not finding.principal:
        several = finding.evidence.get("grouped")
        return counted(several, "finding") if isinstance(several, int) else "the account itself"
    return introduced(finding.person, finding.principal) or "nobody that the log names"


def account(finding: Finding, names: Mapping[str, str]) -> str:
    """Return the account's name with its id."""
    name = finding.account_name or names.get(finding.account, "")
    return f"{plain(name, longest=40)} ({finding.account})" if name else finding.account


def severity_sum(finding: Finding) -> str:
    """Return how the severity came about: 'impact 6 × novelty 1 × long-term key 1.25 = 7.5'."""
    parts = {name: value for name, value in finding.severity_parts.items() if name != "product" and value is not None}
    shown = [f"{name} {value:g}" for name, value in parts.items() if name == "impact" or value != 1]
    return " × ".join(shown) + f" = {finding.severity_parts['product']:g}" if len(shown) > 1 else ""


def evidence(finding: Finding) -> Iterator[str]:
    """Yield the evidence of a finding, one sentence each: numbers first, then what else is known."""
    data = finding.evidence
    for feature in data.get("features", ()):
        what = [plain(one, longest=60) for one in feature.get("what", ())]
        yield plain(feature.get("words", "")) + (f": {', '.join(what)}" if what else "")
    if normal := data.get("normal"):
        still = "" if data.get("explained", True) else ", and even then unusual"
        yield f"usual would be: {plain(normal, longest=300)}{still}"
    yield from _counts(data)
    yield from _novel(data)
    yield from _sleep(data)
    yield from _place(data)
    if grouped := data.get("grouped"):
        names = [plain(one["name"].rpartition("/")[2], longest=40) for one in data.get("identities", ())]
        link = "of" if finding.kind == "posture" else "by"
        yield f"{counted(grouped, 'finding')} of the same kind, {link} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
    for also in data.get("also", ()):
        yield f"also: {plain(also['title'], longest=140)}"
    if early := data.get("events_before_the_day"):
        yield f"{counted(early, 'event')} of an earlier day arrived late"
    if told := data.get("told_before"):
        yield f"the same detection spoke of {counted(told, 'identity-day')} in the 30 days before"
    if (history := data.get("history")) and not data.get("known_days"):
        yield f"history {plain(history)}"
    if finding.kind == "posture":
        yield from _configured(data)
        return
    for key, value in data.items():
        if key not in _KNOWN and isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            yield f"{key.replace('_', ' ')}: {plain(_value(value), longest=120)}"


def _configured(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        words = ", ".join(str(one) for one in value[:_LISTED]) if isinstance(value, list) else value
        words = ("yes" if words else "no") if isinstance(words, bool) else words
        if key not in _GROUPED and isinstance(words, str | int | float) and words != "":
            yield f"{key.replace('_', ' ')}: {plain(_value(words), longest=120)}"


def _counts(data: Mapping[str, Any]) -> Iterator[str]:
    if "count" in data and "at_least" in data:
        distinct = plain(data.get("distinct") or "")
        within = data.get("within_seconds")
        span = f" within {_seconds(within)}" if isinstance(within, int | float) else ""
        what = f"different values of {distinct}" if distinct else "events"
        yield f"{number(data['count'])} {what}{span} (reported from {number(data['at_least'])})"
    if "usual" in data:
        peers = f", its peers {plain(data['peers'])}" if data.get("peers") not in (None, "") else ""
        yield f"usual for this identity: {plain(_value(data['usual']))}{peers}"


def _novel(data: Mapping[str, Any]) -> Iterator[str]:
    if "new" not in data:
        return
    text = f"{plain(data['new'])} {plain(data.get('value', ''), longest=80)}"
    days, since = data.get("known_days"), str(data.get("known_since") or "")[:10]
    if isinstance(days, int | float) and days:
        text += f" was never used in {counted(int(days), 'active day')}" + (f" since {since}" if since else "")
    else:
        text += " was not used before"
    others, using = data.get("others"), data.get("others_using")
    if isinstance(others, int | float) and isinstance(using, int | float):
        text += f"; {number(using) if using else 'none'} of {number(others)} others use it"
    yield text


def _sleep(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("principal", "person", "key"):
        gap = data.get(f"{name}_gap")
        if isinstance(gap, int | float):
            rhythm = data.get(f"{name}_rhythm")
            usual = f"; its longest usual pause was {number(rhythm)} days" if isinstance(rhythm, int | float) else ""
            yield f"unused for {number(gap)} days before{usual}"


def _place(data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("local_time"):
        zone = plain(data.get("time_zone") or "UTC")
        share = data.get("hour_share")
        habit = ""
        if isinstance(share, int | float):
            habit = f"; {share:.1%} of its usual activity falls around this hour of the week" if share else (
                "; never active around this hour of the week before")  # fmt: skip
        yield f"local time {plain(data['local_time'])[:16].replace('T', ' ')} ({zone}){habit}"
    if data.get("network_rule") == "outside":
        yield "outside the networks declared for this identity"
    places = [plain(data[name]) for name in ("network", "asn", "country") if data.get(name)]
    if places:
        yield f"network: {', '.join(places)}"


def _seconds(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return counted(int(seconds // size), name)
    return counted(int(seconds), "second")


def _value(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


_LISTED = 10
_GROUPED = {"grouped", "identities", "since", "also"}
_KNOWN = {
    "features", "model_score", "model_parts", "explained", "normal", "links", "count", "at_least", "within_seconds", "distinct",
    "usual", "peers", "local_time", "time_zone", "shift", "hour_share", "network", "network_rule", "asn", "country",
    "new", "value", "for", "events", "first_time", "known_since", "known_days", "others", "others_using",
    "grouped", "identities", "also", "events_before_the_day", "history", "since", "ended", "days_known",
    "person_days_known", "event_id", "told_before", *(f"{name}_{what}" for name in ("principal", "person", "key") for what in ("gap", "rhythm")),
}  # fmt: skip
