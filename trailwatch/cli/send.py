"""Findings to the places where teams work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from trailwatch.cli import options, output

if TYPE_CHECKING:
    from trailwatch.sinks.deliver import Delivery


def send(
    sink: Annotated[list[str] | None, typer.Option("--sink", help="Only this sink; may be repeated.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would go out; send and remember nothing.")
    ] = False,
    store: options.Store = None,
    config: options.ConfigFile = None,
    out: options.Output = None,
) -> None:
    """Send findings that are new or worse to the sinks of the configuration; exit 1 where one failed."""
    from trailwatch import api

    done = api.open(config=config, flags={"store.path": store}).send(sinks=sink or (), dry_run=dry_run)
    if not done:
        output.say("no sink is configured: [sinks.NAME] with a kind, see `trailwatch init`")
    shown = [f"--- {one.sink} ({one.kind})\n{message}" for one in done for message in one.shown]
    if shown:
        output.write("\n".join(shown), out)
    tell(done)
    if any(one.failed for one in done):
        raise typer.Exit(1)


def tell(done: Sequence[Delivery]) -> None:
    """Say of each sink what it got."""
    for one in done:
        output.say(one.text())
