"""Whether logs are as CloudTrail wrote them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.cli.opening import opened

Place = Annotated[
    str | None,
    typer.Argument(
        help="A folder in a bucket's layout, or s3://bucket/prefix [default: [source] of the configuration]."
    ),
]
Keys = Annotated[
    str | None, typer.Option("--keys", help="Public keys from this file, in place of CloudTrail's own answer.")
]
SaveKeys = Annotated[
    str | None,
    typer.Option("--save-keys", help="Add the keys, and the signatures that a copy loses, to this file."),
]


def verify(
    source: Place = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    account: options.Accounts = None,
    region: options.Regions = None,
    keys: Keys = None,
    save_keys: SaveKeys = None,
    form: options.AccountFormat = options.Form.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
    strict: options.Strict = False,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Check logs against CloudTrail's signed digest files; exits with 3 when an object was changed, removed or added."""
    trail = opened(store, config, profile, aws_region, role_arn, endpoint_url, create=True)
    done = trail.verify(
        source, start=start, end=end, accounts=account or (), regions=region or (), keys=keys, save_keys=save_keys,
        progress=output.progress(quiet=quiet),
    )  # fmt: skip
    output.write(json.dumps(done.as_dict(), indent=1) if form is options.Form.json else done.text(), out)
    if strict and done.gap:
        raise typer.Exit(4)
    if done.tampered:
        raise typer.Exit(3)
