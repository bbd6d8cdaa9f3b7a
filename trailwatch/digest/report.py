"""The practice report: each of the eighteen practices, whether it was held, and by whom it was broken since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from trailwatch.detect.detection import Detection
from trailwatch.finding import Finding
from trailwatch.findings.incidents import who
from trailwatch.practices import PRACTICES

State = Literal["held", "broken", "not evaluated"]
NO_SNAPSHOT = "no snapshot of IAM yet"


@dataclass(frozen=True)
class PracticeState:
    """One practice: what activity says of it, and what the configuration of IAM says."""

    number: str
    code: str
    title: str
    state: State
    because: str
    identities: tuple[str, ...]
    since: date | None
    findings: tuple[str, ...]
    posture: State = "not evaluated"
    posture_because: str = NO_SNAPSHOT


def report(
    findings: Iterable[Finding], detections: Iterable[Detection], *, unable: Mapping[str, str], events: int
) -> tuple[PracticeState, ...]:
    """Return the state of every practice, from the open findings and from which detections could look.

    `unable` gives, per detection that could not be evaluated, the reason; without events nothing is evaluated.
    """
    open_findings = [one for one in findings if not one.suppressed_by and one.status not in {"ended", "resolved"}]
    rules = list(detections)
    return tuple(
        _state(
            practice.number, practice.code, practice.title,
            [one for one in open_findings if practice.code in one.practices],
            [rule for rule in rules if practice.code in rule.practices and rule.shape != "snapshot"],
            unable, events,
        )
        for practice in PRACTICES
    )  # fmt: skip


def _state(
    number: str, code: str, title: str, broken: Sequence[Finding], rules: Sequence[Detection],
    unable: Mapping[str, str], events: int,
) -> PracticeState:  # fmt: skip
    if broken:
        names = ("the logs themselves" if one.kind == "coverage" else who(one) or _from(one) for one in broken)
        identities = tuple(dict.fromkeys(name for name in names if name))
        since = min(_since(one) for one in broken)
        because = f"{len(broken)} finding{'s' if len(broken) > 1 else ''}"
        return PracticeState(number, code, title, "broken", because, identities, since, tuple(one.id for one in broken))
    looked = [rule for rule in rules if rule.id not in unable]
    if not rules:
        return PracticeState(number, code, title, "not evaluated", "activity alone cannot show it", (), None, ())
    if not events:
        return PracticeState(number, code, title, "not evaluated", "no events on this day", (), None, ())
    if not looked:
        return PracticeState(number, code, title, "not evaluated", unable[rules[0].id], (), None, ())
    part = f"{len(looked)} of {len(rules)}" if len(looked) < len(rules) else f"{len(rules)}"
    because = f"{part} detection{'s' if len(rules) > 1 else ''} looked and found nothing"
    return PracticeState(number, code, title, "held", because, (), None, ())


def _from(finding: Finding) -> str:
    return next((f"somebody from {top.value}" for top in finding.addresses), "")


def _since(finding: Finding) -> date:
    since = finding.evidence.get("since")
    return date.fromisoformat(since) if isinstance(since, str) else finding.first_time.date()
