"""The recipes name commands and options that exist, and say of themselves what was run."""

from __future__ import annotations

import json
import re
import shlex
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer

from trailwatch import cli

FOLDER = Path(__file__).parent.parent / ".github" / "scheduling"
RECIPE = (FOLDER / "README.md").read_text(encoding="utf-8")
RUN = typer.main.get_command(cli.app).commands["run"]  # type: ignore[attr-defined]
OPTIONS = {name for parameter in RUN.params for name in parameter.opts}


def _commands() -> list[list[str]]:
    (cron,) = [line for line in (FOLDER / "trailwatch.cron").read_text().splitlines() if "trailwatch run" in line]
    service = RawConfigParser(strict=False)
    service.optionxform = str  # type: ignore[assignment]
    service.read(FOLDER / "trailwatch.service")
    (task,) = [block for block in _json() if "containerDefinitions" in block]
    image = re.findall(r"^CMD (\[.*\])$", (FOLDER / "Containerfile").read_text(), re.MULTILINE)
    return [
        shlex.split(cron.partition("trailwatch run")[2].partition(">>")[0]),
        shlex.split(service["Service"]["ExecStart"].partition(" run")[2]),
        task["containerDefinitions"][0]["command"][1:],
        json.loads(image[0])[1:],
    ]


def _json() -> list[dict]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", RECIPE, re.DOTALL)]


@pytest.mark.parametrize("words", _commands(), ids=["cron", "systemd", "ecs", "image"])
def test_every_recipe_runs_what_exists(words) -> None:
    assert {word for word in words if word.startswith("--")} <= OPTIONS
    assert "--quiet" in words


def test_every_recipe_is_listed_and_says_whether_it_was_run() -> None:
    rows = {
        found: row for row in RECIPE.splitlines() if row.startswith("|") for found in re.findall(r"\]\((.+?)\)", row)
    }
    assert set(rows) == {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert all(re.search(r"\| (?:yes|no|not|`)", row) for row in rows.values())


def test_the_service_has_no_more_than_it_needs() -> None:
    text = (FOLDER / "trailwatch.service").read_text()
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "SuccessExitStatus=3 4",
    ):
        assert line in text.splitlines()
    assert "USER 10001" in (FOLDER / "Containerfile").read_text().splitlines()
