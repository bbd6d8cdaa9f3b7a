"""The digest for a terminal: at most 100 columns, what matters first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trailwatch.digest.basis import basis, gaps, notes
from trailwatch.digest.lines import (
    CAVEAT,
    afterword,
    brief,
    broken_by,
    facts,
    headline,
    incident_facts,
    labelled,
    sections,
    shown,
    stamp,
    title,
)  # fmt: skip
from trailwatch.finding import Finding, Incident, rank
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

WIDTH, INDENT = 100, 10
STEPS = 12
_COLORS = {"critical": "1;37;41", "high": "1;31", "medium": "33", "low": "36", "info": "2", "heading": "1"}


def text(digest: Digest, *, color: bool = False) -> str:
    """Return the digest as lines of at most 100 columns; color only when a terminal asks for it."""
    return "\n".join(_lines(digest, _Paint(on=color))) + "\n"


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, words: str, kind: str) -> str:
        return f"\x1b[{_COLORS[kind]}m{words}\x1b[0m" if self._on else words


def _lines(digest: Digest, paint: _Paint) -> Iterator[str]:
    yield paint(title(digest), "heading")
    yield from (paint(line, "heading") for line in _wrapped(headline(digest), indent=0))
    yield ""
    yield from _wrapped(basis(digest), "Logs")
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


def _incident(incident: Incident, digest: Digest, paint: _Paint) -> Iterator[str]:
    yield from _labelled(incident.severity, incident.title, paint)
    yield from _wrapped(incident_facts(incident, digest))
    for moment in incident.timeline[:STEPS]:
        hidden = " (suppressed)" if moment.get("suppressed") else ""
        yield from _wrapped(f"{moment['title']}{hidden}", f"{stamp(moment, digest):>{INDENT + 12}}", indent=INDENT + 14)
    if len(incident.timeline) > STEPS:
        yield from _wrapped(f"… and {len(incident.timeline) - STEPS} more", indent=INDENT + 14)
    yield ""


def _finding(finding: Finding, digest: Digest, paint: _Paint) -> Iterator[str]:
    yield from _labelled(finding.severity, labelled(finding, digest), paint)
    for label, words in facts(finding, digest):
        for place, line in enumerate(words.split("\n")):
            yield from _wrapped(line, f"{'':{INDENT}}{'' if place else label}", indent=INDENT + 10)
    yield ""


def _practices(digest: Digest, paint: _Paint) -> Iterator[str]:
    if not digest.practices:
        return
    yield from _heading("Practices", paint)
    for state in (one for one in digest.practices if one.state == "broken"):
        yield from _wrapped(f"{state.title}: {broken_by(state, digest)}", "broken")
    for label in ("held", "not evaluated"):
        codes = [one.code for one in digest.practices if one.state == label]
        if codes:
            yield from _wrapped(", ".join(codes), "held" if label == "held" else "unknown")
    yield from _wrapped(CAVEAT)


def _after(name: str, findings: Sequence[Finding], digest: Digest, paint: _Paint) -> Iterator[str]:
    yield from _heading(name, paint)
    first, more = shown(findings)
    for finding in first:
        yield from _wrapped(f"{finding.title} [{afterword(finding, digest)}]", finding.severity)
    if more:
        yield from _wrapped(more)


def _heading(name: str, paint: _Paint) -> Iterator[str]:
    yield from ("", paint(name.upper(), "heading"))


def _labelled(severity: str, words: str, paint: _Paint) -> Iterator[str]:
    first, *rest = _wrapped(words, severity.upper())
    yield paint(severity.upper(), severity) + first[len(severity) :]
    yield from rest


def _several(sentences: Iterator[str], label: str) -> Iterator[str]:
    for place, sentence in enumerate(sentences):
        yield from _wrapped(sentence, "" if place else label)


def _wrapped(words: str, label: str = "", *, indent: int = INDENT) -> list[str]:
    # Everything that is printed passes here, so that nothing from a log can steer the terminal.
    first = f"{plain(label) if label.strip() == label else label:{indent}}" if indent else ""
    wide = plain(words, longest=2000).replace(" ± ", "\u00a0±\u00a0")
    return textwrap.wrap(wide, WIDTH, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False) or [
        first.rstrip()
    ]
