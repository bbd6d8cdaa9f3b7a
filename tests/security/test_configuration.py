"""Configurations and rules that are made to hurt: deep, huge, of odd types, with patterns that explode elsewhere."""

from __future__ import annotations

import fnmatch
import time
from pathlib import Path

import pytest

from trailwatch import config
from trailwatch.detect.detection import parse, read
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.policy import patterns

BOMBS = {
    "deep lists": "x = " + "[" * 20_000 + "]" * 20_000,
    "deep tables": "x = " + "{a=" * 5_000 + "1" + "}" * 5_000,
    "deep names": "people." + "a." * 5_000 + "b = 1",
    "a number of thousands of digits": "[model]\nseed = " + "9" * 5_000,
    "a table that is a number": "networks = 1",
    "a list that is a text": '[rules]\nfolders = "x"',
    "a section that is a text": 'store = "x"',
    "a network without an end": '[networks]\nx = ["10.0.0.0/-1"]',
    "a zone that is a path": '[people.x]\ntime_zone = "../../etc/passwd"',
    "a zone of zeros": '[people.x]\ntime_zone = "Europe/Berlin\\u0000"',
    "a zone that is a part of the world": '[people.x]\ntime_zone = "Europe"',
    "a zone that no file can be named after": f'[people.x]\ntime_zone = "{"x" * 300}"',
    "a kind that is a table": "[sinks.x]\nkind = { a = 1 }",
    "no text": "\x00\x01\x02",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_it_is_refused_at_once_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "trailwatch.toml"
    file.write_text(text)
    start = time.process_time()
    with pytest.raises(TrailwatchError) as refused:
        config.load(str(file), environment={"TRAILWATCH_STORE": "elsewhere"})
    assert str(file) in refused.value.where
    with pytest.raises(TrailwatchError):
        parse(text, name="x")
    assert time.process_time() - start < 5


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "trailwatch.toml"
    file.write_text("#" * 11_000_000)
    for reader in (
        lambda: config.load(str(file), environment={}),
        lambda: read(file),
        lambda: config.load("/dev/zero", environment={}),
    ):
        with pytest.raises(TrailwatchError):
            reader()


def test_patterns_do_not_explode() -> None:
    start = time.process_time()
    assert not patterns.matches(patterns.glob("*a" * 200 + "b"), "a" * 2_000)
    assert not patterns.matches(patterns.glob("*a" * 200 + "b"), "a\0" * 1_000)
    assert not fnmatch.fnmatchcase("a" * 5_000, "*a" * 100 + "b")
    with Engine() as engine:
        for sign, kind in (("*", "glob"), ("%", "like"), ("%", "ilike")):
            asked = engine.rows(f"select $text {kind} $pattern", text="a" * 5_000, pattern=f"{sign}a" * 100 + "b")
            assert asked == [(False,)]
    assert time.process_time() - start < 10
