"""The digest for a terminal: at most 100 columns, what matters first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from trailwatch.digest.basis import basis, gaps, notes
from trailwatch.digest.page import Digest
from trailwatch.digest.words import (
    STATUS, account, clock, counted, day_name, evidence, identity, listed, severity_sum, when,
)  # fmt: skip
from trailwatch.finding import Finding, Incident, rank

WIDTH = 100
_COLORS = {"critical": "1;37;41", "high": "1;31", "medium": "33", "low": "36", "info": "2", "heading": "1", "quiet": "2"}


def text(digest: Digest, *, color: bool = False) -> str:
    """Return the digest as lines of at most 100 columns; color only when a terminal asks for it."""
    return "\n".join(_lines(digest, _Paint(on=color))) + "\n"


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, words: str, kind: str) -> str:
        return f"\x1b[{_COLORS[kind]}m{words}\x1b[0m" if self._on and kind in _COLORS else words


def _lines(digest: Digest, paint: _Paint) -> Iterator[str]:
    yield paint(f"trailwatch · {day_name(digest.date)} (UTC)", "heading")
    yield paint(headline(digest), "heading")
    yield ""
    yield from _wrapped(basis(digest), first="Logs      ")
    for place, gap in enumerate(gaps(digest)):
        yield from _wrapped(gap, first="Missing   " if not place else "        · ")
    for place, note in enumerate(notes(digest)):
        yield from _wrapped(note, first="Notes     " if not place else "        · ")
    if digest.incidents:
        yield from _heading("Incidents", paint)
        for place, incident in enumerate(digest.incidents, start=1):
            yield from _incident(incident, place, digest, paint)
    if digest.happening:
        yield from _heading("Findings", paint)
        full = [one for one in digest.happening if rank(one.severity) >= rank("medium")]
        for finding in full:
            yield from _finding(finding, digest, paint)
        yield from _brief([one for one in digest.happening if one not in full], digest, paint)
    yield from _practices(digest, paint)
    yield from _after(digest, paint)


def headline(digest: Digest) -> str:
    """Return the day in one line: the worst first, or that it was quiet and on how much that rests."""
    counts = digest.counts()
    severities = [f"{counts[name]} {name}" for name in ("critical", "high", "medium", "low", "info") if counts[name]]
    if not digest.coverage.events and not severities:
        return "No data. Nothing can be said about this day."
    if not severities:
        rest = f" in {counted(digest.coverage.events, 'event')}"
        return f"Quiet: nothing to report{rest}{', but not everything could be seen' if digest.coverage.gap else ''}."
    fresh = sum(one.status in {"new", "risen", "reopened"} for one in digest.happening)
    stories = f"{counted(len(digest.incidents), 'incident')}, " if digest.incidents else ""
    return f"{stories}{counted(len(digest.happening), 'finding')}: {', '.join(severities)}; {fresh or 'none'} new."


def _incident(incident: Incident, place: int, digest: Digest, paint: _Paint) -> Iterator[str]:
    label = f"{incident.severity.upper():8}"
    head = _wrapped(f"{incident.title}", first=f"{place:>2} {label}  ", rest=" " * 13)
    yield from (line.replace(label, paint(label, incident.severity), 1) for line in head)
    zone = next((digest.zones[one] for one in incident.persons if one in digest.zones), "")
    span = when(incident.first_time, incident.last_time, day=digest.date, zone=zone)
    names = [f"{digest.names[one]} ({one})" if digest.names.get(one) else one for one in incident.accounts]
    yield from _wrapped(f"{STATUS[incident.status]} · {span} · {', '.join(names[:3])}", first=" " * 13, rest=" " * 13)
    for moment in incident.timeline[:10]:
        time = moment["time"]
        stamp = clock(time) if time.date() == digest.date else f"{time.day} {time:%b} {clock(time)}"
        hidden = " (suppressed)" if moment.get("suppressed") else ""
        yield from _wrapped(f"{moment['title']}{hidden}", first=f"{stamp:>24}  ", rest=" " * 26)
    if len(incident.timeline) > 10:
        yield f"{'':26}… and {len(incident.timeline) - 10} more"
    yield ""


def _finding(finding: Finding, digest: Digest, paint: _Paint) -> Iterator[str]:
    label = f"{finding.severity.upper():8}"
    late = ", arrived late" if finding.late else ""
    since = f" since {finding.evidence['since']}" if finding.status in {"ongoing", "risen"} and "since" in finding.evidence else ""
    head = list(_wrapped(finding.title, first=f"{label}  ", rest=" " * 10))
    yield from (line.replace(label, paint(label, finding.severity), 1) for line in head)
    rows = [
        ("status", f"{STATUS[finding.status]}{since}{late}"),
        ("who", f"{identity(finding)}, account {account(finding, digest.names)}"),
        ("when", f"{when(finding.first_time, finding.last_time, day=digest.date, zone=digest.zones.get(finding.person, ''))}"
                 f", {counted(finding.count, 'event')}"),
        ("from", _from(finding)),
        ("did", listed(finding.actions)),
        ("to", listed(finding.targets)),
        ("why", finding.why),
        *(("seen" if not place else "", line) for place, line in enumerate(evidence(finding))),
        ("weight", severity_sum(finding)),
        ("next", finding.next),
        ("more", f"trailwatch show {finding.id}" if finding.event_ids else ""),
    ]  # fmt: skip
    for name, words in rows:
        if words:
            yield from _wrapped(words, first=f"{'':10}{name:8}", rest=" " * 18)
    yield ""


def _from(finding: Finding) -> str:
    parts = [listed(finding.addresses), f"with {listed(finding.clients)}" if finding.clients else "",
             f"in {listed(finding.regions)}" if finding.regions else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def _brief(findings: Iterable[Finding], digest: Digest, paint: _Paint) -> Iterator[str]:
    any_line = False
    for finding in findings:
        any_line = True
        label = f"{finding.severity.upper():8}"
        tail = f" [{identity(finding)}, {when(finding.first_time, finding.last_time, day=digest.date)}]"
        lines = list(_wrapped(finding.title + tail, first=f"{label}  ", rest=" " * 10))
        yield from (line.replace(label, paint(label, finding.severity), 1) for line in lines)
    if any_line:
        yield ""


def _practices(digest: Digest, paint: _Paint) -> Iterator[str]:
    if not digest.practices:
        return
    yield from _heading("Practices", paint)
    broken = [one for one in digest.practices if one.state == "broken"]
    for state in broken:
        names = ", ".join(state.identities[:3]) + (" …" if len(state.identities) > 3 else "")
        since = f", since {state.since}" if state.since else ""
        yield from _wrapped(f"{state.title}: {names}{since}", first=f"broken    {state.number:4}", rest=" " * 14)
    held = [one.number for one in digest.practices if one.state == "held"]
    open_ = [one.number for one in digest.practices if one.state == "not evaluated"]
    if held:
        yield from _wrapped(" ".join(held), first="held      ", rest=" " * 10)
    if open_:
        yield from _wrapped(" ".join(open_), first="not seen  ", rest=" " * 10)
    yield from _wrapped("From activity alone; what IAM is configured to allow is not evaluated: no snapshot yet.", first=" " * 10)


def _after(digest: Digest, paint: _Paint) -> Iterator[str]:
    sections = (("Not seen today, not over yet", digest.quiet), ("Ended", digest.closed), ("Suppressed", digest.suppressed))
    for title, findings in sections:
        if not findings:
            continue
        yield from _heading(title, paint)
        for finding in findings[:10]:
            last = f"last on {finding.last_time:%d %b}"
            note = finding.suppressed_by or last
            yield from _wrapped(f"{finding.title} [{identity(finding)}, {note}]", first=f"{finding.severity:8}  ", rest=" " * 10)
        if len(findings) > 10:
            yield f"{'':10}… and {len(findings) - 10} more"


def _heading(title: str, paint: _Paint) -> Iterator[str]:
    yield ""
    yield paint(title.upper(), "heading")


def _wrapped(words: str, *, first: str, rest: str = " " * 10) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [first.rstrip()]
