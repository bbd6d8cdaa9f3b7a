"""What every format says of a practice: by whom, since when, how many and how that changed, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from trailwatch.digest.judgment import Side, State
from trailwatch.digest.report import AccountState, ControlState, PracticeState
from trailwatch.digest.words import counted, short_day
from trailwatch.findings.titles import plain

STATES: tuple[State, ...] = ("broken", "held", "not evaluated")
SIDES = (("activity", "what was done"), ("posture", "how IAM is configured"))
_NAMES = 3


Standing = PracticeState | AccountState | ControlState


def summary(states: Iterable[Standing]) -> str:
    """Return how many are broken, held and not evaluated, and how many findings that is."""
    told = list(states)
    counts = Counter(one.state for one in told)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def by_whom(one: Standing, *, day: date, most: int = _NAMES) -> str:
    """Return who broke it, and since when."""
    names = ", ".join(plain(name, longest=60) for name in one.identities[:most]) or "nobody that the log names"
    more = f" and {len(one.identities) - most} more" if len(one.identities) > most else ""
    return f"{names}{more}" + (f", since {short_day(one.since, day)}" if one.since else "")


def change(one: Standing, *, compared: date | None, day: date) -> str:
    """Return how many findings break it, and how many did a week before."""
    if compared is None or one.before is None:
        return counted(one.count, "finding")
    then = f"on {short_day(compared, day)}"
    if one.count == one.before:
        return f"{counted(one.count, 'finding')}, as many as {then}" if one.count else f"none, as {then}"
    told = counted(one.count, "finding") if one.count else "none"
    return f"{told}, {one.before or 'none'} {then}"


def side(one: Side | None) -> str:
    """Return what one side says of a practice."""
    if one is None:
        return "cannot show it"
    return plain(f"{one.state}: {one.because}", longest=400)


def briefly(one: Side | None) -> str:
    """Return the state of one side in a word or two."""
    return "–" if one is None else one.state


def counts(one: PracticeState, *, compared: date | None, day: date) -> str:
    """Return how many findings break it, how that changed, and what each side says."""
    sides = f"activity {one.activity.state}" if one.activity else ""
    sides += f"{', ' if sides else ''}configuration {one.posture.state}" if one.posture else ""
    return f"{change(one, compared=compared, day=day)}; {sides}"


def rest(practices: Sequence[PracticeState]) -> list[tuple[State, tuple[PracticeState, ...], str]]:
    """Return those that are not broken, together where they have the state and the reason in common."""
    grouped: dict[tuple[State, str], list[PracticeState]] = {}
    for one in practices:
        if one.state != "broken":
            grouped.setdefault((one.state, "" if one.state == "held" else _cause(one)), []).append(one)
    ordered = sorted(grouped.items(), key=lambda entry: STATES.index(entry[0][0]))
    return [
        (
            state,
            tuple(same),
            plain(cause, longest=400) or "looked at from every side that can show it, and nothing found",
        )
        for (state, cause), same in ordered
    ]


def caveat(practices: Sequence[PracticeState]) -> str:
    """Return what a reader must know of all of them: that nothing says how IAM is configured, where that is so."""
    configured = [one.posture for one in practices if one.posture]
    if configured and all(one.state == "not evaluated" for one in configured):
        return "Judged from what was done. How IAM is configured is not evaluated: there is no usable export of it."
    return ""


def _cause(one: PracticeState) -> str:
    # How many detections looked differs from practice to practice; what is missing mostly does not.
    parts = []
    for name, found in (("activity", one.activity), ("configuration", one.posture)):
        if found and found.state == "held":
            parts.append(
                "nothing found in what was done" if name == "activity" else "nothing found in the configuration"
            )
        elif found:
            parts.append(f"{name}: {found.because}")
    return "; ".join(parts)
