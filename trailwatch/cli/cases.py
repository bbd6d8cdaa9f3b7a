"""A case: what belongs to an incident, as an archive to hand on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from trailwatch.cli import options, output

app = typer.Typer(no_args_is_help=True, help="Hand on what belongs to an incident, and check what was handed on.")


@app.command()
def export(
    about: Annotated[str, typer.Argument(help="The id of an incident or finding, or whatever has a history.")],
    out: Annotated[str, typer.Option("--output", "-o", help="The archive to write (a zip file, 0600).")],
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Other names for accounts, people, keys, addresses and resources.")
    ] = False,
    key: Annotated[
        str | None, typer.Option("--key", help="Where the key of the names is kept [default: beside, OUTPUT.key.json].")
    ] = None,
) -> None:
    """Write findings, events and session trees with a hash of each file."""
    from trailwatch.errors import ConfigError
    from trailwatch.investigate import case
    from trailwatch.investigate.pseudonyms import Pseudonyms
    from trailwatch.investigate.questions import opened

    if key and not pseudonymise:
        raise ConfigError("there is a key only for other names", where="--key", hint="--pseudonymise")
    trail = opened(store, config)
    found = trail.case(about, start=start, end=end)
    where = key or f"{out}.key.json"
    secret = case.secret(where) if pseudonymise else b""
    names = Pseudonyms(secret) if pseudonymise else None
    accounts = trail.config.organization.accounts
    told = case.export(found, out, pseudonyms=names, accounts=accounts, now=datetime.now(UTC))
    if names:
        case.keep(where, secret, names)
        output.say(f"wrote {where}: whoever has it can undo the other names; keep it apart")
    output.write(f"{out}: {told['findings']} findings, {told['events']} events, {told['trees']} session trees", None)


@app.command()
def check(path: Annotated[str, typer.Argument(help="An archive that `case export` wrote.")]) -> None:
    """Tell whether an archive is as it was written."""
    from trailwatch.errors import SourceError
    from trailwatch.investigate import case

    wrong = case.check(path)
    if wrong:
        raise SourceError("; ".join(wrong), where=path, hint="the archive from whoever made it")
    output.write(f"{path}: every file has the hash that its manifest tells", None)
