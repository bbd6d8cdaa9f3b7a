"""What runs inside: instances, functions, tasks, and the jobs of months and quarters."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from trailwatch.simulate import callers, sts
from trailwatch.simulate.chance import stable_hex, temporary_key
from trailwatch.simulate.records import Caller, Record, call
from trailwatch.simulate.spans import Producer, Span, in_turn
from trailwatch.simulate.stock import EGRESS, ENDPOINTS, PROD


def web_app(span: Span) -> Iterator[Record]:
    """Yield the day of the web servers: credentials by EC2, secrets at start, parameters through the day."""
    role, weekend = span.name("web-app"), span.day.weekday() >= 5
    for number in range((2 if weekend else 3) if span.dense else 1):
        chance = span.chance("web-app", number)
        instance = callers.instance_id("web", span.copy, number, span.day.isocalendar()[:2])
        key, since = temporary_key(chance), span.at(0.2 + number * 0.03)
        yield sts.mint_by_service(chance, since, PROD, role, instance, key, "ec2")
        identity = sts.assumed(PROD, role, instance, key, since, delivery="2.0")
        inside = Caller(
            identity,
            PROD,
            f"10.20.{number + 1}.{int(stable_hex(2, instance), 16) % 240 + 8}",
            "go",
            endpoint=ENDPOINTS[PROD],
            values={"instance": instance},
        )
        outside = replace(inside, address=EGRESS[number % len(EGRESS)], endpoint="")
        for _ in range(span.many(chance, 5 if weekend else 7)):
            at = span.at(0.3 + 23.4 * chance.random())
            api = chance.choices(
                (
                    "ssm:GetParameters",
                    "secretsmanager:GetSecretValue",
                    "ssm:UpdateInstanceInformation",
                    "logs:CreateLogStream",
                    "dynamodb:DescribeTable",
                ),
                (4, 4, 3, 2, 2),
            )[0]
            yield call(chance, at, inside, api)
            if span.dense and api == "secretsmanager:GetSecretValue":
                yield _by_service(chance, at, inside, "secretsmanager", "kms:Decrypt")
        yield call(chance, span.at(0.4 + 23 * chance.random()), outside, "sts:GetCallerIdentity")


def _by_service(chance: random.Random, at: datetime, caller: Caller, service: str, api: str) -> Record:
    host = f"{service}.amazonaws.com"
    identity = {**caller.identity, "invokedBy": host}
    return call(chance, at, Caller(identity, caller.account, host, context=host, values=caller.values), api)


def invoice_fn(span: Span) -> Iterator[Record]:
    """Yield the day of a function that runs every few hours."""
    role = span.name("invoice-fn")
    for number in range(3 if span.dense else int(span.day.day != 3)):
        chance = span.chance("invoice-fn", number)
        since, key = span.at(number * 8 + 5.1 + chance.random() / 4), temporary_key(chance)
        yield sts.mint_by_service(chance, since, PROD, role, role, key, "lambda")
        arn = f"arn:aws:lambda:eu-central-1:{PROD}:function:{role}"
        identity = sts.assumed(
            PROD,
            role,
            role,
            key,
            since,
            inScopeOf={
                "sourceArn": arn,
                "sourceAccount": PROD,
                "issuerType": "AWS::Lambda::Function",
                "credentialsIssuedTo": arn,
            },
        )
        caller = Caller(
            identity,
            PROD,
            EGRESS[1],
            "lambda",
            values={"loggroup": "/aws/lambda/invoice-fn", "secret": "prod/shop/payment"},
        )
        yield from in_turn(
            chance,
            caller,
            since + timedelta(seconds=2),
            "logs:CreateLogStream secretsmanager:GetSecretValue dynamodb:DescribeTable",
        )
        yield _by_service(chance, since + timedelta(seconds=4), caller, "secretsmanager", "kms:Decrypt")
        for _ in range(span.many(chance, 1.5)):
            yield call(chance, since + timedelta(seconds=chance.randrange(10, 200)), caller, "ses:SendRawEmail")


def orders_task(span: Span) -> Iterator[Record]:
    """Yield the day of the containers behind the shop."""
    role = span.name("orders-task")
    for number in range(2 if span.dense else 1):
        chance = span.chance("orders-task", number)
        since, key, task = span.at(1 + number * 11 + chance.random()), temporary_key(chance), callers.task_id(chance)
        yield sts.mint_by_service(chance, since, PROD, role, task, key, "ecs-tasks")
        caller = Caller(
            sts.assumed(PROD, role, task, key, since),
            PROD,
            f"10.20.8.{chance.randrange(10, 240)}",
            "java",
            endpoint=ENDPOINTS[PROD],
        )
        for _ in range(span.many(chance, 3)):
            at = since + timedelta(seconds=chance.randrange(5, 36000))
            yield call(
                chance,
                at,
                caller,
                chance.choices(
                    ("secretsmanager:GetSecretValue", "sqs:GetQueueAttributes", "dynamodb:DescribeTable"), (3, 2, 2)
                )[0],
            )


def quarter_close(span: Span) -> Iterator[Record]:
    """Yield the job that closes the quarter, three days at its start."""
    if not span.copy and span.day.month in {1, 4, 7, 10} and span.day.day <= 3:
        yield from _job(
            span,
            "quarter-close",
            2.5,
            "secretsmanager:GetSecretValue athena:StartQueryExecution athena:GetQueryExecution glue:GetTables glue:GetPartitions athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults glue:BatchCreatePartition s3:GetBucketLocation",
            3 if span.dense else 1,
        )


def month_end(span: Span) -> Iterator[Record]:
    """Yield the job of the first of each month."""
    if not span.copy and span.day.day == 1:
        yield from _job(
            span,
            "license-audit",
            4.0,
            "ec2:DescribeInstances ec2:DescribeImages rds:DescribeDBInstances ecs:ListServices tag:GetResources",
            1,
        )


def _job(span: Span, role: str, hour: float, apis: str, rounds: int) -> Iterator[Record]:
    for number in range(rounds):
        chance = span.chance(role, number)
        since, key, task = (
            span.at(hour + number * 2 + chance.random() / 5),
            temporary_key(chance),
            callers.task_id(chance),
        )
        yield sts.mint_by_service(chance, since, PROD, role, task, key, "ecs-tasks")
        caller = Caller(
            sts.assumed(PROD, role, task, key, since),
            PROD,
            f"10.20.9.{chance.randrange(10, 240)}",
            "java",
            endpoint=ENDPOINTS[PROD],
            values={"secret": "prod/shop/db"},
        )
        yield from in_turn(chance, caller, since + timedelta(seconds=5), apis, gap=12)


PRODUCERS: tuple[Producer, ...] = (web_app, invoice_fn, orders_task, quarter_close, month_end)
