"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Form(StrEnum):
    """Forms of an answer."""

    text = "text"
    json = "json"


class Severity(StrEnum):
    """The severities of findings."""

    info = "info"
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"


Store = Annotated[
    str | None, typer.Option("--store", help="The store: a folder or s3://bucket/prefix [default: ./trailwatch-store].")
]
ConfigFile = Annotated[str | None, typer.Option("--config", help="The configuration [default: ./trailwatch.toml].")]
Source = Annotated[
    str | None,
    typer.Argument(
        help="A folder, a file, s3://bucket/prefix, or a queue: sqs://NAME [default: [source] of the configuration]."
    ),
]
From = Annotated[str | None, typer.Option("--from", help="Start: 2026-01-31, yesterday, or T-7d.")]
To = Annotated[str | None, typer.Option("--to", help="End; a plain date includes that day.")]
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Only this account; may be repeated.")]
Regions = Annotated[list[str] | None, typer.Option("--region", help="Only this region; may be repeated.")]
Output = Annotated[str | None, typer.Option("--output", "-o", help="Write to a file (0600) instead of stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
FailOn = Annotated[Severity | None, typer.Option("--fail-on", help="Exit 3 on findings at or above this severity.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 4 when the data has gaps.")]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile.")]
AwsRegion = Annotated[str | None, typer.Option("--aws-region", help="The region of the AWS client.")]
RoleArn = Annotated[str | None, typer.Option("--role-arn", help="A role to assume before reading.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint-url", help="Another S3 endpoint.")]
Bucket = Annotated[
    str | None, typer.Option("--bucket", help="Where the objects are that a queue tells of: s3://bucket/prefix.")
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="The dask scheduler whose workers do the work: tcp://HOST:8786.")
]
Workers = Annotated[int | None, typer.Option("--workers", help="So many processes of this machine do the work.")]
Techniques = Annotated[
    str | None,
    typer.Option(
        "--techniques", envvar="TRAILWATCH_TECHNIQUES", help="Labelled attack logs: a folder with labels.json."
    ),
]
AccountFormat = Annotated[Form, typer.Option("--format", help="How to print the account.")]
