"""The permissions that the sinks of a configuration need."""

from __future__ import annotations

from typing import Any

from trailwatch.config import Config
from trailwatch.config.sinks import S3Sink, SecurityHubSink, SesSink, SnsSink


def statements(config: Config, *, partition: str = "aws") -> list[dict[str, Any]]:
    """Return the statements of IAM for what is configured, none for what needs none."""
    found: list[dict[str, Any]] = []
    for sink in config.sinks.values():
        match sink:
            case SnsSink():
                found.append(_allow("SendToSns", ["sns:Publish"], sink.topic_arn))
            case SesSink():
                found.append(_allow("SendMail", ["ses:SendEmail", "ses:SendRawEmail"], "*"))
            case S3Sink():
                path = sink.path.removeprefix("s3://").strip("/")
                found.append(_allow("WriteFindings", ["s3:PutObject"], f"arn:{partition}:s3:::{path}/*"))
            case SecurityHubSink():
                found.append(_allow("ImportFindings", ["securityhub:BatchImportFindings"], "*"))
                if sink.role_name:
                    found.append(
                        _allow("EnterForFindings", ["sts:AssumeRole"], f"arn:{partition}:iam::*:role/{sink.role_name}")
                    )
            case _:
                pass
    for place, one in enumerate(found):
        one["Sid"] += str(place + 1)
    return found


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
