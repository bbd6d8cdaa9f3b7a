"""The practice report for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trailwatch.digest.markdown import bullets, commands, escaped
from trailwatch.digest.practice_words import SIDES, briefly, by_whom, caveat, change, side, summary
from trailwatch.digest.report import ControlState, PracticeState
from trailwatch.digest.text import Paint, wrapped
from trailwatch.digest.words import day_name
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.practice_page import PracticeReport
    from trailwatch.finding import Finding

SHOWN, INDENT = 5, 10
_LABELS = {"broken": "BROKEN", "held": "held", "not evaluated": "unknown"}


def practices_text(report: PracticeReport, *, by: str, color: bool) -> str:
    """Return the report as lines of at most 100 columns."""
    return "\n".join(_text(report, by, Paint(on=color))) + "\n"


def practices_markdown(report: PracticeReport, *, by: str) -> str:
    """Return the report as Markdown in which nothing from a log can become a link, an image or a tag."""
    return "\n".join(_markdown(report, by)).rstrip() + "\n"


def title(report: PracticeReport) -> str:
    """Return the name of the page."""
    named = report.names.get(report.account, "")
    where = f"{plain(named)} ({report.account})" if named else report.account
    return f"trailwatch practices · {day_name(report.date)} (UTC)" + (f" · {where}" if where else "")


def shown(one: PracticeState | ControlState, report: PracticeReport) -> tuple[list[Finding], int]:
    """Return the most urgent findings of a practice, and how many more there are."""
    found = [finding for finding in report.findings if finding.id in one.findings]
    return found[:SHOWN], max(0, one.count - SHOWN)


def detections(one: ControlState) -> str:
    """Return the detections that serve a control."""
    return ", ".join(one.detections) or "no detection serves it"


def _text(report: PracticeReport, by: str, paint: Paint) -> Iterator[str]:
    listed = report.controls if by == "cis" else report.practices
    yield paint(title(report), "heading")
    yield paint(f"{summary(listed)}.", "heading")
    if words := caveat(report.practices):
        yield from wrapped(words, indent=0)
    for one in listed:
        yield ""
        label, line = _LABELS[one.state], f"{one.number} {one.title}"
        first, *more = wrapped(line, label)
        yield paint(label, "high" if one.state == "broken" else "heading") + first[len(label) :]
        yield from more
        yield from _facts(one, report)


def _facts(one: PracticeState | ControlState, report: PracticeReport) -> Iterator[str]:
    if one.state == "broken":
        yield from _fact("by", by_whom(one, day=report.date, most=8))
    if one.count or one.before:
        yield from _fact("findings", change(one, compared=report.compared, day=report.date))
    if isinstance(one, PracticeState):
        for name, label in (("activity", "activity"), ("posture", "config")):
            yield from _fact(label, side(getattr(one, name)))
    else:
        yield from _fact("rules", detections(one))
        if one.state != "broken":
            yield from _fact("why", one.because)
    found, more = shown(one, report)
    for place, finding in enumerate(found):
        yield from _fact("" if place else "such as", f"{finding.severity}: {finding.title}")
    if more:
        yield from _fact("", f"and {more} more")
    if isinstance(one, PracticeState):
        for place, step in enumerate(one.next):
            yield from _fact("" if place else "next", step)
        yield from _accounts(one, report)


def _accounts(one: PracticeState, report: PracticeReport) -> Iterator[str]:
    # Where all accounts say the same, the organization's lines have said it.
    if len(one.accounts) < 2 or len({account.state for account in one.accounts}) == 1 != one.count:
        return
    for place, account in enumerate(one.accounts):
        counts = (
            f", {change(account, compared=report.compared, day=report.date)}" if account.count or account.before else ""
        )
        sides = f"activity {briefly(account.activity)}, config {briefly(account.posture)}"
        yield from _fact("" if place else "in", f"{account.name or account.account}: {account.state}{counts} ({sides})")


def _fact(label: str, words: str) -> list[str]:
    return wrapped(words, f"{'':{INDENT}}{label}", indent=INDENT + 10)


def _markdown(report: PracticeReport, by: str) -> Iterator[str]:
    listed = report.controls if by == "cis" else report.practices
    yield from (f"# {escaped(title(report))}", "", f"**{summary(listed)}.**", "")
    if words := caveat(report.practices):
        yield from (escaped(words), "")
    if by == "cis":
        yield from ("| control | state | findings | detections |", "|---|---|---|---|")
        for one in report.controls:
            counts = change(one, compared=report.compared, day=report.date) if one.count or one.before else one.because
            yield f"| {one.number} {escaped(one.title)} | {one.state} | {escaped(counts)} | {escaped(detections(one))} |"
        return
    yield from ("| practice | state | what was done | how IAM is configured | findings |", "|---|---|---|---|---|")
    for practice in report.practices:
        sides = " | ".join(escaped(side(getattr(practice, name))) for name, _ in SIDES)
        counts = (
            change(practice, compared=report.compared, day=report.date) if practice.count or practice.before else ""
        )
        yield f"| {practice.number} {escaped(practice.title)} | {practice.state} | {sides} | {escaped(counts)} |"
    yield ""
    for practice in report.practices:
        if practice.state == "broken":
            yield from _broken(practice, report)


def _broken(one: PracticeState, report: PracticeReport) -> Iterator[str]:
    yield from (f"## {one.number} {escaped(one.title)}", "", escaped(by_whom(one, day=report.date, most=8)), "")
    found, more = shown(one, report)
    lines = [f"**{finding.severity}** {escaped(finding.title)}" for finding in found]
    lines += [f"and {more} more"] if more else []
    lines += [f"**next** {commands(step)}" for step in one.next]
    lines += [
        f"**{escaped(account.name or account.account)}** {account.state}, "
        f"{escaped(change(account, compared=report.compared, day=report.date))}"
        for account in one.accounts if account.count or account.before
    ]  # fmt: skip
    yield from bullets(lines)
