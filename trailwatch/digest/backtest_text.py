"""A backtest as text: the days that would have told something, by whom, what they rest on, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trailwatch.digest.backtested import TOP, Act, Backtest
from trailwatch.digest.words import counted, identity, number
from trailwatch.findings.titles import plain

_SAMPLES = 5
_EVENTS = 3


def text(found: Backtest) -> str:
    """Return a backtest as text."""
    return "\n".join(_lines(found))


def _lines(found: Backtest) -> Iterator[str]:
    names = ", ".join(found.detections[:TOP]) + (" …" if len(found.detections) > TOP else "")
    days = found.days
    yield f"{names}: {days[0].day} to {days[-1].day}, {counted(len(days), 'day')} with events"
    yield f"{counted(len(found.told), 'finding')}: {found.a_day:.2f} a day, {found.usual:g} on the median day"
    yield from _verdict(found)
    yield from _gaps(found)
    loud = [day for day in days if day.hits]
    if not loud:
        yield f"no hit in {counted(sum(day.events for day in days), 'event')}"
        return
    yield ""
    yield f"{'day':<12}{'events':>10}{'hits':>8}{'findings':>10}{'not told before':>17}{'suppressed':>12}"
    for day in loud:
        fresh = number(day.fresh) if day.digested else "no digest"
        flood = "  too many to look at" if day.flooded else ""
        yield (f"{day.day!s:<12}{day.events:>10,}{day.hits:>8,}{day.findings:>10,}{fresh:>17}{day.suppressed:>12,}{flood}")  # fmt: skip
    quiet = len(days) - len(loud)
    if quiet:
        yield f"no hit on {counted(quiet, 'other day')}"
    yield from _people(found)
    yield from _examples(found.told)
    yield from _hiders(found)
    yield from _difference(found)


def _verdict(found: Backtest) -> Iterator[str]:
    if found.budget is None:
        return
    said = "within" if found.within else "OVER"
    yield f"{said} the budget of {found.budget:g} a day"
    for one in found.thresholds:
        change = "as it is" if one.at_least == one.now else f"now {one.now}"
        yield (f"{one.detection}: at_least = {one.at_least} is the smallest that keeps the budget ({change}): "
               f"{one.a_day:.2f} a day")  # fmt: skip
    if not found.within and not found.thresholds:
        yield "there is no count whose threshold could be raised: narrow the clause, or suppress what is expected"


def _gaps(found: Backtest) -> Iterator[str]:
    for path, reason in found.broken.items():
        yield f"not usable: {plain(path)}: {plain(reason)}"
    for name, reason in found.failed.items():
        yield f"FAILED: {name}: {plain(reason)}"
    for name, reasons in found.unable.items():
        for reason, days in reasons.items():
            yield f"not evaluated on {counted(days, 'day')}: {name}: {plain(reason)}"
    for name, count in found.learning.items():
        yield f"{name}: {counted(count, 'first use', 'first uses')} by young identities would have been learned, not reported"
    if missing := sum(not day.digested for day in found.days):
        yield f"{counted(missing, 'day')} without a digest: what was told before is not known there"


def _people(found: Backtest) -> Iterator[str]:
    people = found.identities()
    if people:
        yield ""
        yield counted(len(people), "identity", "identities")
        for name, count, days in people[:TOP]:
            yield f"  {name}: {counted(count, 'finding')} on {counted(days, 'day')}"


def _examples(acts: Iterable[Act]) -> Iterator[str]:
    # Those that no digest has told are what a reader has to judge.
    ranked = sorted(acts, key=lambda act: (bool(act.told_by), -act.finding.score, act.day, act.finding.id))
    if ranked:
        yield ""
        yield f"examples ({min(len(ranked), _SAMPLES)} of {number(len(ranked))})"
    for act in ranked[:_SAMPLES]:
        yield from _example(act)


def _example(act: Act) -> Iterator[str]:
    one = act.finding
    ids = ", ".join(plain(event, longest=40) for event in one.event_ids[:_EVENTS])
    more = f" and {number(one.count - _EVENTS)} more" if one.count > _EVENTS else ""
    yield f"  {act.day} {one.severity}: {plain(one.title)}"
    yield f"    {identity(one)}; {counted(one.count, 'event')}: {ids}{more}"
    if act.told_by:
        yield f"    told before by {', '.join(act.told_by)}"


def _hiders(found: Backtest) -> Iterator[str]:
    hiders = found.hiders()
    if hiders:
        yield ""
        yield "suppressions that would hide most"
    for one in hiders:
        left = (len(found.told) - one.hides) / max(len(found.days), 1)
        yield (f"  {one.detection}, {one.field} {plain(one.value, longest=80)}: {counted(one.hides, 'finding')}, "
               f"which leaves {left:.2f} a day")  # fmt: skip


def _difference(found: Backtest) -> Iterator[str]:
    if found.difference is None:
        return
    one = found.difference
    yield ""
    yield (f"against {one.against}: {counted(one.both, 'finding')} of both, {number(len(one.only_now))} only now, "
           f"{number(len(one.only_before))} no more")  # fmt: skip
    for label, acts in (("only now", one.only_now), ("no more", one.only_before)):
        for act in acts[:_SAMPLES]:
            yield f"  {label}: {act.day} {act.finding.severity}: {plain(act.finding.title)}"
