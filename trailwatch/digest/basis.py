"""Coverage in sentences: what the digest rests on, and what is missing, the graver first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trailwatch.digest.coverage import Coverage, Expired
from trailwatch.digest.integrity import Integrity
from trailwatch.digest.words import clock, counted, day_name, number
from trailwatch.findings.titles import plain

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

_SHOWN = 3
LEAST_VERDICTS = 5  # fewer say nothing of a share
_DATA_EVENTS = re.compile(r"no data events of (\S+) are in these logs")


def basis(digest: Digest) -> str:
    """Return in one sentence how much data the digest rests on, and until when it is complete."""
    coverage = digest.coverage
    if not coverage.events:
        return "No events at all: this page says nothing about what happened."
    parts = [counted(coverage.events, "event")]
    accounts = [account for account in coverage.accounts if account.events]
    parts.append(f"by {counted(coverage.identities, 'identity', 'identities')} in {counted(len(accounts), 'account')}")
    if coverage.objects.get("read"):
        parts.append(f"from {counted(coverage.objects['read'], 'log file')}")
    text = " ".join(parts)
    if coverage.history_days:
        text += f", compared with {counted(coverage.history_days, 'day')} of history"
    return f"{text}." if digest.source else f"{text}. {_complete(digest)}"


def _complete(digest: Digest) -> str:
    until = digest.coverage.complete_until
    if until is None:
        return "How far the logs are complete is not known: the ledger is empty."
    if digest.coverage.day_complete:
        return "The day is complete."
    if until.date() < digest.date:
        return f"Logs are complete only until {clock(until)} UTC on {day_name(until)}, before this day began."
    return f"Logs are complete until {clock(until)} UTC; what came later is not all here yet."


def gaps(digest: Digest) -> Iterator[str]:
    """Yield what is missing or could not be evaluated, one sentence each."""
    coverage = digest.coverage
    yield from _objects(coverage)
    yield from _integrity(coverage)
    yield from _silences(coverage)
    for broken in coverage.broken:
        yield f"Detection file {plain(broken.detection)} cannot be used: {plain(broken.reason)}"
    for one in coverage.unable:
        if one.failed:
            yield f"Detection {one.detection} failed: {plain(one.reason)}"
    yield from _not_evaluated(coverage)
    yield from _exports(coverage)
    if coverage.undigested:
        days = ", ".join(f"{day.day} {day:%b}" for day in coverage.undigested[: _SHOWN * 2])
        more = " …" if len(coverage.undigested) > _SHOWN * 2 else ""
        yield f"{counted(len(coverage.undigested), 'day')} without a digest: {days}{more}. `trailwatch run` makes them."
    if coverage.lost_hits:
        yield f"{counted(sum(coverage.lost_hits.values()), 'hit')} of {', '.join(coverage.lost_hits)} named no event of this day."
    for one_expired in coverage.expired:
        yield f"{_suppression(one_expired)} ran out on {one_expired.until} (owner {plain(one_expired.owner)}): it silences nothing any more."


def notes(digest: Digest) -> Iterator[str]:
    """Yield what is worth knowing and no gap: late events, young identities, doubles, suppressed findings."""
    coverage = digest.coverage
    if coverage.late_events:
        yield f"{counted(coverage.late_events, 'event')} of earlier days arrived since the last digest and {'is' if coverage.late_events == 1 else 'are'} judged here."
    if coverage.young_identities:
        yield f"{counted(coverage.young_identities, 'identity', 'identities')} known for less than 14 days: too young for the model{_next(coverage)}."
    if 2 * coverage.model_changed > coverage.model_verdicts >= LEAST_VERDICTS:
        yield (
            f"The model was fitted anew on {coverage.model_week} and would judge {coverage.model_changed} of the "
            f"{coverage.model_verdicts} unusual identity-days of the month before otherwise: more than half."
        )
    if coverage.learning:
        yield f"{counted(coverage.learning, 'first use', 'first uses')} by young identities {'was' if coverage.learning == 1 else 'were'} learned, not reported."
    if coverage.integrity:
        yield _proved(coverage.integrity)
    if coverage.doubles:
        yield f"{counted(coverage.doubles, 'record')} came twice and {'counts' if coverage.doubles == 1 else 'count'} once."
    if coverage.others:
        classes = ", ".join(f"{number(count)} {plain(name)}" for name, count in coverage.others.items())
        yield f"Records of other classes, kept and not judged: {classes}."
    if ages := [one.age_days for one in coverage.exports if one.age_days is not None]:
        accounts = len({one.account for one in coverage.exports if one.taken_at})
        span = (
            f"{f'{min(ages)} to ' if min(ages) < max(ages) else ''}{counted(max(ages), 'day')} old at the end of this day"
            if max(ages)
            else "made on this day"
        )
        yield f"How IAM is configured was read from exports of {counted(accounts, 'account')}, {span}."
    if coverage.suppressed:
        yield f"{counted(coverage.suppressed, 'finding')} suppressed: kept at the end of the page, and part of incidents as before."
    for one_ending in coverage.ending:
        yield f"{_suppression(one_ending)} ends on {one_ending.until} (owner {plain(one_ending.owner)}): decide it again before then."
    if coverage.off:
        yield f"{counted(len(coverage.off), 'detection')} switched off: {', '.join(coverage.off[:_SHOWN])}{' …' if len(coverage.off) > _SHOWN else ''}."


def _next(coverage: Coverage) -> str:
    return f"; it judges the first of them from {coverage.judged_next} on" if coverage.judged_next else ""


def _proved(found: Integrity) -> str:
    looked = f"trailwatch verify, {found.last_verified:%Y-%m-%d %H:%M} UTC"
    if not found.verified:
        return f"No log file of this day is proved by a signed digest ({looked})."
    rest = f", {number(found.tampered)} tampered with" if found.tampered else ""
    rest += f", {number(found.unverified)} not proved (yet)" if found.unverified else ""
    return f"{counted(found.verified, 'log file')} of this day proved by signed digests{rest} ({looked})."


def _suppression(one: Expired) -> str:
    return f"The suppression of {plain(one.detection)}{f' for {plain(one.principal)}' if one.principal else ''}"


def _objects(coverage: Coverage) -> Iterator[str]:
    for one in coverage.changed:
        yield f"{counted(one.objects, 'log file')} CHANGED after it was read, as if somebody rewrote the log: {plain(one.examples[0], longest=160)}"
    for one in coverage.failures:
        yield f"{counted(one.objects, 'log file')} could not be read ({plain(one.reason, longest=100)}), such as {plain(one.examples[0], longest=160)}"
    if coverage.not_understood:
        yield f"{counted(coverage.not_understood, 'record')} could not be understood; they are kept in the table `others`."


def _integrity(coverage: Coverage) -> Iterator[str]:
    """Yield what of the logs is not as CloudTrail wrote them, by sort; the findings name the files."""
    sorts: dict[tuple[str, str], int] = {}
    for one in coverage.integrity.damage if coverage.integrity else ():
        sorts[one.kind, one.verdict] = sorts.get((one.kind, one.verdict), 0) + one.objects
    for (kind, verdict), objects in sorts.items():
        if verdict == "gap":
            yield f"{counted(objects, 'gap')} between digests: what was delivered then is proved by nothing."
        elif verdict == "unnamed":
            yield f"{counted(objects, 'log file')} that no digest names: nobody but CloudTrail should write there."
        else:
            what = {
                "invalid": "not what CloudTrail signed",
                "missing": "not there any more",
                "moved": "not where CloudTrail put it",
            }
            yield f"{counted(objects, f'{kind} file')} {what[verdict]}, as trailwatch verify found."


def _silences(coverage: Coverage) -> Iterator[str]:
    heard = {account.account for account in coverage.accounts if account.events}
    cells: dict[str, list[str]] = {}
    for silent in coverage.silent:
        name = plain(silent.name) or silent.account
        if silent.account in heard:
            cells.setdefault(name, []).append(
                f"{silent.region} (active on {silent.active_days} of {silent.of_days} such days)"
            )
        else:
            cells.setdefault(name, [])
    for name, regions in cells.items():
        if regions:
            yield f"Silence in {name}: {', '.join(regions)}."
        else:
            yield f"Nothing at all from account {name}, which is usually active on such days."


def _not_evaluated(coverage: Coverage) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for one in coverage.unable:
        if not one.failed:
            reasons.setdefault(plain(one.reason), []).append(one.detection)
    for reason, ids in _joined(reasons).items():
        shown = ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
        yield f"Not evaluated, {reason}: {shown}."


def _joined(reasons: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return reasons that differ in the service alone as one, in the place of the first."""
    names = sorted(match[1] for reason in reasons if (match := _DATA_EVENTS.fullmatch(reason)))
    together = f"no data events of {' and '.join(filter(None, (', '.join(names[:-1]), *names[-1:])))} are in these logs"
    found: dict[str, list[str]] = {}
    for reason, ids in reasons.items():
        found.setdefault(together if _DATA_EVENTS.fullmatch(reason) else reason, []).extend(ids)
    return found


