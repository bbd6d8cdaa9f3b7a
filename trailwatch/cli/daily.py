"""The stations of a day: ingest, settle, digest, all of them as `run`, and `scan` without a store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trailwatch.cli import options, output, send
from trailwatch.cli.opening import opened, reaching, working
from trailwatch.errors import ConfigError

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest
    from trailwatch.finding import Finding


class Page(StrEnum):
    """Forms of a digest."""

    text = "text"
    markdown = "markdown"
    html = "html"
    json = "json"


SiteFolder = Annotated[
    str | None, typer.Option("--site", help="Keep an archive of pages in this folder, with an index over the days.")
]
PageFormat = Annotated[Page, typer.Option("--format", help="How to print the digest.")]


def ingest(
    source: options.Source = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    start: options.From = None,
    end: options.To = None,
    account: options.Accounts = None,
    region: options.Regions = None,
    reconcile: Annotated[
        bool, typer.Option(help="List the last 31 days again, for objects that came very late.")
    ] = False,
    form: options.AccountFormat = options.Form.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
    strict: options.Strict = False,
    bucket: options.Bucket = None,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
    scheduler: options.Scheduler = None,
    workers: options.Workers = None,
) -> None:
    """Fetch what is new at the source into the store, and account for every object and record."""
    trail = opened(
        store, config, profile, aws_region, role_arn, endpoint_url, create=True, team=(scheduler, workers), bucket=bucket,
    )  # fmt: skip
    done = trail.ingest(
        source, start=start, end=end, accounts=account or (), regions=region or (), reconcile=reconcile,
        progress=output.progress(quiet=quiet),
    )  # fmt: skip
    output.write(json.dumps(done.as_dict(), indent=1) if form is options.Form.json else done.text(), out)
    _leave(gaps=strict and done.gap)


def settle(
    store: options.Store = None, config: options.ConfigFile = None, form: options.AccountFormat = options.Form.text,
    quiet: options.Quiet = False, scheduler: options.Scheduler = None, workers: options.Workers = None,
) -> None:  # fmt: skip
    """Take doubles out of the store and bring sessions and activity up to date."""
    done = opened(store, config, team=(scheduler, workers)).settle(progress=output.progress(quiet=quiet))
    output.write(json.dumps(done.as_dict(), indent=1) if form is options.Form.json else done.text(), None)


def digest(
    date: Annotated[str | None, typer.Option("--date", help="The UTC day: 2026-01-31, yesterday, T-3d.")] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: PageFormat = Page.text,
    out: options.Output = None,
    site: SiteFolder = None,
    quiet: options.Quiet = False,
    fail_on: options.FailOn = None,
    strict: options.Strict = False,
    scheduler: options.Scheduler = None,
    workers: options.Workers = None,
) -> None:
    """Print one UTC day: coverage first, then incidents and findings by urgency, then the practices."""
    trail = opened(store, config, team=(scheduler, workers))
    page = trail.digest(date, progress=output.progress(quiet=quiet))
    if form is Page.html:
        output.write(trail.page(page), out)
    else:
        _print(form, [page], out)
    if site:
        output.say(trail.site(site).text())
    _leave(findings=page.findings, fail_on=fail_on, gaps=strict and page.coverage.gap)


def run(
    source: options.Source = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: PageFormat = Page.text,
    out: options.Output = None,
    site: SiteFolder = None,
    quiet: options.Quiet = False,
    fail_on: options.FailOn = None,
    strict: options.Strict = False,
    bucket: options.Bucket = None,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
    scheduler: options.Scheduler = None,
    workers: options.Workers = None,
) -> None:
    """Do the day's work: ingest, settle, a digest of each day that has none yet and of today so far, and send the news."""
    if form is Page.html and out is None:
        raise ConfigError("a page for each day needs a file", where="--format", hint="-o digest.html")
    trail = opened(
        store, config, profile, aws_region, role_arn, endpoint_url, create=True, team=(scheduler, workers), bucket=bucket,
    )  # fmt: skip
    work = trail.run(source, progress=output.progress(quiet=quiet))
    output.say(work.account.text())
    if work.snapshot:
        output.say(work.snapshot.text())
    pages = work.digests
    if form is Page.json:
        output.write(json.dumps([page.as_dict() for page in pages], indent=1), out)
    elif form is Page.html and out and pages:
        # Two pages cannot stand in one file: digest.html becomes digest-2026-07-28.html.
        for page in pages:
            output.write(trail.page(page), str(Path(out).with_stem(f"{Path(out).stem}-{page.date}")))
    else:
        _print(form, pages, out)
    if site:
        output.say(trail.site(site).text())
    delivered = trail.send() if trail.config.sinks else []
    send.tell(delivered)
    if work.untidy:
        output.say(f"trailwatch: {work.untidy}")
    if work.untidy or any(one.failed for one in delivered):
        raise typer.Exit(1)
    gaps = any(page.coverage.gap for page in pages) or work.account.gap
    gaps = gaps or bool(work.snapshot and work.snapshot.gap)
    _leave(findings=[finding for page in pages for finding in page.findings], fail_on=fail_on, gaps=strict and gaps)


def scan(
    source: Annotated[str, typer.Argument(help="A folder, a file, or s3://bucket/prefix.")],
    config: options.ConfigFile = None,
    form: PageFormat = Page.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
    fail_on: options.FailOn = None,
    strict: options.Strict = False,
    profile: options.Profile = None,
    aws_region: options.AwsRegion = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.Endpoint = None,
    scheduler: options.Scheduler = None,
    workers: options.Workers = None,
) -> None:
    """Run the detections over logs without keeping a store: the quick look at one incident's files."""
    from trailwatch import api
    from trailwatch import config as configuration

    flags = reaching(profile, aws_region, role_arn, endpoint_url) | working((scheduler, workers))
    found = configuration.load(config, flags=flags)
    page = api.scan(source, config=found, progress=output.progress(quiet=quiet))
    _print(form, [page], out)
    _leave(findings=page.findings, fail_on=fail_on, gaps=strict and page.coverage.gap)


def _print(form: Page, pages: Sequence[Digest], out: str | None) -> None:
    colored = form is Page.text and output.colors(out)
    text = "\n\n".join(page.render(form.value, color=colored) for page in pages)
    output.write(text or "Nothing new: every day has its digest.", out, colored=colored)


def _leave(*, findings: Iterable[Finding] = (), fail_on: options.Severity | None = None, gaps: bool = False) -> None:
    from trailwatch.finding import rank
    from trailwatch.findings.posture import goes_on

    if gaps:
        raise typer.Exit(4)
    # What is configured as before was told when it was new: it does not fail every day until it is mended.
    told = (found for found in findings if not found.suppressed_by and not goes_on(found))
    if fail_on and any(rank(found.severity) >= rank(fail_on) for found in told):
        raise typer.Exit(3)
