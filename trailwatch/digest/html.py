"""The digest as one HTML file: no script, nothing from outside, readable on paper, on a phone and in the dark."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from trailwatch.charts.svg import Svg, svg
from trailwatch.digest import lines, practice_text, practice_words, words
from trailwatch.digest.album import Album, Portrait
from trailwatch.digest.basis import basis, gaps, notes
from trailwatch.finding import rank
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest
    from trailwatch.digest.practice_page import PracticeReport
    from trailwatch.finding import Finding

SHOWN_EVENTS = 20
MOST_TREND = 120  # days in the chart of the index
MOST_TOLD = 12  # findings of one identity in its own place


def html(digest: Digest, *, album: Album | None = None, home: str = "") -> str:
    """Return the digest as a page of its own; every value is escaped, and the policy of the page forbids all but its style.

    An `album` brings the identities and their charts; `home` is the address of the index of all days.
    """
    return _page(
        "digest.html",
        digest=digest,
        basis=basis(digest),
        gaps=list(gaps(digest)),
        notes=list(notes(digest)),
        lines=lines,
        full=[one for one in digest.happening if rank(one.severity) >= rank("medium")],
        brief=[one for one in digest.happening if rank(one.severity) < rank("medium")],
        here={one.id for one in digest.happening}
        | {one.id for _, findings in lines.sections(digest) for one in lines.shown(findings)[0]},
        shown_events=SHOWN_EVENTS,
        most_told=MOST_TOLD,
        album=album or Album(),
        home=home,
        contents=_contents(digest),
    )


def _contents(digest: Digest) -> list[tuple[str, list[Finding]]]:
    by_severity = {name: [one for one in digest.happening if one.severity == name] for name in lines.SEVERE_FIRST}
    return [(name, found) for name, found in by_severity.items() if found]


def portrait_html(one: Portrait, told: Sequence[Mapping[str, Any]], *, home: str) -> str:
    """Return the page of one identity: what it does, and its findings of all days."""
    return _page("who.html", one=one, told=told, home=home)


def index_html(days: Sequence[Mapping[str, Any]], *, pages: AbstractSet[str]) -> str:
    """Return the index of an archive: every day that has a digest, the newest first, and how it went on."""
    severities = list(lines.SEVERE_FIRST)
    drawn, told = _trend(days)
    span = f", {days[-1]['dt']} to {days[0]['dt']}" if days else ""
    return _page(
        "index.html",
        days=[{**row, "note": _note(row)} for row in days],
        pages=pages,
        severities=severities,
        headline=f"{words.counted(len(days), 'day')}{span}",
        trend=drawn,
        trend_words=told,
    )


def _note(row: Mapping[str, Any]) -> str:
    if not row["events"]:
        return "no data"
    parts = ["" if row["complete"] else "not complete", "earlier days changed since" if row["stale"] else ""]
    return "; ".join(part for part in parts if part)


def _trend(days: Sequence[Mapping[str, Any]]) -> tuple[Svg | None, str]:
    # The library of charts takes a second to load: only for a page that has some.
    from trailwatch.charts.trend import Count, trend  # noqa: PLC0415

    shown = days[:MOST_TREND]
    counts = [Count(row["dt"], name, row[name]) for row in shown for name in lines.SEVERE_FIRST]
    if not any(one.findings for one in counts):
        return None, ""
    worst = max(shown, key=lambda row: tuple(row[name] for name in lines.SEVERE_FIRST))
    total = ", ".join(f"{sum(row[name] for row in shown)} {name}" for name in lines.SEVERE_FIRST)
    return svg(
        trend(counts), id="trend"
    ), f"Findings a day by severity, in all {total}; the gravest day is {worst['dt']}."


def practices_html(report: PracticeReport, *, by: str) -> str:
    """Return the practice report as a page of its own, as safe as that of the digest."""
    listed = report.controls if by == "cis" else report.practices
    return _page("practices.html", report=report, by=by, told=practice_text, listed=listed)


def _page(template: str, **values: object) -> str:
    environment = _environment()
    style = environment.get_template("digest.css").render()
    # The style is allowed by its hash alone, so that no value that slipped in could bring a style of its own.
    digest_of_style = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(
        **values,
        words=words,
        said=practice_words,
        style=Markup(style),  # noqa: S704 — the package's own file
        policy=f"default-src 'none'; style-src 'sha256-{digest_of_style}'; base-uri 'none'; form-action 'none'",
    )


def commands(words: str) -> Markup:
    """Return words with what stands between backticks as code; everything is escaped."""
    parts = plain(words, longest=2000).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 and part.strip() else part
        for place, part in enumerate(parts)
    )


def _word(name: str) -> str:
    # A name of a log stands in a command that somebody copies: nothing of it may be obeyed by a shell.
    return shlex.quote(plain(name, longest=200))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("trailwatch", "digest/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["commands"] = commands
    environment.filters["word"] = _word
    return environment
