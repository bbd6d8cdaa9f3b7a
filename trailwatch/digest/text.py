"""The digest for a terminal: at most 100 columns, what matters first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trailwatch.digest.basis import basis, gaps, notes
from trailwatch.digest.lines import (
    afterword,
    brief,
    facts,
    headline,
    incident_facts,
    labelled,
    sections,
    shown,
    stamp,
    title,
)  # fmt: skip
from trailwatch.digest.practice_words import by_whom, counts, rest
from trailwatch.finding import Finding, Incident, rank
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

WIDTH, INDENT = 100, 10
STEPS = 12
_COLORS = {"critical": "1;37;41", "high": "1;31", "medium": "33", "low": "36", "info": "2", "heading": "1"}


def text(digest: Digest, *, color: bool = False) -> str:
    """Return the digest as lines of at most 100 columns; color only when a terminal asks for it."""
    return "\n".join(_lines(digest, Paint(on=color))) + "\n"


class Paint:
    """Colours for a terminal that wants them."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, words: str, kind: str) -> str:
        """Return words in the colour of their kind, where colours are on."""
        return f"\x1b[{_COLORS[kind]}m{words}\x1b[0m" if self._on else words


def _lines(digest: Digest, paint: Paint) -> Iterator[str]:
    yield paint(title(digest), "heading")
    yield from (paint(line, "heading") for line in wrapped(headline(digest), indent=0))
    yield ""
    yield from wrapped(basis(digest), "Logs")
    yield from _several(gaps(digest), "Missing")
    yield from _several(notes(digest), "Notes")
    if digest.incidents:
        yield from _heading("Incidents", paint)
        for incident in digest.incidents:
            yield from _incident(incident, digest, paint)
    if digest.happening:
        yield from _heading("Findings", paint)
        full = [one for one in digest.happening if rank(one.severity) >= rank("medium")]
        for finding in full:
            yield from _finding(finding, digest, paint)
        for finding in (one for one in digest.happening if one not in full):
            yield from _labelled(finding.severity, f"{labelled(finding, digest)} [{brief(finding, digest)}]", paint)
    yield from _practices(digest, paint)
    for name, findings in sections(digest):
        yield from _after(name, findings, digest, paint)


def _incident(incident: Incident, digest: Digest, paint: Paint) -> Iterator[str]:
    yield from _labelled(incident.severity, incident.title, paint)
    yield from wrapped(incident_facts(incident, digest))
    for moment in incident.timeline[:STEPS]:
        hidden = " (suppressed)" if moment.get("suppressed") else ""
        yield from wrapped(f"{moment['title']}{hidden}", f"{stamp(moment, digest):>{INDENT + 12}}", indent=INDENT + 14)
    if len(incident.timeline) > STEPS:
        yield from wrapped(f"… and {len(incident.timeline) - STEPS} more", indent=INDENT + 14)
    yield ""


def _finding(finding: Finding, digest: Digest, paint: Paint) -> Iterator[str]:
    yield from _labelled(finding.severity, labelled(finding, digest), paint)
    for label, words in facts(finding, digest):
        for place, line in enumerate(words.split("\n")):
            yield from wrapped(line, f"{'':{INDENT}}{'' if place else label}", indent=INDENT + 10)
    yield ""


def _practices(digest: Digest, paint: Paint) -> Iterator[str]:
    if not digest.practices:
        return
    yield from _heading("Practices", paint)
    for one in (one for one in digest.practices if one.state == "broken"):
        told = counts(one, compared=digest.compared, day=digest.date)
        yield from wrapped(f"{one.title}: {by_whom(one, day=digest.date)}; {told}", "broken")
    for state, same, cause in rest(digest.practices):
        codes = ", ".join(one.code for one in same)
        yield from wrapped(codes if state == "held" else f"{codes} ({cause})", "held" if state == "held" else "unknown")


def _after(name: str, findings: Sequence[Finding], digest: Digest, paint: Paint) -> Iterator[str]:
    yield from _heading(name, paint)
    first, more = shown(findings)
    for finding in first:
        yield from wrapped(f"{finding.title} [{afterword(finding, digest)}]", finding.severity)
    if more:
        yield from wrapped(more)


def _heading(name: str, paint: Paint) -> Iterator[str]:
    yield from ("", paint(name.upper(), "heading"))


def _labelled(severity: str, words: str, paint: Paint) -> Iterator[str]:
    first, *rest = wrapped(words, severity.upper())
    yield paint(severity.upper(), severity) + first[len(severity) :]
    yield from rest


def _several(sentences: Iterator[str], label: str) -> Iterator[str]:
    for place, sentence in enumerate(sentences):
        yield from wrapped(sentence, "" if place else label)


def wrapped(words: str, label: str = "", *, indent: int = INDENT) -> list[str]:
    """Return words as lines of at most 100 columns, with a label before the first."""
    # Everything that is printed passes here, so that nothing from a log can steer the terminal.
    first = f"{plain(label) if label.strip() == label else label:{indent}}" if indent else ""
    wide = plain(words, longest=2000).replace(" ± ", "\u00a0±\u00a0")
    return textwrap.wrap(wide, WIDTH, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False) or [
        first.rstrip()
    ]
