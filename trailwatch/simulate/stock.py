"""The organisation's furniture: accounts, networks, clients and the names of its resources."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

from trailwatch.simulate.chance import guid, hexes, stable_hex, text

ORGANIZATION = "o-exampleorg1"
PROD, DEV, SECURITY = "210987654321", "310987654321", "410987654321"
ACCOUNTS = {PROD: "prod", DEV: "dev", SECURITY: "security"}
PARTNER, STRANGER = "510987654321", "666777888999"
HOME, GLOBAL, SECOND = "eu-central-1", "us-east-1", "eu-west-1"

OFFICE, VPN = "185.60.112", "91.198.174"
EGRESS = ("18.185.41.17", "18.185.41.203", "18.185.112.66")
ENDPOINTS = {PROD: "vpce-0f4d1c2ab93e5d718", DEV: "vpce-0a97be3312cc40f5e"}
RUNNERS = tuple(f"20.{102 + i % 4}.{(37 * i) % 250 + 2}" for i in range(24))

_BROWSER = {
    "mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    "windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    "linux": "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
}
_OS = {
    "mac": "macos#24.4.0 md/arch#arm64",
    "linux": "linux#6.8.0-60-generic md/arch#x86_64",
    "windows": "windows#11 md/arch#amd64",
}
_UPGRADE = date(2026, 7, 6)  # people update their tools: same client, other version


def agent(kind: str, system: str, day: date, service: str = "", name: str = "") -> str:
    """Return the user agent that a client on an operating system sends on a day."""
    late = day >= _UPGRADE
    if kind == "browser":
        return _BROWSER[system].format(v=(139 if late else 137) if system != "linux" else (141 if late else 139))
    if kind == "cli":
        command = re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", re.sub(r"20\d{6}(v\d)?$", "", name)).lower()
        return (
            f"aws-cli/{'2.28.3' if late else '2.27.12'} md/awscrt#0.26.1 ua/2.1 os/{_OS[system]} lang/python#3.13.3 "
            f"md/pyimpl#CPython m/b,E,Z cfg/retry-mode#standard md/prompt#off md/command#{service}.{command}"
        )
    if kind == "boto3":
        version = "1.39.4" if late else "1.38.23"
        return f"Boto3/{version} md/Botocore#{version} ua/2.1 os/{_OS[system]} lang/python#3.12.9 md/pyimpl#CPython m/Z,b cfg/retry-mode#legacy Botocore/{version}"
    if kind == "terraform":
        return (
            "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/"
            f"{'6.3.0' if late else '5.98.0'} (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 "
            f"ua/2.1 os/{'macos' if system == 'mac' else 'linux'} lang/go#1.23.8 md/GOARCH#amd64 api/{service}#1.219.0"
        )
    if kind == "go":
        return f"aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.8 md/GOOS#linux md/GOARCH#arm64 api/{service}#1.35.4 m/E"
    if kind == "java":
        return "aws-sdk-java/2.31.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.134 lang/java#21.0.7 md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE m/D"
    if kind == "lambda":
        return "Boto3/1.38.23 md/Botocore#1.38.23 ua/2.1 os/linux#5.10.236 md/arch#x86_64 lang/python#3.12.10 exec-env/AWS_Lambda_python3.12 Botocore/1.38.23"
    raise ValueError(f"no such client: {kind}")


def _names(account: str) -> dict[str, tuple[str, ...]]:
    short = ACCOUNTS.get(account, "prod")
    number = {
        word: tuple(f"{word}-0{stable_hex(16, account, word, i)}" for i in range(6))
        for word in ("i", "vol", "snap", "sg", "vpc", "subnet")
    }
    return {
        "instance": number["i"],
        "volume": number["vol"],
        "snapshot": number["snap"],
        "group": number["sg"],
        "vpc": number["vpc"][:2],
        "subnet": number["subnet"][:3],
        "bucket": tuple(f"{short}-{n}-eu" for n in ("shop-assets", "reports", "datalake", "artifacts", "invoices")),
        "secret": (f"{short}/shop/db", f"{short}/shop/payment"),
        "parameter": tuple(f"/{short}/shop/{n}" for n in ("flags", "endpoint", "limits")),
        "function": ("invoice-fn", "thumbnail-fn", "webhook-fn", "export-fn"),
        "table": ("orders", "carts", "sessions"),
        "queue": tuple(f"https://sqs.eu-central-1.amazonaws.com/{account}/{n}" for n in ("orders", "mails")),
        "loggroup": ("/aws/lambda/invoice-fn", "/ecs/orders", "/aws/lambda/webhook-fn"),
        "cluster": ("shop",),
        "service": ("orders", "frontend", "search"),
        "repository": ("orders", "frontend", "search"),
        "stack": ("shop-network", "shop-app"),
        "database": ("sales", "events"),
        "rds": ("shop-db", "shop-db-replica"),
        "role": ("web-app", "invoice-fn", "orders-task", "ci-deploy"),
        "alarm": ("orders-5xx", "db-cpu"),
        "asg": ("shop-web",),
        "key": tuple(
            f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
            for h in (stable_hex(32, account, "kms", i) for i in range(2))
        ),
        "task": tuple(stable_hex(32, account, "task", i) for i in range(4)),
        "stream": tuple(stable_hex(32, account, "stream", i) for i in range(4)),
        "workgroup": ("primary",),
        "topic": (f"arn:aws:sns:eu-central-1:{account}:alerts",),
        "detector": (stable_hex(32, account, "detector"),),
    }


STOCK = {account: _names(account) for account in (*ACCOUNTS, PARTNER)}
_WORD = re.compile(r"<([a-z0-9]+)>")


class Filler:
    """Fill a template's <words> from an account's stock; one word keeps its value through one call."""

    def __init__(self, chance: random.Random, account: str, region: str, values: dict[str, str] | None = None) -> None:
        self.chance, self.account = chance, account
        self.values = {"account": account, "region": region, **(values or {})}

    def word(self, name: str) -> str:
        """Return the value of a word, drawn at its first use."""
        if name not in self.values:
            stock = STOCK[self.account].get(name)
            if stock:
                self.values[name] = self.chance.choice(stock)
            elif name.startswith("hex"):
                self.values[name] = hexes(self.chance, int(name[3:]))
            elif name.startswith("text"):
                self.values[name] = text(self.chance, int(name[4:]))
            else:
                self.values[name] = guid(self.chance)
        return self.values[name]

    def fill(self, template: Any) -> Any:
        """Return the template with all words filled in."""
        if isinstance(template, str):
            return _WORD.sub(lambda found: self.word(found[1]), template) if "<" in template else template
        if isinstance(template, dict):
            return {key: self.fill(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self.fill(value) for value in template]
        return template
