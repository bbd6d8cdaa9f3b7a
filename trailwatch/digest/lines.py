"""What every format says of a day, a finding, an incident and the practices, before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from trailwatch.digest.words import (
    STATUS,
    account,
    clock,
    counted,
    day_name,
    evidence,
    identity,
    listed,
    severity_sum,
    short_day,
    when,
)  # fmt: skip
from trailwatch.finding import Finding, Incident, rank
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

MOST_AFTER = 10
SEVERE_FIRST = ("critical", "high", "medium", "low", "info")


def title(digest: Digest) -> str:
    """Return the name of the page."""
    if digest.source:
        return f"trailwatch scan · {plain(digest.source, longest=120)}"
    return f"trailwatch · {day_name(digest.date)} (UTC)"


def headline(digest: Digest) -> str:
    """Return the day in one line: how much there is and how grave, or that it was quiet, and on how much that rests."""
    counts = digest.counts()
    severities = [f"{counts[name]} {name}" for name in SEVERE_FIRST if counts[name]]
    if not digest.coverage.events and not severities:
        return "No data. Nothing can be said about this day."
    if not severities:
        blind = ", but not everything could be seen" if digest.coverage.gap and not digest.source else ""
        return f"Quiet: nothing to report in {counted(digest.coverage.events, 'event')}{blind}."
    stories = f"{counted(len(digest.incidents), 'incident')}, " if digest.incidents else ""
    fresh = sum(one.status in {"new", "risen", "reopened"} for one in digest.happening)
    news = "" if digest.source else f"; {fresh} new or changed" if fresh else "; nothing new"
    return f"{stories}{counted(len(digest.happening), 'finding')}: {', '.join(severities)}{news}."


def status(finding: Finding, *, day: date) -> str:
    """Return whether a finding is new, and since when it is not."""
    words = STATUS[finding.status]
    since = finding.evidence.get("since")
    if isinstance(since, str) and finding.status in {"ongoing", "risen", "reopened"}:
        words += f", first reported {short_day(date.fromisoformat(since), day)}"
    return f"{words}, arrived late" if finding.late else words


def labelled(finding: Finding, digest: Digest) -> str:
    """Return the title with its status before it; a scan remembers nothing, so it has none."""
    return finding.title if digest.source else f"{status(finding, day=digest.date)} · {finding.title}"


def times(finding: Finding, digest: Digest) -> str:
    """Return when it happened, in UTC and in the person's zone, and in how many events."""
    span = when(finding.first_time, finding.last_time, day=digest.date, zone=digest.zones.get(finding.person, ""))
    return f"{span}, {counted(finding.count, 'event')}" if finding.count else span


def place(finding: Finding) -> str:
    """Return from where, with what, and in which regions."""
    parts = [listed(finding.addresses), f"with {listed(finding.clients)}" if finding.clients else "",
             f"in {listed(finding.regions)}" if finding.regions else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def facts(finding: Finding, digest: Digest) -> list[tuple[str, str]]:
    """Return what is known of a finding as (label, words), those that matter first; empty ones are left out."""
    who = (
        "" if finding.kind == "coverage" or (finding.kind == "posture" and not finding.principal) else identity(finding)
    )
    where = f"account {account(finding, digest.names)}" if finding.account else ""
    rows = [
        ("who", ", ".join(part for part in (who, where) if part)),
        ("when", times(finding, digest)),
        ("from", place(finding)),
        ("did", listed(finding.actions, most=5)),
        ("to", listed(finding.targets, most=5)),
        ("why", finding.why),
        ("evidence", "\n".join(evidence(finding))),
        ("severity", severity_sum(finding)),
        ("next", finding.next),
    ]  # fmt: skip
    return [(label, words) for label, words in rows if words]


def brief(finding: Finding, digest: Digest) -> str:
    """Return who and when in one clause."""
    return f"{identity(finding)}, {when(finding.first_time, finding.last_time, day=digest.date)}"


def afterword(finding: Finding, digest: Digest) -> str:
    """Return who, and why a finding is not among those of the day."""
    known = finding.evidence.get("since")
    if finding.kind == "posture" and not finding.suppressed_by and isinstance(known, str):
        return f"{identity(finding)}, first reported {short_day(date.fromisoformat(known), digest.date)}"
    return f"{identity(finding)}, {finding.suppressed_by or 'last seen ' + short_day(finding.last_time.date(), digest.date)}"


def shown(findings: Sequence[Finding]) -> tuple[list[Finding], str]:
    """Return those of a list at the end of the page that a reader needs, and how many more there are."""
    grave = [one for one in findings if rank(one.severity) >= rank("medium")][:MOST_AFTER]
    first = grave or list(findings[:3])
    more = len(findings) - len(first)
    return (
        first,
        f"and {counted(more, 'finding')} more, of {'low' if len(grave) < MOST_AFTER else 'equal or lower'} severity"
        if more
        else "",
    )


def sections(digest: Digest) -> list[tuple[str, tuple[Finding, ...]]]:
    """Return what stands at the end of the page: what is not of this day, and what nobody wants to hear of."""
    named = (
        ("Configured as before", digest.standing),
        ("Not seen today, but not over", digest.waiting),
        ("Ended", digest.closed),
        ("Suppressed", digest.suppressed),
    )
    return [(name, findings) for name, findings in named if findings]


def incident_facts(incident: Incident, digest: Digest) -> str:
    """Return status, time and accounts of an incident."""
    zone = next((digest.zones[one] for one in incident.persons if one in digest.zones), "")
    span = when(incident.first_time, incident.last_time, day=digest.date, zone=zone)
    names = [f"{digest.names[one]} ({one})" if digest.names.get(one) else one for one in incident.accounts]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    known = "" if digest.source else f"{STATUS[incident.status]} · "
    return f"{known}{span} · {', '.join(names[:3])}{more}"


def stamp(moment: Mapping[str, object], digest: Digest) -> str:
    """Return the time of one step of a story, with its day where that is another."""
    time = moment["time"]
    if not isinstance(time, datetime):  # a digest that was read back from its JSON
        time = datetime.fromisoformat(str(time))
    return f"{'' if time.date() == digest.date else short_day(time.date(), digest.date) + ' '}{clock(time)}"
