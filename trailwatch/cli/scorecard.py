"""What the detections and the model are worth."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trailwatch.cli import options, output


class Form(StrEnum):
    """Forms of the scorecard."""

    text = "text"
    markdown = "markdown"
    json = "json"


def scorecard(
    seed: Annotated[
        list[int] | None, typer.Option("--seed", min=1, help="A field to measure on; may be repeated [default: 1].")
    ] = None,
    sealed: Annotated[bool, typer.Option("--sealed", help="The three seeds that nothing was tuned on.")] = False,
    learn: Annotated[
        list[int] | None, typer.Option("--learn", min=1, help="The fields whose labels the yardstick learns.")
    ] = None,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also leave out each scorer and kind of feature.")
    ] = False,
    size: Annotated[float, typer.Option(min=0.1, max=20, help="How large: 1 is some 200 identities.")] = 1.0,
    work: Annotated[
        Path, typer.Option("--work", help="Where fields and measurements are kept for the next time.")
    ] = Path("trailwatch-scorecard"),
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
) -> None:
    """Put attacks into made-up organizations and print what is found of them at a budget of false findings.

    A field takes some five minutes the first time, and 1 GB of disk under --work.
    """
    from trailwatch.scorecard import text
    from trailwatch.scorecard.card import SEALED_SEEDS, TUNING_SEEDS, card

    seeds = tuple(seed or ()) or (SEALED_SEEDS if sealed else (TUNING_SEEDS[0],))
    found = card(
        seeds, work=work, size=size, learn=learn or (TUNING_SEEDS if sealed else ()), ablation=ablation,
        say=(lambda _: None) if quiet else output.say,
    )  # fmt: skip
    if form is Form.json:
        output.write(json.dumps(text.as_dict(found), indent=1), out)
    else:
        output.write(text.markdown(found) if form is Form.markdown else text.text(found), out)
