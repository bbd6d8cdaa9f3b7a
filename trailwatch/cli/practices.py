"""The practice report of the newest digest, or of a day's: by practice or by CIS control, of all accounts or of one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.cli.daily import Page
from trailwatch.errors import ConfigError


class By(StrEnum):
    """What the report is read by."""

    practice = "practice"
    cis = "cis"


def practices(
    date: Annotated[
        str | None, typer.Option("--date", help="The digest of this UTC day [default: the newest one].")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="By practice, or by CIS monitoring control.")] = By.practice,
    account: Annotated[str | None, typer.Option("--account", help="Only this account, by its id or name.")] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[Page, typer.Option("--format", help="How to print the report.")] = Page.text,
    out: options.Output = None,
) -> None:
    """Print for each IAM practice whether it is held, who breaks it, since when, and what to do."""
    from trailwatch import api

    if account and by is By.cis:
        raise ConfigError("CIS controls are told of the whole organization", where="--by", hint="--by practice")
    report = api.open(config=config, flags={"store.path": store}).practices(date, account=account or "")
    colored = form is Page.text and output.colors(out)
    output.write(report.render(form.value, by=by.value, color=colored), out, colored=colored)
