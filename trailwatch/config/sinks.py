"""The places that findings are sent to: `[sinks.<name>]` with a `kind` and what that kind needs."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["info", "low", "medium", "high", "critical"]
Form = Literal["json", "ocsf", "text"]


class Sink(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}, tag_field="kind"
):
    """What all sinks have: from which severity on, and of which accounts, findings are sent."""

    severity: Severity = "low"
    accounts: list[str] = []  # of all accounts where none is named


class FileSink(Sink, frozen=True, kw_only=True, tag="file"):
    """A file to which one line a finding is added."""

    path: str
    format: Form = "json"


class StdoutSink(Sink, frozen=True, kw_only=True, tag="stdout"):
    """The standard output of the run, one line a finding."""

    format: Form = "text"


class MailSink(Sink, frozen=True, kw_only=True, tag="smtp"):
    """Mail through a server: one for each day that has news, with the page of the day."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_env: str = "TRAILWATCH_SMTP_PASSWORD"  # noqa: S105 — the name of a variable
    from_: str
    to: list[str]
    page: bool = True


class SesSink(Sink, frozen=True, kw_only=True, tag="ses"):
    """The same mail through Amazon SES."""

    from_: str
    to: list[str]
    page: bool = True
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""


class WebhookSink(Sink, frozen=True, kw_only=True, tag="webhook"):
    """An incoming webhook of Slack, or of what understands the same messages."""

    url: str = ""
    url_env: str = "TRAILWATCH_WEBHOOK_URL"  # the address is a secret: better there than in the file


class SnsSink(Sink, frozen=True, kw_only=True, tag="sns"):
    """A topic of Amazon SNS, one message a finding."""

    topic_arn: str
    role_arn: str = ""
    endpoint_url: str = ""


class SecurityHubSink(Sink, frozen=True, kw_only=True, tag="security-hub"):
    """AWS Security Hub, in each finding's own account where `role_name` gives a way there."""

    region: str = ""
    role_name: str = ""
    endpoint_url: str = ""


class S3Sink(Sink, frozen=True, kw_only=True, tag="s3"):
    """Objects under a prefix of a bucket, one line a finding."""

    path: str
    format: Form = "ocsf"
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""


AnySink = FileSink | StdoutSink | MailSink | SesSink | WebhookSink | SnsSink | SecurityHubSink | S3Sink
