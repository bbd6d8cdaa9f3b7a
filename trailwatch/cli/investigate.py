"""In the middle of an incident: what happened with one thing, where it came from, and how far it got."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from trailwatch.cli import options, output

if TYPE_CHECKING:
    from trailwatch.investigate.answers import HistoryAnswer, LineageAnswer

Name = Annotated[
    str, typer.Argument(help="A name, role/NAME, e-mail, key id, session, event id, address, network or ARN.")
]
Every = Annotated[bool, typer.Option("--all", help="Every entry of each list.")]


class Form(StrEnum):
    """Forms of a history."""

    text = "text"
    markdown = "markdown"
    html = "html"
    json = "json"
    csv = "csv"
    parquet = "parquet"


def history(
    name: Name,
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    form: Annotated[Form, typer.Option("--format", help="How to print; csv and parquet hold the hours.")] = Form.text,
    every: Every = False,
    out: options.Output = None,
) -> None:
    """Print the history of a user, role, key, session, address or resource [default: the last 90 days]."""
    from trailwatch.investigate.questions import opened

    _write(opened(store, config).history(name, start=start, end=end), form, every, out)


def lineage(
    name: Name,
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    form: Annotated[Form, typer.Option("--format", help="How to print; csv and parquet hold the tree.")] = Form.text,
    every: Every = False,
    out: options.Output = None,
) -> None:
    """Print where a key, session, event or identity came from, and how far it got [default: the last 90 days]."""
    from trailwatch.investigate.questions import opened

    _write(opened(store, config).lineage(name, start=start, end=end), form, every, out)


def _write(found: HistoryAnswer | LineageAnswer, form: Form, every: bool, out: str | None) -> None:
    if form is Form.parquet:
        output.write_bytes(found.table().parquet(), out)
    elif form in (Form.json, Form.csv):
        output.write(found.json() if form is Form.json else found.table().csv(), out)
    else:
        page = found.page(every=every)
        output.write({Form.text: page.text, Form.markdown: page.markdown, Form.html: page.html}[form](), out)
