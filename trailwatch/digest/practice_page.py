"""The practice report of one day as a page of its own: the organization or one account, by practice or by CIS control."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from trailwatch.digest.html import practices_html
from trailwatch.digest.judgment import breaks
from trailwatch.digest.page import Day, Digest
from trailwatch.digest.practice_text import practices_markdown, practices_text
from trailwatch.digest.report import AccountState, ControlState, PracticeState, account_of
from trailwatch.errors import ConfigError
from trailwatch.finding import Finding

SCHEMA = 1
By = Literal["practice", "cis"]
FORMS = ("text", "markdown", "html", "json")


@dataclass(frozen=True)
class PracticeReport:
    """What one digest says of the practices and CIS controls, with the findings that it stands on."""

    date: date
    made_at: datetime
    practices: tuple[PracticeState, ...]
    controls: tuple[ControlState, ...]
    findings: tuple[Finding, ...]  # those that break a practice, most urgent first
    compared: Day | None = None
    account: str = ""  # '' for the whole organization
    names: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def render(self, form: str = "text", *, by: By = "practice", color: bool = False) -> str:
        """Return the report as text, markdown, html or json; json holds practices and controls alike."""
        if form == "text":
            return practices_text(self, by=by, color=color)
        if form == "markdown":
            return practices_markdown(self, by=by)
        if form == "html":
            return practices_html(self, by=by)
        if form == "json":
            return json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n"
        raise ConfigError(f"{form!r} is no form of a practice report", where="--format", hint=", ".join(FORMS))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, in the form that practices.schema.json describes."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values

    def __repr__(self) -> str:
        return self.render()


def practice_report(digest: Digest, *, account: str = "") -> PracticeReport:
    """Return what a digest says of the practices, of all accounts or of one, given by its id or name."""
    findings = tuple(one for one in (*digest.findings, *digest.quiet) if breaks(one) and one.practices)
    whole = PracticeReport(
        digest.date, digest.made_at, digest.practices, digest.controls, findings, digest.compared, names=digest.names
    )
    return _of(whole, account) if account else whole


def _of(whole: PracticeReport, account: str) -> PracticeReport:
    known = {one.account: one.name for practice in whole.practices for one in practice.accounts}
    fitting = [id for id, name in known.items() if account in (id, name)]
    if len(fitting) != 1:
        told = ", ".join(f"{id} ({name})" if name else id for id, name in known.items()) or "this digest names none"
        raise ConfigError(f"{account!r} is no account of this digest", where="--account", hint=told)
    (id,) = fitting
    return replace(
        whole,
        account=id,
        practices=tuple(
            _narrowed(practice, one) for practice in whole.practices for one in practice.accounts if one.account == id
        ),
        controls=(),
        findings=tuple(one for one in whole.findings if account_of(one) == id),
    )


def _narrowed(practice: PracticeState, one: AccountState) -> PracticeState:
    found = [id for side in (one.activity, one.posture) if side for id in side.findings]
    return PracticeState(
        practice.number, practice.code, practice.title, one.state, one.because, one.activity, one.posture, one.count,
        one.before, one.since, one.identities, tuple(id for id in practice.findings if id in found), one.next,
    )  # fmt: skip
