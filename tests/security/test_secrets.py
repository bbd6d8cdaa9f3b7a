"""Secrets stay where they are: in the environment and in the configuration, not in what is printed, raised or kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from trailwatch import config
from trailwatch.cli import look
from trailwatch.config.sinks import WebhookSink
from trailwatch.errors import ConfigError
from trailwatch.sinks.notice import Message, SinkError
from trailwatch.sinks.webhook import ToWebhook

SECRET = "B0000SECRETTOKEN"  # noqa: S105 — the secret of nobody


def test_the_configuration_is_printed_without_the_address_of_a_webhook(tmp_path: Path, capsys) -> None:
    file = tmp_path / "trailwatch.toml"
    file.write_text(f'[sinks.team]\nkind = "webhook"\nurl = "https://hooks.example.com/services/{SECRET}"\n')
    look.config(config=str(file))
    printed = capsys.readouterr().out
    assert "https://hooks.example.com/…" in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/services/{SECRET}", f"https://[::1/{SECRET}", f"http://user:{SECRET}@127.0.0.1:1/", f"ftp://x/{SECRET}",
        f"http://{'a' * 300}.example/{SECRET}", f"http://\u2024\u2025/{SECRET}", f"http://127.0.0.1:99999/{SECRET}", f"http:///{SECRET}",
    ],
)  # fmt: skip
def test_a_webhook_that_cannot_be_reached_is_told_without_its_address(url: str, monkeypatch) -> None:
    monkeypatch.setattr("trailwatch.sinks.webhook.PATIENCE", 0)
    with pytest.raises(SinkError) as raised:
        ToWebhook("team", WebhookSink(url=url)).send(Message((), "{}", b"{}"))
    error: BaseException | None = raised.value
    assert SECRET not in str(error)
    assert "team" in str(error)


def test_a_mistake_beside_a_secret_does_not_show_it(tmp_path: Path) -> None:
    file = tmp_path / "trailwatch.toml"
    for body in (
        f'kind = "webhook"\nurl = ["{SECRET}"]',
        f'kind = "webhook"\nurl = "{SECRET}"\nurll = 1',
        f'kind = "{SECRET}',
    ):
        file.write_text(f"[sinks.team]\n{body}\n")
        with pytest.raises(ConfigError) as raised:
            config.load(str(file), environment={})
        assert SECRET not in str(raised.value)


def test_a_sink_of_the_configuration_adds_no_head_to_a_mail(tmp_path: Path) -> None:
    file = tmp_path / "trailwatch.toml"
    for change in ('from = "a@x\\nBcc: evil@x"\nto = ["b@x"]', 'from = "a@x"\nto = ["b@x", "c@x\\r\\nBcc: evil@x"]'):
        file.write_text(f'[sinks.team]\nkind = "smtp"\nhost = "mail.example.com"\n{change}\n')
        with pytest.raises(ConfigError, match="control character"):
            config.load(str(file), environment={})
