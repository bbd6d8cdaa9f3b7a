"""A store with the digests of two days, and a place for each kind of sink."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aws_api
import botocore.loaders
import pytest
from aiosmtpd.controller import Controller
from digest.reports import CONFIG
from news import FIRST, MONDAY, NOW, news, tell
from sinks.places import S3, Gate, Hub, Mailbox, Place, Ses, Smtp, Sns, Webhook, gate, started

from trailwatch.sinks import mail
from trailwatch.sinks.deliver import Delivery, deliver
from trailwatch.store.tables import Store


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "store"
    made = Store.open(str(folder), create=True)
    tell(made, MONDAY - timedelta(days=1), news(99))
    tell(made, MONDAY, *FIRST)
    return folder


@pytest.fixture
def store(tmp_path: Path, template: Path) -> Store:
    """A store of its own for each test: copied, which is cheaper than made."""
    return Store.open(str(shutil.copytree(template, tmp_path / "store")))


@pytest.fixture
def run(store: Store) -> Callable[..., list[Delivery]]:
    """Send once, with sinks given by name."""

    def once(dry_run: bool = False, only: tuple[str, ...] = (), **sinks: Any) -> list[Delivery]:
        config = CONFIG.__class__(organization=CONFIG.organization, sinks=sinks)
        return deliver(store, config, page=lambda _: "<!doctype html><title>page</title>", now=NOW, dry_run=dry_run,
                       only=only)  # fmt: skip

    return once


@pytest.fixture(scope="session", autouse=True)
def descriptions() -> Iterator[None]:
    """The descriptions of AWS's APIs are read once and not for each client: they are megabytes of JSON."""
    real = botocore.loaders.create_loader
    botocore.loaders.create_loader = functools.cache(real)
    yield
    botocore.loaders.create_loader = real


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws_api.Front]:
    with aws_api.running(tmp_path_factory.mktemp("moto")) as front:
        front.client("sns", "eu-central-1").create_topic(Name="findings")
        front.client("sesv2", "eu-central-1").create_email_identity(EmailIdentity="trailwatch@example.com")
        front.client("securityhub", "eu-central-1").enable_security_hub()
        yield front


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", aws_api.ROOT_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", aws_api.ROOT_SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server() -> Iterator[Gate]:
    with gate() as made:
        yield made


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Smtp]:
    monkeypatch.setattr(mail, "WAITS", (0.01, 0.01))
    with started(Controller(Mailbox(), hostname="127.0.0.1", port=0)) as made:
        yield made


@pytest.fixture(params=["webhook", "s3", "sns", "ses", "security-hub", "smtp"])
def place(request: pytest.FixtureRequest, credentials: None) -> Iterator[Place]:
    """Each kind of sink that has a server, with it."""
    if request.param == "smtp":
        yield request.getfixturevalue("post")
        return
    kinds = {"webhook": Webhook, "s3": S3, "sns": Sns, "ses": Ses, "security-hub": Hub}
    behind = request.getfixturevalue("moto").port if request.param in ("sns", "ses", "security-hub") else 0
    with gate(behind) as made:
        yield kinds[request.param](made)
