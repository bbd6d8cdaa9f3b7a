"""The review of permissions, its pack, and the signature under it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.errors import ConfigError


class Form(StrEnum):
    """Forms of a review."""

    text = "text"
    html = "html"
    csv = "csv"
    json = "json"


def review(
    identity: Annotated[
        str | None, typer.Argument(metavar="[IDENTITY]", help="One user or role [default: all of the newest exports].")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="Only this account.")] = None,
    start: options.From = None,
    end: options.To = None,
    sign: Annotated[
        str | None, typer.Option("--sign", metavar="NAME", help="Sign the review: kept in the table reviews.")
    ] = None,
    pack: Annotated[
        str | None, typer.Option("--pack", metavar="FOLDER", help="Write review.html and review.csv into a folder.")
    ] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[Form, typer.Option("--format", help="How to print the review.")] = Form.text,
    every: Annotated[bool, typer.Option("--all", help="Every identity and line, not only the first ones.")] = False,
    out: options.Output = None,
) -> None:
    """Compare what is granted with what was used, name what to take away first, and sign it off."""
    from trailwatch import api

    made = api.open(config=config, flags={"store.path": store}).review(
        identity or "", account=account or "", start=start, end=end, sign=sign or ""
    )
    if pack:
        folder = Path(pack)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot be made: {error.strerror}", where=pack, hint="another folder") from error
        output.write(made.html(), str(folder / "review.html"))
        output.write(made.csv(), str(folder / "review.csv"))
    printed = {Form.html: made.html, Form.csv: made.csv, Form.json: made.json}
    output.write(printed[form]() if form in printed else made.text(every=every), out)
    if sign:
        output.say(f"signed by {sign}: {len(made.identities)} identities")
