"""Which kind of sink goes which way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache

from trailwatch.aws import Caller
from trailwatch.config import Config
from trailwatch.config.sinks import (
    AnySink,
    FileSink,
    MailSink,
    S3Sink,
    SecurityHubSink,
    SesSink,
    SnsSink,
    StdoutSink,
    WebhookSink,
)
from trailwatch.digest.page import Digest
from trailwatch.digest.week import kept
from trailwatch.sinks.cloud import access, region_of
from trailwatch.sinks.files import ToFile, ToStdout
from trailwatch.sinks.mail import ToSes, ToSmtp
from trailwatch.sinks.notice import Way
from trailwatch.sinks.s3 import ToS3
from trailwatch.sinks.security_hub import ToSecurityHub
from trailwatch.sinks.sns import ToSns
from trailwatch.sinks.webhook import ToWebhook
from trailwatch.store.tables import Store

Page = Callable[[Digest], str]


def way(name: str, sink: AnySink, *, store: Store, config: Config, page: Page, now: datetime, dry: bool = False) -> Way:
    """Return the way to a sink; a dry one asks nobody anything."""

    @cache
    def digest(day: date) -> Digest:
        return kept(store, day)

    match sink:
        case FileSink():
            return ToFile(name, sink)
        case StdoutSink():
            return ToStdout(name, sink)
        case MailSink():
            return ToSmtp(name, sink, digest=digest, page=page)
        case WebhookSink():
            return ToWebhook(name, sink)
        case SesSink():
            reached = access(config.source, region=sink.region, role_arn=sink.role_arn, endpoint_url=sink.endpoint_url)
            return ToSes(name, sink, digest=digest, page=page, caller=Caller(reached), region=sink.region)
        case SnsSink():
            region = region_of(sink.topic_arn)
            reached = access(config.source, region=region, role_arn=sink.role_arn, endpoint_url=sink.endpoint_url)
            return ToSns(name, sink, caller=Caller(reached))
        case S3Sink():
            reached = access(config.source, region=sink.region, role_arn=sink.role_arn, endpoint_url=sink.endpoint_url)
            return ToS3(name, sink, access=reached)
        case SecurityHubSink():
            reached = access(config.source, region=sink.region, endpoint_url=sink.endpoint_url)

            @cache
            def home() -> tuple[str, str]:
                if dry:
                    return "", "aws"
                arn = str(Caller(reached).call("sts:GetCallerIdentity")["Arn"])
                return arn.split(":")[4], arn.split(":")[1]

            return ToSecurityHub(name, sink, access=reached, now=now, home=home)
