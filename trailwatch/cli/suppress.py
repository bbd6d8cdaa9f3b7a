"""Silencing a finding: what would be hidden by it, by whom, why and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.errors import ConfigError

if TYPE_CHECKING:
    from trailwatch.findings.proposal import Choice, Proposal

DAYS = 90
_SHOWN = 10


class Narrowing(StrEnum):
    """What a suppression can be about besides its detection."""

    principal = "principal"
    person = "person"
    account = "account"
    network = "network"
    target = "target"


def suppress(
    finding: Annotated[str, typer.Argument(help="The id of a finding, as the digest tells it.")],
    reason: Annotated[str | None, typer.Option(help="Why nobody needs to hear of it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for it.")] = None,
    until: Annotated[
        str | None, typer.Option(help="The last day, as 2026-12-31 [default: 90 days from today].")
    ] = None,
    field: Annotated[
        list[Narrowing] | None, typer.Option("--field", help="What it is about; may be repeated [default: proposed].")
    ] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
) -> None:
    """Propose a suppression of a finding and show what it would have hidden; with --reason and --owner write it down."""
    from trailwatch import api
    from trailwatch.config import DEFAULT_FILE
    from trailwatch.config.append import append
    from trailwatch.findings.proposal import propose

    trail = api.open(config=config, flags={"store.path": store})
    last = _until(until)
    found = propose(trail.store, trail.finding(finding), config=trail.config, fields=[one.value for one in field or ()])
    if not found.choices:
        raise ConfigError("its events have none of these in common, so that nothing would be left to be told by",
                          where="--field", hint="other fields, or none for a proposal")  # fmt: skip
    chosen = found.choices[0]
    block = _block(found.finding.detection, chosen.fields, reason or "TODO", owner or "TODO", last)
    output.write("\n".join(_lines(found)) + "\n\n" + block, None)
    if not (reason and owner):
        output.say("nothing is written: give --reason and --owner to add it to the configuration")
        return
    path = config or DEFAULT_FILE
    append(path, block)
    output.say(f"added to {path}; the finding is still kept, counted, and part of its incident")


def _until(text: str | None) -> date:
    today = datetime.now(UTC).date()
    if text is None:
        return today + timedelta(days=DAYS)
    try:
        last = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a day", where="--until", hint="2026-12-31") from error
    if last < today:
        raise ConfigError(f"{last} is over", where="--until", hint=str(today + timedelta(days=DAYS)))
    return last


def _block(detection: str, fields: Mapping[str, str], reason: str, owner: str, until: date) -> str:
    from trailwatch.detect.writing import quoted

    values = {"detection": detection, **fields, "reason": reason, "owner": owner}
    lines = ["[[suppress]]", *(f"{name} = {quoted(value)}" for name, value in values.items()), f"until = {until}"]
    return "\n".join(lines) + "\n"


def _lines(found: Proposal) -> Iterator[str]:
    from trailwatch.digest.words import counted, identity
    from trailwatch.findings.titles import plain

    one = found.finding
    yield f"{one.id} {one.detection}, {one.severity}: {plain(one.title)}"
    yield f"{identity(one)}, {counted(one.count, 'event')}, {one.first_time:%Y-%m-%d}"
    days = sorted({told.day for told in found.history})
    if not days:
        yield "no digest of the last 90 days told of it: what it would have hidden is not known"
        return
    yield ""
    yield (f"what it would have hidden of {counted(len(found.history), 'finding')} of {one.detection}, as told on "
           f"{counted(len(days), 'day')} from {days[0]} to {days[-1]}")  # fmt: skip
    if found.unseen:
        yield f"{counted(found.unseen, 'finding')} could not be judged: not all events are at hand"
    yield f"{'':3}{'this one':>9}{'others':>8}{'high or more':>14}  fields beside the detection"
    for place, choice in enumerate(found.choices):
        named = ", ".join(f"{name} {plain(value, longest=80)}" for name, value in choice.fields.items())
        yield f"{' * ' if not place else '   '}{choice.same:>9}{choice.others:>8}{choice.grave:>14}  {named}"
    yield from _warnings(found.choices[0])
    for told in sorted(found.choices[0].hides, key=lambda told: (told.finding.id == one.id, told.day))[:_SHOWN]:
        who = f"{told.finding.severity}: {plain(told.finding.title)} ({identity(told.finding)})"
        yield f"  {told.day} {who}"
    if len(found.choices[0].hides) > _SHOWN:
        yield f"  and {len(found.choices[0].hides) - _SHOWN} more"


def _warnings(choice: Choice) -> Iterator[str]:
    from trailwatch.digest.words import counted

    if choice.grave:
        yield f"CAREFUL: it hides {counted(choice.grave, 'finding')} of high or critical severity"
    if stories := {told.finding.incident for told in choice.hides if told.finding.incident}:
        yield f"CAREFUL: what it hides is part of {counted(len(stories), 'incident')}; they will still be told"
    yield ""
