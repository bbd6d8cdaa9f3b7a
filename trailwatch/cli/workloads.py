"""Long-term keys on workloads, and what to use instead."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from trailwatch.cli import options, output


class Form(StrEnum):
    """Forms of the answer."""

    text = "text"
    csv = "csv"
    json = "json"


def workloads(
    start: options.From = None,
    end: options.To = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[Form, typer.Option("--format", help="How to print it; csv is one line a key.")] = Form.text,
    out: options.Output = None,
) -> None:
    """Find long-term keys that instances, functions or tasks use, and write the role and policy to use instead."""
    from trailwatch import api

    made = api.open(config=config, flags={"store.path": store}).workloads(start=start, end=end)
    if form is Form.csv:
        output.write(made.rows().csv(), out)
    else:
        output.write(made.text() if form is Form.text else made.json(), out)
