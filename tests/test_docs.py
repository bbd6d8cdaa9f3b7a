"""The README is run: its commands, its Python, its detection and its configuration are real, and so is what it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from verify.chains import key_file, pack, sound, to_folder

import trailwatch
from trailwatch import cli, config
from trailwatch.detect.check import check

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:<!-- (?P<mark>.+?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block, and the remark that stands right above it."""

    mark: str
    kind: str
    text: str


BLOCKS = [Block(found["mark"] or "", found["kind"], found["text"]) for found in _BLOCK.finditer(README)]


def _block(mark: str) -> Block:
    (found,) = [block for block in BLOCKS if block.mark.startswith(mark)]
    return found


def _run(folder: Path, *arguments: str, code: int = 0) -> str:
    environment = os.environ | {"PYTHONPATH": str(Path(trailwatch.__file__).parent.parent), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@dataclass(frozen=True)
class Demo:
    """A folder in which the demo ran, and what it printed."""

    folder: Path
    out: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    return Demo(folder, _run(folder, "-m", "trailwatch", "demo", "--keep", "demo"))


def _missing(shown: str, real: str) -> str:
    """Return the first shown line that is not the next one of what is real; a line of … passes over any number."""
    lines, place, passing = [line.rstrip() for line in real.splitlines()], 0, False
    for line in shown.splitlines():
        if line.strip() == "…":
            passing = True
            continue
        places = [
            at
            for at in range(place, len(lines) if passing else min(place + 1, len(lines)))
            if lines[at] == line.rstrip()
        ]
        if not places:
            return line
        place, passing = places[0] + 1, False
    return ""


def test_a_shown_line_that_is_not_real_is_found() -> None:
    assert _missing("a\n…\nc\n", "a\nb\nc\nd\n") == ""
    assert _missing("a\nc\n", "a\nb\nc\n") == "c"
    assert _missing("a\n…\nx\n", "a\nb\nc\n") == "x"
    assert _missing("…\nb\n…\na\n", "a\nb\nc\n") == "a"


def test_the_first_screen_is_what_the_demo_prints(demo) -> None:
    shown = _block("digest: trailwatch demo").text
    assert 12 <= len(shown.splitlines()) <= 28
    assert README.index(shown) < 400
    assert _missing(shown, demo.out) == ""
    assert (demo.folder / "demo" / "digest-2026-07-28.html").is_file()


def test_the_two_commands_stand_there() -> None:
    shell = [block.text.strip() for block in BLOCKS if block.kind == "sh"]
    assert shell[0] == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/trailwatch demo"
    assert shell[1] == "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest"


def test_the_python_prints_what_is_shown(demo) -> None:
    place = BLOCKS.index(_block("python: "))
    assert BLOCKS[place + 1].kind == "text"
    assert _run(demo.folder, "-c", BLOCKS[place].text) == BLOCKS[place + 1].text


def test_the_conditions_are_those_of_the_demo(demo) -> None:
    place = BLOCKS.index(_block("conditions"))
    words = shlex.split(BLOCKS[place].text)
    assert BLOCKS[place + 1].kind == "text"
    assert _missing(BLOCKS[place + 1].text, _run(demo.folder, "-m", *words)) == ""


def test_what_verify_says_of_a_copy(tmp_path) -> None:
    chain = sound(hours=24)
    changed, deleted = chain.logs()[2], chain.logs()[4]
    chain.objects[changed].data = pack({"Records": []})
    del chain.objects[deleted]
    to_folder(chain, tmp_path / "copy")
    key_file(tmp_path / "keys.json", chain)
    place = BLOCKS.index(_block("verify: "))
    (words,) = [shlex.split(line) for line in BLOCKS[place].text.splitlines() if line.endswith("--keys keys.json")]
    assert _missing(BLOCKS[place + 1].text, _run(tmp_path, "-m", *words, code=cli.FINDINGS)) == ""


def test_the_detection_is_a_file_of_the_catalogue() -> None:
    block = _block("file: ")
    path = ROOT / block.mark.removeprefix("file: ")
    assert path.read_text(encoding="utf-8") == block.text
    assert check(path) == []


def test_the_configuration_is_read(tmp_path, monkeypatch) -> None:
    (tmp_path / "trailwatch.toml").write_text(_block("config").text)
    monkeypatch.chdir(tmp_path)
    found = config.load()
    assert found.people["alice@example.com"].shifts == ["mon-fri 09:00-18:00"]
    assert found.suppress[0].owner == "carol"


def test_the_policy_reads_and_writes_nothing() -> None:
    (policy,) = [json.loads(block.text) for block in BLOCKS if block.kind == "json"]
    assert [statement["Action"] for statement in policy["Statement"]] == ["s3:ListBucket", "s3:GetObject"]


def test_the_generated_policy_is_what_the_command_prints(demo) -> None:
    place = BLOCKS.index(_block("policy: svc-reports"))
    shown, piped = (shlex.split(line.partition(">")[0])[1:] for line in BLOCKS[place].text.splitlines())
    assert _missing(BLOCKS[place + 1].text, _run(demo.folder, "-m", "trailwatch", *shown)) == ""
    assert json.loads(_run(demo.folder, "-m", "trailwatch", *piped))["Version"] == "2012-10-17"


@pytest.fixture
def damaged(demo, tmp_path) -> Path:
    """A folder with a copy of the demo whose newest day of events is cut off, and with its logs."""
    shutil.copytree(demo.folder / "demo", tmp_path / "demo")
    shutil.copytree(ROOT / "sample_logs", tmp_path / "demo" / "logs", dirs_exist_ok=True)
    last = max((tmp_path / "demo" / "store" / "events").glob("dt=*/*/*.parquet"))
    last.write_bytes(last.read_bytes()[:500])
    return tmp_path


def test_a_damaged_store_is_mended_as_shown(damaged) -> None:
    place = BLOCKS.index(_block("repair"))
    printed = [_run(damaged, "-m", *shlex.split(line)) for line in BLOCKS[place].text.splitlines()]
    shown = BLOCKS[place + 1].text
    first, rest = shown.split("\n", 1)
    assert printed[0].startswith(first.rstrip("…"))
    assert _missing(rest, printed[0].split("\n", 1)[1]) == ""
    assert "Nothing is damaged." in _run(damaged, "-m", *shlex.split(BLOCKS[place].text.splitlines()[0]))


def test_what_a_forget_would_take_is_shown(demo) -> None:
    place = BLOCKS.index(_block("forget"))
    assert _missing(BLOCKS[place + 1].text, _run(demo.folder, "-m", *shlex.split(BLOCKS[place].text))) == ""


def _called() -> Iterator[list[str]]:
    for block in BLOCKS:
        for line in block.text.splitlines() if block.kind in {"sh", "cron"} else ():
            for part in line.partition("  #")[0].split("&&"):
                words = part.split()
                if words and Path(words[0]).name == "trailwatch":
                    yield shlex.split(part)[1:]
    for inline in re.findall(r"`trailwatch ([^`]+)`", README):
        yield shlex.split(inline)


@pytest.mark.parametrize("words", list(_called()), ids=" ".join)
def test_commands_and_options_of_the_readme_exist(words) -> None:
    found: Any = typer.main.get_command(cli.app)
    while words and words[0] in getattr(found, "commands", ()):
        found, words = found.commands[words[0]], words[1:]
    assert not hasattr(found, "commands"), f"{words[0]} is no command"
    known = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", README))
def test_links_lead_somewhere(target) -> None:
    assert target.startswith("https://") or (ROOT / target).exists()


def test_changes_come_last() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE)[-1] == "Changes"


def test_exit_codes_are_the_programs() -> None:
    codes = {
        "fine": cli.FINE,
        "error": cli.ERROR,
        "usage": cli.USAGE,
        "findings": cli.FINDINGS,
        "gaps": cli.GAPS,
        "cancelled": cli.CANCELLED,
    }
    (line,) = [line for line in README.splitlines() if "Exit codes:" in line]
    for word, code in codes.items():
        assert re.search(rf"\b{code} {word}", line), word


def _commands() -> Iterator[tuple[str, Any]]:
    root: Any = typer.main.get_command(cli.app)
    waiting = [("trailwatch", root)]
    while waiting:
        name, command = waiting.pop()
        yield name, command
        waiting += [(f"{name} {inner}", found) for inner, found in getattr(command, "commands", {}).items()]


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in _commands()])
def test_every_command_and_option_has_a_sentence_of_help(name, command) -> None:
    first = (command.help or "").split("\n\n")[0].strip()
    assert first.endswith("."), name
    assert first[0].isupper()
    silent = [
        parameter.name
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "help", None)
    ]
    assert silent == []
