"""A generated policy as a person reads it: the documents, then what to know before one is applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from trailwatch.policy.forms import LIMITS
from trailwatch.policy.report import plain_lines

if TYPE_CHECKING:
    from trailwatch.policy.generated import Generated, Wanted

LONGEST = 10


def text(made: Generated, *, every: bool = False) -> str:
    """Return a generated policy and its report as text."""
    most = None if every else LONGEST
    span = " to ".join(moment.strftime("%Y-%m-%d %H:%M") if moment else "…" for moment in (made.since, made.until))
    sizes = " + ".join(f"{size:,}" for size in made.sizes)
    used = sum(line.calls for line in made.granted if not line.inferred)
    proof = made.proof
    count = f"{len(made.documents)} document{'s' * (len(made.documents) != 1)}"
    tried = f"allow {proof.allowed:,} · would deny {proof.denied:,} · cannot tell {proof.unknown:,}"
    out = [
        f"Policy ({made.form}) of what {', '.join(made.principals)} used, {span} (UTC)",
        f"{len(made.granted)} actions in {count}, {sizes or 0} of {LIMITS[made.form][0]:,} characters",
        f"Tried on its own {proof.allowed + proof.denied + proof.unknown:,} calls: {tried}",
    ]
    out += [f"Widened: {made.widened}."] if made.widened else []
    out += ["There is no use to make a policy of."] if not used else []
    for number, policy in enumerate(made.policies(), 1):
        out += ["", *([f"Document {number}"] if len(made.documents) > 1 else []), *policy.splitlines()]
    out += _section("Left out, because findings tell of it (medium or worse, not marked benign)", _removed(made), most)
    out += _section("Wanted, not granted: denied when it was called", _wanted(made.denied), most)
    out += _section("Failed otherwise, not counted as use", _wanted(made.failed), most)
    out += _section("Uncertain", [
        f"{doubt.what}{': ' if doubt.about else ''}{_some(doubt.about, most)}" for doubt in made.doubts], None)  # fmt: skip
    out += _section("Managed policies of the snapshot, against this use", _managed(made), most)
    out += _section("Users who could be in one group, by what they use", _groups(made), most)
    how = made.coverage
    rest = f"{sum(how.none.values()):,} that need no permission, {sum(how.unknown.values()):,} unknown"
    out += ["", f"Actions: {how.by_name:,} calls by name, {how.by_exception:,} under another name, {rest}."]
    out += [f"  unknown: {_counted(how.unknown, most)}"] if how.unknown else []
    return "\n".join(plain_lines(out))


def _section(head: str, lines: Sequence[str], most: int | None) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - most} more (--all)"] if most and len(lines) > most else []
    return ["", head, *(f"  {line}" for line in lines[:most]), *more]


def _removed(made: Generated) -> list[str]:
    out = []
    for one in made.removed:
        kept = [f"so not allowed: {', '.join(one.actions)}"] if one.actions else []
        kept += [f"allowed, but not on its resources: {', '.join(one.narrower)}"] if one.narrower else []
        effect = "; ".join(kept) or "all of it is allowed by other use"
        out.append(f"{one.calls:,} calls · {one.severity} · {one.title} ({one.finding}) — {effect}")
    return out


def _wanted(lines: Sequence[Wanted]) -> list[str]:
    return [
        f"{line.action} {line.calls:,}×, last {line.last_time:%Y-%m-%d %H:%M}"
        f"{', allowed on what it was used on' if line.granted else ''}, e.g. {line.event_ids[0]}"
        for line in lines
    ]


def _managed(made: Generated) -> list[str]:
    out = []
    for one in made.managed:
        name = f"{one.name}{' (attached)' if one.attached else ''}{'' if one.arn else ' (inline)'}"
        if one.problem:
            out.append(f"{name}: cannot be read, {one.problem}")
            continue
        covers = (
            "covers all"
            if one.covered == one.needed
            else f"covers {one.covered} of {one.needed}, not {', '.join(one.missing)}"
        )
        out.append(
            f"{name}: {covers}; {one.excess:,} actions more than were used, {one.risky:,} of them change permissions"
        )
    return out


def _groups(made: Generated) -> list[str]:
    return [
        f"{one.account}: {', '.join(one.users)} share {len(one.shared)} actions, {len(one.some)} are of some of them; now in "
        + "; ".join(f"{user}: {', '.join(groups) or 'none'}" for user, groups in one.groups.items())
        for one in made.groups
    ]


def _some(names: Iterable[str], most: int | None) -> str:
    found = list(names)
    return ", ".join(found[:most]) + (" …" if most and len(found) > most else "")


def _counted(counts: Mapping[str, int], most: int | None) -> str:
    return _some((f"{name} ({count:,}×)" for name, count in counts.items()), most)
