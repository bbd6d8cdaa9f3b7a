"""One practice judged from one side, what was done or how IAM is configured: held only where somebody looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from trailwatch.detect.detection import Detection
from trailwatch.digest.words import counted
from trailwatch.finding import Finding, rank

State = Literal["held", "broken", "not evaluated"]
NO_SNAPSHOT = "no export of IAM"
_NAMED = 3


@dataclass(frozen=True)
class Side:
    """What one side says of a practice, why, and the ids of the open findings that break it."""

    state: State
    because: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What a judgment stands on: who was heard of, which detections could look, and which exports answered."""

    events: int = 0
    accounts: Mapping[str, int] = field(default_factory=dict)  # account → its events of the day
    names: Mapping[str, str] = field(default_factory=dict)  # account → name
    unable: Mapping[str, str] = field(default_factory=dict)  # detection of activity → why it could not look
    # (account, detection of posture) → '' where an export answered it, else why not; a missing pair had no export.
    posture: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Every account that was heard of, that is declared, or that has exports."""
        exported = (account for account, _ in self.posture)
        return tuple(account for account in dict.fromkeys((*self.accounts, *self.names, *exported)) if account)

    def name(self, account: str) -> str:
        """Return what an account is called."""
        return self.names.get(account) or account


def side_of(finding: Finding) -> Literal["activity", "posture"]:
    """Return which side a finding speaks for."""
    return "posture" if finding.kind == "posture" else "activity"


def breaks(finding: Finding) -> bool:
    """Return whether a finding breaks its practices: open, not silenced, and more than a remark."""
    return _open(finding) and not finding.suppressed_by and rank(finding.severity) > rank("info")


def activity(findings: Sequence[Finding], rules: Sequence[Detection], ground: Ground, *, account: str = "") -> Side:
    """Judge what was done, in one account or in all; one detection that looked and found nothing is evidence."""
    broken = tuple(one.id for one in findings if breaks(one))
    unable = [rule for rule in rules if rule.id in ground.unable]
    reason = "; ".join(_reasons((ground.unable[rule.id], rule.id) for rule in unable))
    if broken:
        return Side("broken", counted(len(broken), "finding"), broken)
    if not rules:
        return Side("not evaluated", "no detection serves it")
    if not (ground.accounts.get(account, 0) if account else ground.events):
        return Side("not evaluated", f"no events{' of this account' if account else ''} on this day")
    if len(unable) == len(rules):
        return Side("not evaluated", reason)
    looked = len(rules) - len(unable)
    part = f"{looked} of {len(rules)} detections" if unable else counted(looked, "detection")
    rest = f"; not evaluated: {reason}" if unable else ""
    return Side("held", f"{part} looked and found nothing{_remarks(findings)}{rest}")


def posture(findings: Sequence[Finding], rules: Sequence[Detection], ground: Ground, accounts: Iterable[str]) -> Side:
    """Judge how IAM is configured in some accounts; held only where an export answered every check in each of them."""
    own = tuple(accounts)
    broken = tuple(one.id for one in findings if breaks(one))
    missing: dict[str, list[str]] = {}
    for account in own or ("",):
        for rule in rules:
            if reason := ground.posture.get((account, rule.id), NO_SNAPSHOT):
                missing.setdefault(reason, []).append(account)
    text = "; ".join(_where(reason, list(dict.fromkeys(where)), own, ground) for reason, where in missing.items())
    if broken:
        return Side("broken", counted(len(broken), "finding") + (f"; not evaluated: {text}" if text else ""), broken)
    if not rules:
        return Side("not evaluated", "no check of the configuration serves it")
    if text:
        return Side("not evaluated", text)
    return Side("held", f"{counted(len(rules), 'check')} of the exports found nothing{_remarks(findings)}")


def together(count: int, done: Side | None, configured: Side | None) -> tuple[State, str]:
    """Return the state of a practice from its sides: broken by either, held only where each of them was looked at."""
    sides = [(label, side) for label, side in (("activity", done), ("configuration", configured)) if side]
    if any(side.state == "broken" for _, side in sides):
        return "broken", counted(count, "finding")
    if len({side.because for _, side in sides}) == 1:
        return sides[0][1].state, sides[0][1].because
    if all(side.state == "held" for _, side in sides):
        return "held", "; ".join(f"{label}: {side.because}" for label, side in sides)
    parts = (f"{label} {side.state}" + (f": {side.because}" if side.state != "held" else "") for label, side in sides)
    return "not evaluated", "; ".join(parts)


def _open(finding: Finding) -> bool:
    return finding.status not in {"ended", "resolved"}


def _remarks(findings: Sequence[Finding]) -> str:
    """Return what else there is, so that what somebody silenced never reads as if there were nothing."""
    silenced = sum(_open(one) and bool(one.suppressed_by) for one in findings)
    remarks = sum(_open(one) and not one.suppressed_by and not breaks(one) for one in findings)
    parts = [f"{silenced} suppressed" if silenced else "", counted(remarks, "remark") if remarks else ""]
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _reasons(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    for reason, rule in pairs:
        by_reason.setdefault(reason, []).append(rule)
    for reason, ids in by_reason.items():
        yield f"{reason} ({', '.join(ids[:_NAMED])}{f' and {len(ids) - _NAMED} more' if len(ids) > _NAMED else ''})"


def _where(reason: str, accounts: Sequence[str], own: Sequence[str], ground: Ground) -> str:
    if len(accounts) == len(own) or accounts == [""]:
        return reason
    names = [ground.name(account) for account in accounts[:_NAMED]]
    more = f" and {len(accounts) - _NAMED} more" if len(accounts) > _NAMED else ""
    return f"{reason} in {', '.join(names)}{more}"
