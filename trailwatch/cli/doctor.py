"""Whether trailwatch can work here, what it needs, and how a damaged store is mended."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trailwatch.cli import options, output
from trailwatch.cli.opening import reaching


def doctor(
    policy: Annotated[bool, typer.Option("--policy", help="Print the smallest IAM policy that is enough.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend a damaged store; what is damaged is set aside, nothing is deleted.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the whole store, and not only the ends of its files.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of AWS.")] = False,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: Annotated[options.Form, typer.Option("--format", help="How to print it.")] = options.Form.text,
    out: options.Output = None,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Look at machine, configuration, AWS, trails, delivery and store, each with a remedy; exit 1 where something is amiss."""
    from datetime import UTC, datetime

    from trailwatch import api
    from trailwatch import config as configuration
    from trailwatch import doctor as looking
    from trailwatch.errors import TrailwatchError

    flags = {"store.path": store, **reaching(profile, aws_region, role_arn, endpoint_url)}
    found = configuration.load(config, flags=flags)
    if policy:
        output.write(json.dumps(looking.policy(found), indent=2), out)
        return
    if repair:
        done = api.open(config=config, flags=flags).repair(deep=deep)
        output.write(json.dumps(done.as_dict(), indent=1) if form is options.Form.json else done.text(), out)
        return
    checks = []
    try:
        where = None if offline and found.store.path.startswith("s3://") else api.open(config=config, flags=flags).store
    except TrailwatchError as error:
        checks.append(looking.Check("store", False, error.what, error.hint))
        where = None
    checks += looking.check(found, store=where, now=datetime.now(UTC), offline=offline, deep=deep)
    text = json.dumps([one.as_dict() for one in checks], indent=1) if form is options.Form.json else \
        "\n".join(one.text() for one in checks)  # fmt: skip
    output.write(text, out)
    if any(one.good is False for one in checks):
        raise typer.Exit(1)
