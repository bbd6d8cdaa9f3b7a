"""What people say of findings, and how detections and scorers stand by that."""

from __future__ import annotations

import getpass
import json
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.errors import ConfigError


def mark(
    finding: Annotated[str, typer.Argument(help="The id of the finding, as a digest shows it.")],
    benign: Annotated[bool, typer.Option("--benign", help="It was expected; the same is for some time.")] = False,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It was an attack; its days are no training.")] = False,
    note: Annotated[str, typer.Option("--note", help="Why: for whoever reads it later.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who says so [default: the user].")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="The last day on which it is expected [default: in 90 days].")
    ] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
) -> None:
    """Say of a finding that it was benign (the same of this identity is expected until a day) or a confirmed incident."""
    from trailwatch import api

    if benign == confirmed:
        raise ConfigError("one of --benign and --confirmed is needed", where="--benign", hint="--benign or --confirmed")
    if not note.strip():
        raise ConfigError("a verdict needs its reason", where="--note", hint='--note "planned migration"')
    trail = api.open(config=config, flags={"store.path": store})
    made = trail.mark(finding, "benign" if benign else "confirmed", note=note, by=by or getpass.getuser(), until=until)
    if made.until:
        output.say(
            f"{finding} is benign: the same act of the same identity is expected until {made.until}, and counted"
        )
    else:
        output.say(f"{finding} is confirmed: {made.first_day} to {made.last_day} of this identity are no training")
    output.say("it holds from the next digest on; digest --date makes an earlier one again")


def stats(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")] = 90,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[options.Form, typer.Option("--format", help="How to print it.")] = options.Form.text,
    out: options.Output = None,
) -> None:
    """Print how often each detection and each scorer was right, by the verdicts of `mark`."""
    from trailwatch import api

    found = api.open(config=config, flags={"store.path": store}).stats(days=days)
    output.write(json.dumps(found.as_dict(), indent=1) if form is options.Form.json else found.text(), out)
