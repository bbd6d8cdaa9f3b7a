"""One day's digest, put together from its parts: coverage, incidents, findings, practices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from html import escape
from typing import Any

from trailwatch.config import Config
from trailwatch.detect.detection import Detection
from trailwatch.digest.coverage import Coverage, Expired
from trailwatch.digest.judgment import Ground
from trailwatch.digest.render import as_dict, render
from trailwatch.digest.report import Before, ControlState, PracticeState, controls, practices
from trailwatch.finding import Finding, Incident
from trailwatch.findings.posture import goes_on, rolled
from trailwatch.findings.suppress import ending, expired
from trailwatch.findings.triage import urgency

SCHEMA = 1
Day = date  # a class that has a field of this name cannot name the type


@dataclass(frozen=True)
class Digest:
    """What one UTC day's page says; the renderers show it, the store keeps it."""

    date: date
    made_at: datetime
    versions: Mapping[str, int]
    coverage: Coverage
    incidents: tuple[Incident, ...]
    findings: tuple[Finding, ...]  # most urgent first; ended and suppressed ones last
    practices: tuple[PracticeState, ...]
    controls: tuple[ControlState, ...] = ()
    compared: Day | None = None  # the day whose counts stand beside those of practices and controls
    quiet: tuple[Finding, ...] = ()  # reported in the last seven days, not seen on this day, not ended yet
    names: Mapping[str, str] = field(default_factory=dict)  # account → name
    zones: Mapping[str, str] = field(default_factory=dict)  # person → time zone
    source: str = ""  # set for a scan of files without a store: there is no day, no memory and no practice report
    schema: int = SCHEMA

    @property
    def happening(self) -> tuple[Finding, ...]:
        """The findings of this day that nobody silenced; what is configured is told when it is new or worse."""
        told = (one for one in self.findings if not one.suppressed_by and one.status not in _CLOSED)
        return rolled([one for one in told if not goes_on(one)])

    @property
    def standing(self) -> tuple[Finding, ...]:
        """What is configured as an earlier digest said, and nobody silenced."""
        return rolled([one for one in (*self.findings, *self.quiet) if goes_on(one) and not one.suppressed_by])

    @property
    def waiting(self) -> tuple[Finding, ...]:
        """What was done in the last days, not on this one, and is not over."""
        return tuple(one for one in self.quiet if not goes_on(one))

    @property
    def closed(self) -> tuple[Finding, ...]:
        """The findings that ended or were resolved."""
        return rolled([one for one in self.findings if one.status in _CLOSED and not one.suppressed_by])

    @property
    def suppressed(self) -> tuple[Finding, ...]:
        """The findings that somebody silenced."""
        return rolled([one for one in self.findings if one.suppressed_by])

    @property
    def has_gaps(self) -> bool:
        """Whether logs are missing or something could not be evaluated, so that silence may mean blindness."""
        return self.coverage.gap

    def render(self, form: str = "text", *, color: bool = False) -> str:
        """Return the digest as text, markdown, html or json."""
        return render(self, form, color=color)

    def as_dict(self) -> dict[str, Any]:
        """Return the digest as plain values, in the form that the JSON Schema describes."""
        return as_dict(self)

    def _repr_html_(self) -> str:
        # A frame of its own: the page's style must not leak into a notebook, nor the notebook's into the page.
        return f'<iframe sandbox title="digest" style="width:100%;height:42rem;border:0" srcdoc="{escape(render(self, "html"))}"></iframe>'

    def counts(self) -> Counter[str]:
        """Return the number of this day's findings by severity."""
        return Counter(one.severity for one in self.happening)


_CLOSED = {"ended", "resolved"}


def assemble(
    *,
    day: date,
    made_at: datetime,
    coverage: Coverage,
    findings: Iterable[Finding],
    incidents: Iterable[Incident] = (),
    quiet: Sequence[Finding] = (),
    detections: Iterable[Detection] = (),
    versions: Mapping[str, int] | None = None,
    config: Config | None = None,
    posture: Mapping[tuple[str, str], str] | None = None,
    before: Before | None = None,
) -> Digest:
    """Put the parts of one day together, in the order in which they are read.

    `posture` says, by account and detection, what an export of IAM answered ('') or why none did; `before` is what
    the digest of the week before counted.
    """
    config = config or Config()
    ordered = tuple(sorted(findings, key=urgency))
    rules = tuple(detections)
    ground = Ground(
        events=coverage.events,
        accounts={one.account: one.events for one in coverage.accounts},
        names=config.organization.accounts,
        unable={one.detection: one.reason for one in coverage.unable},
        posture=posture or {},
    )
    coverage = replace(
        coverage,
        suppressed=sum(bool(one.suppressed_by) for one in ordered),
        expired=tuple(Expired(one.detection, one.principal, one.owner, one.until) for one in expired(config, day=day)),
        ending=tuple(Expired(one.detection, one.principal, one.owner, one.until) for one in ending(config, day=day)),
    )
    return Digest(
        date=day,
        made_at=made_at,
        versions=dict(versions or {}),
        coverage=coverage,
        incidents=tuple(incidents),
        findings=ordered,
        practices=practices((*ordered, *quiet), rules, ground, before=before),
        controls=controls((*ordered, *quiet), rules, ground, before=before),
        compared=before.day if before else None,
        quiet=tuple(sorted(quiet, key=urgency)),
        names=dict(config.organization.accounts),
        zones=_zones(config, ordered),
    )


def _zones(config: Config, findings: Iterable[Finding]) -> dict[str, str]:
    persons = {one.person for one in findings if one.person}
    aliases = config.aliases()
    declared = {name.lower(): person.time_zone for name, person in config.people.items() if person.time_zone}
    named = {person: aliases.get(person.lower(), person.lower()) for person in persons}
    return {person: declared[name] for person, name in named.items() if name in declared}
