"""Conditions proposed for an identity, and the policy of one day's shift."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from trailwatch.cli import options, output

Who = Annotated[str, typer.Argument(metavar="IDENTITY", help="A user or role: its name, ARN, id or access key.")]


class Form(StrEnum):
    """Forms of the proposal."""

    text = "text"
    json = "json"
    policy = "policy"
    trust = "trust"


def conditions(
    identity: Who,
    start: options.From = None,
    end: options.To = None,
    attacks: options.Techniques = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[
        Form, typer.Option("--format", help="How to print it; policy and trust are JSON for IAM.")
    ] = Form.text,
    out: options.Output = None,
) -> None:
    """Propose access conditions (networks, regions, MFA, dates, trust), proved on history that they were not fitted on."""
    from trailwatch import api

    made = api.open(config=config, flags={"store.path": store}).conditions(
        identity, start=start, end=end, techniques=attacks or ""
    )
    if form in (Form.text, Form.json):
        output.write(made.text() if form is Form.text else made.json(), out)
        return
    policy = made.policy("trust" if form is Form.trust else "permissions")
    if not policy:
        output.say("nothing was proposed; --format text says why")
    output.write(json.dumps(policy, indent=2), out)


def window(
    identity: Who,
    date: Annotated[str | None, typer.Option("--date", help="The day [default: tomorrow].")] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    out: options.Output = None,
) -> None:
    """Write the policy that holds people behind an identity to their declared shift on one day, and on no other."""
    from trailwatch import api

    output.write(
        json.dumps(api.open(config=config, flags={"store.path": store}).shift_policy(identity, day=date), indent=2), out
    )
