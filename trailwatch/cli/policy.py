"""Policies: what one would have said to past calls."""

from __future__ import annotations

from typing import Annotated

import typer

from trailwatch.cli import options, output

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Try policies on history before anybody applies them.",
)


@app.command()
def replay(
    policies: Annotated[list[str], typer.Argument(metavar="POLICY...", help="JSON files; several are joined.")],
    principal: Annotated[str, typer.Option("--principal", help="A user or role: its name, ARN, id or access key.")],
    start: options.From = None,
    end: options.To = None,
    boundary: Annotated[
        str | None, typer.Option("--boundary", help="The permission boundary; it must allow too.")
    ] = None,
    scps: Annotated[
        list[str] | None, typer.Option("--scp", help="A service control policy of one level; may be repeated.")
    ] = None,
    attacks: options.Techniques = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[options.Form, typer.Option("--format", help="How to print the report.")] = options.Form.text,
    every: Annotated[bool, typer.Option("--all", help="Every line, not only the first ones.")] = False,
    out: options.Output = None,
) -> None:
    """Judge every past call of a principal by a policy: allow, would deny, or cannot tell, with the reason."""
    from trailwatch import api
    from trailwatch.policy import report

    made = api.open(config=config, flags={"store.path": store}).replay(
        policies,
        principal=principal,
        start=start,
        end=end,
        boundary=boundary,
        scps=scps or (),
        techniques=attacks or "",
    )
    output.write(report.json(made) if form is options.Form.json else report.text(made, every=every), out)
