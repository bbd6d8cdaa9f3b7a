"""The digest as Markdown, for a chat, a ticket or a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trailwatch.digest.basis import basis, gaps, notes
from trailwatch.digest.lines import (
    afterword,
    brief,
    facts,
    headline,
    incident_facts,
    sections,
    shown,
    stamp,
    status,
    title,
)  # fmt: skip
from trailwatch.digest.practice_words import by_whom, caveat, counts, rest, summary
from trailwatch.finding import Finding, Incident, rank
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

_SPECIAL = re.compile(r"([\\`*_\[\]<>!|~&$])")  # the rest means something only at the start of a line


def markdown(digest: Digest) -> str:
    """Return the digest as Markdown in which nothing from a log can become a link, an image or a tag."""
    return "\n".join(_lines(digest)).rstrip() + "\n"


def escaped(words: str) -> str:
    """Return words in which no character means anything to Markdown, and no address becomes a link."""
    text = _SPECIAL.sub(r"\\\1", plain(words, longest=2000))
    return text.replace("://", "&#58;//").replace("www.", "www&#46;")


def commands(words: str) -> str:
    """Return words in which what stands between backticks is code, and all else means nothing to Markdown."""
    parts = plain(words, longest=2000).split("`")
    return "".join(f"`{part}`" if place % 2 and part.strip() else escaped(part) for place, part in enumerate(parts))


def _lines(digest: Digest) -> Iterator[str]:
    yield from (f"# {escaped(title(digest))}", "", f"**{escaped(headline(digest))}**", "", escaped(basis(digest)), "")
    yield from bullets([f"**Missing:** {commands(gap)}" for gap in gaps(digest)])
    yield from bullets([escaped(note) for note in notes(digest)])
    if digest.incidents:
        yield from ("## Incidents", "")
        for incident in digest.incidents:
            yield from _incident(incident, digest)
    if digest.happening:
        yield from ("## Findings", "")
        full = [one for one in digest.happening if rank(one.severity) >= rank("medium")]
        for finding in full:
            yield from _finding(finding, digest)
        yield from bullets([
            f"**{finding.severity}** {escaped(status(finding, day=digest.date))}: {escaped(finding.title)} ({escaped(brief(finding, digest))})"
            for finding in digest.happening if finding not in full
        ])  # fmt: skip
    yield from _practices(digest)
    for name, findings in sections(digest):
        yield from _after(name, findings, digest)


def _incident(incident: Incident, digest: Digest) -> Iterator[str]:
    yield from (
        f"### {incident.severity.capitalize()}: {escaped(incident.title)}",
        "",
        escaped(incident_facts(incident, digest)),
        "",
    )
    hidden = {True: " (suppressed)", False: ""}
    yield from bullets([
        f"{escaped(stamp(moment, digest))} {escaped(moment['title'])}{hidden[bool(moment.get('suppressed'))]}"
        for moment in incident.timeline
    ])  # fmt: skip


def _finding(finding: Finding, digest: Digest) -> Iterator[str]:
    yield from (
        f"### {finding.severity.capitalize()}: {escaped(finding.title)}",
        "",
        escaped(status(finding, day=digest.date)),
        "",
    )
    rows = []
    for label, words in facts(finding, digest):
        parts = words.split("\n")
        rows.append(f"**{label}** {'; '.join((commands if label == 'next' else escaped)(part) for part in parts)}")
    yield from bullets(rows)


def _practices(digest: Digest) -> Iterator[str]:
    if not digest.practices:
        return
    yield from ("## Practices", "", f"{summary(digest.practices)}.", "")
    yield from ("| state | practice | by whom, or why | findings |", "|---|---|---|---|")
    for one in (one for one in digest.practices if one.state == "broken"):
        told = counts(one, compared=digest.compared, day=digest.date)
        yield f"| broken | {escaped(one.title)} | {escaped(by_whom(one, day=digest.date))} | {escaped(told)} |"
    for state, same, cause in rest(digest.practices):
        yield f"| {state} | {escaped(' · '.join(one.title for one in same))} | {escaped(cause)} | |"
    yield from ("", *([escaped(caveat(digest.practices)), ""] if caveat(digest.practices) else []))


def _after(name: str, findings: Sequence[Finding], digest: Digest) -> Iterator[str]:
    yield from (f"## {name}", "")
    first, more = shown(findings)
    entries = [f"**{one.severity}** {escaped(one.title)} ({escaped(afterword(one, digest))})" for one in first]
    yield from bullets([*entries, more] if more else entries)


def bullets(entries: Sequence[str]) -> Iterator[str]:
    """Yield a list, and an empty line after it."""
    yield from (f"- {entry}" for entry in entries)
    if entries:
        yield ""
