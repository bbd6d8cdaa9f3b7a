"""The practice report: each of the eighteen practices and each CIS control, held or broken, by whom, since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from trailwatch.detect.detection import Detection
from trailwatch.digest.judgment import Ground, Side, State, activity, breaks, posture, side_of, together
from trailwatch.finding import Finding, rank
from trailwatch.findings.incidents import who
from trailwatch.findings.triage import urgency
from trailwatch.practices import CONTROLS, PRACTICES, Control, Practice

STEPS = 3


@dataclass(frozen=True)
class AccountState:
    """One practice in one account, from both sides; a side that cannot show it is null."""

    account: str
    name: str
    state: State
    because: str
    activity: Side | None
    posture: Side | None
    count: int
    before: int | None  # the count a week before; null where no digest of then says it
    since: date | None
    identities: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True)
class PracticeState:
    """One practice in the whole organization, from both sides, and in each account."""

    number: str
    code: str
    title: str
    state: State
    because: str
    activity: Side | None
    posture: Side | None
    count: int
    before: int | None
    since: date | None
    identities: tuple[str, ...]
    findings: tuple[str, ...]  # open ones that break it, most urgent first
    next: tuple[str, ...]  # what the most urgent of them ask for
    accounts: tuple[AccountState, ...] = ()


@dataclass(frozen=True)
class ControlState:
    """One CIS monitoring control: the detections that serve it, and what they found."""

    number: str
    title: str
    state: State
    because: str
    detections: tuple[str, ...]
    count: int
    before: int | None
    since: date | None
    identities: tuple[str, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Before:
    """What the digest of the week before counted, by (practice or control, account); '' stands for all accounts."""

    day: date
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, name: str, account: str = "") -> int:
        """Return how many findings there were; a practice or account that it does not name had none."""
        return self.counts.get((name, account), 0)


def practices(
    findings: Iterable[Finding], detections: Iterable[Detection], ground: Ground, *, before: Before | None = None
) -> tuple[PracticeState, ...]:
    """Return the state of every practice, from the findings and from which detections and exports could say anything."""
    told, rules = sorted(findings, key=urgency), tuple(detections)
    accounts = [account for account in dict.fromkeys((*ground.known, *map(account_of, told))) if account]
    return tuple(_practice(practice, told, rules, ground, accounts, before) for practice in PRACTICES)


def controls(
    findings: Iterable[Finding], detections: Iterable[Detection], ground: Ground, *, before: Before | None = None
) -> tuple[ControlState, ...]:
    """Return the state of every CIS control, from the findings of the detections that serve it."""
    told, rules = sorted(findings, key=urgency), tuple(detections)
    return tuple(_control(control, told, rules, ground, before) for control in CONTROLS)


def account_of(finding: Finding) -> str:
    """Return the account of a finding; one of a person in several accounts belongs to that of the identity."""
    own = finding.principal.partition("/")[0]
    return finding.account or (own if own.isdigit() else "")


def _practice(
    practice: Practice, told: Sequence[Finding], rules: Sequence[Detection], ground: Ground, accounts: Sequence[str],
    before: Before | None,
) -> PracticeState:  # fmt: skip
    mine = [one for one in told if practice.code in one.practices]
    serving = [rule for rule in rules if practice.code in rule.practices]
    whole = _sides(mine, serving, ground, accounts, shows=_shows(practice))
    broken = [one for one in mine if breaks(one)]
    state, because = together(len(broken), *whole)
    return PracticeState(
        practice.number, practice.code, practice.title, state, because, *whole, len(broken),
        before.of(practice.code) if before else None, _since(broken), _identities(broken, ground),
        tuple(one.id for one in broken), _next(broken),
        tuple(_account(practice, account, mine, serving, ground, before) for account in accounts),
    )  # fmt: skip


def _account(
    practice: Practice, account: str, told: Sequence[Finding], rules: Sequence[Detection], ground: Ground,
    before: Before | None,
) -> AccountState:  # fmt: skip
    mine = [one for one in told if account_of(one) == account]
    sides = _sides(mine, rules, ground, [account], shows=_shows(practice), account=account)
    broken = [one for one in mine if breaks(one)]
    state, because = together(len(broken), *sides)
    return AccountState(
        account, ground.names.get(account, ""), state, because, *sides, len(broken),
        before.of(practice.code, account) if before else None, _since(broken), _identities(broken, ground), _next(broken),
    )  # fmt: skip


def _sides(
    told: Sequence[Finding], rules: Sequence[Detection], ground: Ground, accounts: Sequence[str], *,
    shows: tuple[bool, bool], account: str = "",
) -> tuple[Side | None, Side | None]:  # fmt: skip
    done = [one for one in told if side_of(one) == "activity"], [rule for rule in rules if rule.shape != "snapshot"]
    configured = (
        [one for one in told if side_of(one) == "posture"],
        [rule for rule in rules if rule.shape == "snapshot"],
    )
    # A side that cannot show a practice says nothing of it, unless somebody wrote a detection that does.
    return (
        activity(*done, ground, account=account) if shows[0] or any(done) else None,
        posture(*configured, ground, accounts) if shows[1] or any(configured) else None,
    )


def _shows(practice: Practice) -> tuple[bool, bool]:
    return practice.activity, practice.posture


def _control(
    control: Control, told: Sequence[Finding], rules: Sequence[Detection], ground: Ground, before: Before | None
) -> ControlState:
    serving = {rule.id: rule for rule in rules if control.number in rule.cis}
    mine = [one for one in told if serving.keys() & _detections(one)]
    broken = [one for one in mine if breaks(one)]
    sides = _sides(mine, tuple(serving.values()), ground, ground.known, shows=(True, False))
    state, because = together(len(broken), *sides)
    return ControlState(
        control.number, control.title, state, because, tuple(serving), len(broken),
        before.of(control.number) if before else None, _since(broken), _identities(broken, ground),
        tuple(one.id for one in broken),
    )  # fmt: skip


def _detections(finding: Finding) -> set[str]:
    # One act is one finding: the others that said the same of it are named in its evidence.
    return {finding.detection, *(str(also["detection"]) for also in finding.evidence.get("also", ()))}


def _identities(broken: Iterable[Finding], ground: Ground) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(_name(one, ground) for one in broken) if name)


def _name(finding: Finding, ground: Ground) -> str:
    if finding.kind == "coverage":
        return "the logs themselves"
    if not finding.principal and finding.kind == "posture":
        return f"account {ground.name(finding.account)}"
    return who(finding) or next((f"somebody from {top.value}" for top in finding.addresses), "")


def _since(broken: Iterable[Finding]) -> date | None:
    found = [one.evidence.get("since") or one.first_time.date() for one in broken]
    return min((date.fromisoformat(one) if isinstance(one, str) else one for one in found), default=None)


def _next(broken: Sequence[Finding]) -> tuple[str, ...]:
    grave = sorted(broken, key=lambda one: -rank(one.severity))
    return tuple(dict.fromkeys(one.next for one in grave if one.next))[:STEPS]
