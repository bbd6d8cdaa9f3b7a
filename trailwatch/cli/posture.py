"""What is configured: snapshots of IAM, and the permissions and the state that trailwatch needs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.cli.opening import reaching


def snapshot(
    source: Annotated[
        str | None, typer.Option("--from", help="A folder of exported files, in place of calls of AWS.")
    ] = None,
    role_name: Annotated[
        str | None, typer.Option("--role-name", help="The role to assume in each account of the organization.")
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", help="Only this account, or whose the files are; may be repeated."),
    ] = None,
    taken: Annotated[
        str | None,
        typer.Option("--taken", help="When the files were exported [default: what they say, else their last change]."),
    ] = None,
    last_accessed: Annotated[
        int | None,
        typer.Option(min=0, help="Users and roles of an account whose last used services are asked for."),
    ] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[
        options.Form, typer.Option("--format", help="How to print what was taken and what changed.")
    ] = options.Form.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Keep an export of IAM, live or from files, and print what changed; exit 4 where a part failed, 1 where all did."""
    from trailwatch import api

    flags = {
        "store.path": store,
        "snapshot.role_name": role_name,
        "snapshot.last_accessed": last_accessed,
        **reaching(profile, aws_region, role_arn, endpoint_url),
    }
    trail = api.open(config=config, create=True, flags=flags)
    done = trail.snapshot(source, accounts=account or (), taken=taken, progress=output.progress(quiet=quiet))
    output.write(json.dumps(done.as_dict(), indent=1) if form is options.Form.json else done.text(), out)
    if not done.good:
        raise typer.Exit(1)
    if done.failed:
        raise typer.Exit(4)
