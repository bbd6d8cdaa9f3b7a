"""What a store keeps."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trailwatch.cli import options, output


def forget(
    before: Annotated[str, typer.Option("--before", help="The first UTC day that stays: 2026-01-31, or T-400d.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this only what would go is printed.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was ever seen, findings, incidents, digests and snapshots.")
    ] = False,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[options.Form, typer.Option("--format", help="How to print it.")] = options.Form.text,
) -> None:
    """Forget events, and what was made of them, before a day; the ledger stays, so that nothing is fetched again."""
    from trailwatch import api

    trail = api.open(config=config, flags={"store.path": store})
    plan = trail.forget(before, everything=everything, dry_run=not yes)
    output.write(json.dumps(plan.as_dict(), indent=1, default=str) if form is options.Form.json else plan.text(), None)
