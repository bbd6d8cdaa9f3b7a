"""User agents give a family and a system of a fixed vocabulary, whatever they call themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

CLIENTS = {
    "": "",
    "aws-cli/2.13.5 Python/3.11.4 Linux/4.14 exec-env/CloudShell exe/x86_64.amzn.2 prompt/off": "aws-cli/2 cloudshell",
    "aws-cli/2.32.0 md/awscrt#0.28.4 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13": "aws-cli/2 macos",
    "aws-cli/2.9.1 Python/3.9.11 Windows/10 exe/AMD64 prompt/off command/s3.ls": "aws-cli/2 windows",
    "[aws-cli/1.11.10 Python/2.7.12 Linux/4.4 botocore/1.4.67]": "aws-cli/1 linux",
    "aws-cli/1.16.246 Python/2.7.16 Darwin/18.7.0 botocore/1.12.236": "aws-cli/1 macos",
    "aws-cli/2.31.0 md/awscrt#0.27 ua/2.1 os/linux#6.12.25-kali-amd64 lang/python#3.13 md/distrib#kali.2025":
        "aws-cli/2 kali",
    "Boto3/1.35.70 md/Botocore#1.35.70 ua/2.0 os/windows#11 md/arch#amd64 lang/python#3.12.6 cfg/retry-mode#legacy":
        "boto3 windows",
    "[Boto3/1.26.165 Python/3.10.6 Linux/5.19.0-46-generic Botocore/1.29.165]": "boto3 linux",
    "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#5.10 exec-env/AWS_Lambda_python3.12": "boto3 lambda",
    "Botocore/1.29 Python/3.9 Linux/5": "botocore linux",
    "aws-sdk-go-v2/1.17.0 os/linux lang/go/1.18.10 md/GOOS/linux md/GOARCH/amd64 api/rolesanywhere": "aws-sdk-go-v2 linux",
    "aws-sdk-go/1.44.1 (go1.18; darwin; arm64)": "aws-sdk-go macos",
    "aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/3.2.582.0": "ssm-agent linux",
    "aws-sdk-java/2.20.1 Linux/5.10 OpenJDK_64-Bit_Server_VM/17 exec-env/AWS_ECS_FARGATE": "aws-sdk-java ecs",
    "aws-sdk-js/3.300.0 os/darwin/22 lang/js md/nodejs/18": "aws-sdk-js macos",
    "aws-sdk-nodejs/2.1000.0 linux/v18 promise": "aws-sdk-nodejs linux",
    "aws-sdk-unheardof-123456/9": "aws-sdk",
    "APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) aws-sdk-go/1.44 (go1.19; linux; amd64)":
        "terraform linux",
    "[APN/1.0 HashiCorp/1.0 Terraform/1.5.0 (+https://www.terraform.io) aws-sdk-go-v2/1.2 os/macos]": "terraform macos",
    "APN/1.0 Pulumi/1.0 PulumiAWS/6 os/linux": "pulumi linux",
    "console.amazonaws.com": "console",
    "signin.amazonaws.com": "console",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10]": "console",
    "RDS Console, aws-internal/3 aws-sdk-java/1.11.975 Linux/5.10": "console",
    "aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10": "console",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36": "browser windows",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0": "browser linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)": "browser ios",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8)": "browser android",
    "secretsmanager.amazonaws.com": "aws-service",
    "Java/1.8.0_382": "java",
    "Python-urllib/3.12": "python-urllib",
    "python-requests/2.31.0": "python-requests",
    "Go-http-client/1.1": "go-http-client",
    "curl/8.4.0": "curl",
    "docker/24.0.5 go/go1.20 git-commit/a61e2b4 kernel/5.15 os/linux arch/amd64": "docker linux",
    "stratus-red-team_01190e38-873e-4cc4-aede-7ceb7ffc2a4a": "other",
    "TruffleHog": "trufflehog",
    "javascript-bomb": "other",
    "<img src=x onerror=alert(1)>": "other",
    "\x1b]0;owned\x07\x1b[31m": "other",
    "=cmd|' /C calc'!A0": "other",
    "A" * 1024: "other",
    "[": "",
}  # fmt: skip
VOCABULARY = re.compile(r"[a-z0-9 /.-]{0,32}")


def test_every_agent(make: SimpleNamespace, said: Callable[..., list[dict[str, Any]]]) -> None:
    rows = said(*(make.record(userAgent=agent) for agent in CLIENTS))
    assert {agent: row["client"] for agent, row in zip(CLIENTS, rows, strict=True)} == CLIENTS


def test_a_release_does_not_make_a_new_client(make: SimpleNamespace, said: Callable[..., list[dict[str, Any]]]) -> None:
    agents = [f"aws-cli/2.{minor}.0 Python/3.{minor}.1 Linux/5.{minor} sid/{minor:012x} m/E,b,Z" for minor in range(9)]
    assert {row["client"] for row in said(*(make.record(userAgent=agent) for agent in agents))} == {"aws-cli/2 linux"}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60) | st.builds("aws-sdk-{}/1 {}".format, st.text(), st.text()), min_size=1))
def test_no_agent_leaves_the_vocabulary(agents: list[str]) -> None:
    record = {
        "eventTime": "2026-01-05T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "X",
        "eventVersion": "1.08", "eventCategory": "Management",
    }  # fmt: skip
    events = [
        record | {"eventID": f"{at}", "userAgent": agent.encode("utf-8", "replace").decode()}
        for at, agent in enumerate(agents)
    ]
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(events))
        sessions.means(engine)
        found = [client for (client,) in engine.rows("select client from events")]
    assert len(found) == len(agents)
    assert all(VOCABULARY.fullmatch(client) for client in found), found
