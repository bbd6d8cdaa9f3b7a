"""A least-privilege policy of what identities used."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.errors import ConfigError


class Shape(StrEnum):
    """Forms of a policy."""

    managed = "managed"
    inline = "inline"
    scp = "scp"
    boundary = "boundary"


class Print(StrEnum):
    """What is printed: policy and report, the same as JSON, or the policy alone."""

    text = "text"
    json = "json"
    policy = "policy"


def generate(
    identities: Annotated[
        list[str] | None,
        typer.Argument(metavar="IDENTITY...", help="A user, role or permission set; several share one policy."),
    ] = None,
    group: Annotated[
        str, typer.Option("--group", help="The users of a group, as the newest snapshot names them.")
    ] = "",
    start: options.From = None,
    end: options.To = None,
    shape: Annotated[
        Shape, typer.Option("--form", help="Managed policies, an inline one, a boundary, or a service control policy.")
    ] = Shape.managed,
    failed: Annotated[
        bool, typer.Option("--failed", help="Calls that failed otherwise than by being denied count as use, too.")
    ] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest-groups", help="Tell which users could be in one group, by what they use.")
    ] = False,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[Print, typer.Option("--format", help="Policy and report, or the policy alone.")] = Print.text,
    every: Annotated[bool, typer.Option("--all", help="Every line of the report, not only the first ones.")] = False,
    out: options.Output = None,
) -> None:
    """Write the policy that allows what identities used [default: in the last 90 days], without what findings tell."""
    from trailwatch import api

    made = api.open(config=config, flags={"store.path": store}).policy(
        *(identities or ()), group=group, start=start, end=end, form=shape.value, failed=failed, suggest=suggest
    )
    if form is not Print.policy:
        output.write(made.json() if form is Print.json else made.text(every=every), out)
        return
    texts = made.policies()
    if not texts:
        raise ConfigError(
            "there is no use to make a policy of", where=", ".join(made.principals), hint="an earlier --from"
        )
    if len(texts) > 1 and out is None:
        what = f"the use takes {len(texts)} policies, and JSON holds one document"
        raise ConfigError(what, where="--format", hint="-o FILE writes FILE-1, FILE-2 and so on; or --format json")
    for number, text in enumerate(texts, 1):
        path = Path(out) if out else None
        name = path.with_stem(f"{path.stem}-{number}") if path and len(texts) > 1 else path
        output.write(text, str(name) if name else None)
    for doubt in made.doubts:
        output.say(f"uncertain: {doubt.what}{': ' if doubt.about else ''}{', '.join(doubt.about[:5])}")
