"""IAM users with long-term keys: the nightly reports, an old backup, somebody who left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from trailwatch.simulate import callers
from trailwatch.simulate.chance import guid, stable_id
from trailwatch.simulate.records import Caller, Record
from trailwatch.simulate.spans import Producer, Span, in_turn
from trailwatch.simulate.stock import DEV, EGRESS, OFFICE, PROD


def svc_reports(span: Span) -> Iterator[Record]:
    """Yield the nightly report of an old user with a key, on a server in the office."""
    if span.copy:
        return
    chance = span.chance("svc-reports")
    caller = replace(reports_user(span.day), values={"database": "sales", "query": guid(chance)})
    at = span.at(3.5 + chance.random() / 6)
    yield from in_turn(
        chance,
        caller,
        at,
        "sts:GetCallerIdentity s3:GetBucketLocation athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryExecution athena:GetQueryResults",
        gap=8,
    )
    if span.dense and span.day.weekday() < 5:
        yield from in_turn(
            chance,
            caller,
            at + timedelta(minutes=4),
            "athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults ses:SendRawEmail",
            gap=8,
        )


ROTATED = date(2026, 8, 6)
_TURN = 89  # days between two keys of svc-reports


def reports_turn(day: date) -> int:
    """Return how many keys svc-reports is before or after the one that it works with until the told rotation."""
    return (day - ROTATED - timedelta(days=1)).days // _TURN + 1


def reports_made(turn: int) -> date:
    """Return the day on which a key of svc-reports was made."""
    return ROTATED + timedelta(days=_TURN * (turn - 1))


def reports_key(day: date) -> str:
    """Return the access key that svc-reports works with on a day."""
    turn = reports_turn(day)
    return stable_id("AKIA", PROD, "svc-reports", {0: "first", 1: "second"}.get(turn, turn), length=16)


def reports_user(day: date) -> Caller:
    """Return svc-reports with the key of a day."""
    return callers.user(PROD, "svc-reports", f"{OFFICE}.40", "boto3", key=reports_key(day))


def legacy_backup(span: Span) -> Iterator[Record]:
    """Yield the old backup user, whose key went to sleep in February."""
    if span.copy or span.day > date(2026, 2, 15):
        return
    chance = span.chance("legacy-backup")
    caller = callers.user(PROD, "legacy-backup", f"{OFFICE}.41", "boto3")
    yield from in_turn(
        chance,
        caller,
        span.at(1.2),
        "ec2:DescribeVolumes ec2:CreateSnapshot ec2:CreateSnapshot ec2:DescribeSnapshots",
        gap=5,
    )


def departed(span: Span) -> Iterator[Record]:
    """Yield the former life of judy, an IAM user who left in November."""
    if span.copy or span.day > date(2025, 11, 24) or span.day.weekday() >= 5:
        return
    chance = span.chance("judy")
    caller = callers.user(DEV, "judy", f"91.64.201.{chance.choice((17, 88))}", "cli", "mac")
    names = (
        "s3:ListBuckets",
        "ec2:DescribeInstances",
        "logs:FilterLogEvents",
        "lambda:ListFunctions20150331",
        "dynamodb:DescribeTable",
        "sqs:ListQueues",
    )
    yield from in_turn(chance, caller, span.at(8 + chance.random() * 6), " ".join(chance.choices(names, k=5)), gap=150)


def thumbnails(span: Span) -> Iterator[Record]:
    """Yield a function in dev that was given a user's key in place of a role."""
    if span.copy or "key-on-workload" in span.untold:
        return
    chance = span.chance("svc-thumbs")
    caller = callers.user(DEV, "svc-thumbs", EGRESS[0], "lambda")
    at = span.at(5.2 + chance.random() / 2)
    yield from in_turn(chance, caller, at, "s3:GetBucketLocation sqs:GetQueueAttributes", gap=4)


PRODUCERS: tuple[Producer, ...] = (svc_reports, legacy_backup, departed, thumbnails)