def _exports(coverage: Coverage) -> Iterator[str]:
    for one in coverage.exports:
        account = plain(one.name) or one.account or "an unknown account"
        if one.failed_at:
            used = f"that of {day_name(one.taken_at)} is used" if one.taken_at else "there is no good one"
            yield f"The {plain(one.kind)} of {account} could not be had ({plain(one.reason, longest=120)}): {used}."
        elif one.stale:
            yield f"The {plain(one.kind)} of {account} is {counted(one.age_days or 0, 'day')} old."
    # A detection that could look nowhere is told once, above.
    nowhere = {one.detection for one in coverage.unable}
    missing: dict[str, dict[str, None]] = {}
    for gap in coverage.unchecked:
        if gap.detection not in nowhere:
            name = next((plain(one.name) for one in coverage.exports if one.account == gap.account), "") or gap.account
            missing.setdefault(f"{gap.reason} of {plain(name)}", {})[gap.detection] = None
    for reason, detections in missing.items():
        ids = list(detections)
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        yield f"Not evaluated, {reason}: {', '.join(ids[:_SHOWN])}{more}."
    own = {one.account for one in coverage.exports}
    if bare := [plain(one.name) or one.account for one in coverage.accounts if own and one.account not in own]:
        more = f" and {len(bare) - _SHOWN} more" if len(bare) > _SHOWN else ""
        yield f"Not evaluated, no export of IAM: how {', '.join(bare[:_SHOWN])}{more} {'are' if len(bare) > 1 else 'is'} configured."
