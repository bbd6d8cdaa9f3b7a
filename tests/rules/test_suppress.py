"""A suppression is proposed with what it would have hidden, written where it is read, and never lets a story go."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import trailwatch
from trailwatch import cli, config
from trailwatch.config.append import append
from trailwatch.digest.basis import notes
from trailwatch.errors import ConfigError
from trailwatch.findings.proposal import propose
from trailwatch.findings.suppress import ending

HOSTILE = "x\x1b[31m' or 1=1 --\u202e<script>"
RULE = """title = "{{who}} did {name}"
severity = "{severity}"
practices = ["monitoring"]
attack = ["{attack}"]
why = "w"
misses = "m"
where = "event_name = '{name}'"
[fires."it"]
eventName = "{name}"
[silent."other"]
eventName = "Other"
"""
SETTINGS = '[rules]\nfolders = ["own"]\n\n[networks]\noffice = ["198.51.100.0/24"]\n\n[model]\nenabled = false\n'


@pytest.fixture(scope="module")
def made(trail, tmp_path_factory) -> Path:
    """A folder with a configuration, own detections, and a store with the digests of four days."""
    folder = tmp_path_factory.mktemp("suppress")
    (folder / "own").mkdir()
    (folder / "own" / "users-listed.toml").write_text(
        RULE.format(name="ListUsers", severity="medium", attack="T1087.004")
    )
    (folder / "own" / "a-user-deleted.toml").write_text(RULE.format(name="DeleteUser", severity="high", attack="T1531"))
    (folder / "trailwatch.toml").write_text(SETTINGS)
    shutil.copytree(trail.store.uri, folder / "store")
    here = Path.cwd()
    os.chdir(folder)
    try:
        for day in ("2026-01-07", "2026-01-08", "2026-01-09", "2026-01-10"):
            trailwatch.open("store", config="trailwatch.toml").digest(day)
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def folder(made, tmp_path, monkeypatch) -> Path:
    """A copy of it in which the command is run."""
    for name in [name for name in os.environ if name.startswith("TRAILWATCH_")]:
        monkeypatch.delenv(name)
    shutil.copytree(made, tmp_path / "at")
    monkeypatch.chdir(tmp_path / "at")
    return tmp_path / "at"


def run(monkeypatch, capsys, *arguments: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["trailwatch", *map(str, arguments), "--store", "store"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    code = left.value.code
    assert isinstance(code, int | None)
    return code or 0, *capsys.readouterr()


def found(detection: str, principal: str = "") -> str:
    trail = trailwatch.open("store", config="trailwatch.toml")
    return next(
        row["id"] for row in trail.findings() if row["detection"] == detection and row["principal"].endswith(principal)
    )


def test_the_best_proposal_hides_the_finding_on_all_its_days_and_little_else(folder) -> None:
    trail = trailwatch.open("store", config="trailwatch.toml")
    told = propose(trail.store, trail.finding(found("users-listed", "bob")), config=trail.config)
    assert len(told.history) == 8
    assert told.unseen == 0
    best = told.choices[0]
    assert best.fields == {"principal": "111122223333/user/bob", "network": "203.0.113.0/24"}
    assert (best.same, best.others) == (4, 0)
    # svc comes from a network with a name, and both share the account.
    other = propose(trail.store, trail.finding(found("users-listed", "svc")), config=trail.config)
    assert other.choices[0].fields == {"principal": "111122223333/user/svc", "network": "office"}
    assert all(len(choice.fields) >= 1 for choice in told.choices)


def test_only_the_asked_fields_are_used(folder) -> None:
    trail = trailwatch.open("store", config="trailwatch.toml")
    told = propose(trail.store, trail.finding(found("users-listed", "bob")), config=trail.config, fields=["account"])
    (only,) = told.choices
    assert (only.same, only.others) == (4, 4)
    assert not propose(
        trail.store, trail.finding(found("users-listed", "bob")), config=trail.config, fields=["target"]
    ).choices


def test_a_proposal_is_shown_and_nothing_is_written(folder, monkeypatch, capsys) -> None:
    code, out, err = run(monkeypatch, capsys, "suppress", found("users-listed", "bob"))
    assert code == 0
    assert "8 findings of users-listed, as told on 4 days from 2026-01-07 to 2026-01-10" in out
    assert "2026-01-08 medium: bob did ListUsers" in out
    block = tomllib.loads(out[out.index("[[suppress]]") :])["suppress"][0]
    assert block["detection"] == "users-listed"
    assert "nothing is written" in err
    assert (folder / "trailwatch.toml").read_text() == SETTINGS


def test_it_is_written_and_hides_but_keeps_the_story(folder, monkeypatch, capsys) -> None:
    (folder / "trailwatch.toml").chmod(0o640)
    until = date(2026, 1, 20)
    before = trailwatch.open("store", config="trailwatch.toml").digest("2026-01-10")
    assert before.coverage.suppressed == 0
    later = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    code, out, err = run(monkeypatch, capsys, "suppress", found("users-listed", "svc"), "--reason", 'nightly "sync"\n',
                         "--owner", "carol", "--until", later)  # fmt: skip
    assert (code, "added to trailwatch.toml" in err) == (0, True)
    assert "[[suppress]]" in out
    text = (folder / "trailwatch.toml").read_text()
    assert text.startswith(SETTINGS)
    assert stat.S_IMODE((folder / "trailwatch.toml").stat().st_mode) == 0o640
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    (entry,) = config.load("trailwatch.toml").suppress
    assert (entry.detection, entry.network, entry.owner, entry.reason) == (
        "users-listed",
        "office",
        "carol",
        'nightly "sync"\n',
    )
    (folder / "trailwatch.toml").write_text(text.replace(later, until.isoformat()))
    page = trailwatch.open("store", config="trailwatch.toml").digest("2026-01-10")
    assert page.coverage.suppressed == 1
    assert [one.principal.rpartition("/")[2] for one in page.suppressed] == ["svc"]
    assert [one.until for one in page.coverage.ending] == [until]
    said = list(notes(page))
    assert any(line.startswith("1 finding suppressed") for line in said)
    assert any("ends on 2026-01-20 (owner carol)" in line for line in said)
    # The same findings belong to the same stories, silenced or not.
    assert {one.id: one.findings for one in page.incidents} == {one.id: one.findings for one in before.incidents}


def test_hostile_names_stay_names(folder, monkeypatch, capsys) -> None:
    code, out, _ = run(monkeypatch, capsys, "suppress", found("a-user-deleted"), "--field", "target", "--reason", HOSTILE,
                       "--owner", HOSTILE)  # fmt: skip
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "CAREFUL: it hides 1 finding of high or critical severity" in out
    (entry,) = config.load("trailwatch.toml").suppress
    assert (entry.reason, entry.owner) == (HOSTILE, HOSTILE)
    page = trailwatch.open("store", config="trailwatch.toml").digest("2026-01-10")
    assert [one.detection for one in page.suppressed] == ["a-user-deleted"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["000000000000"], "no digest holds a finding"), (["FOUND", "--until", "2020-01-01"], "is over"),
        (["FOUND", "--until", "soon"], "is not a day"), (["FOUND", "--field", "target"], "in common"),
        (["FOUND", "--field", "principal", "--reason", " ", "--owner", "carol"], "no reason"),
        (["FOUND", "--field", "principal", "--reason", "nightly", "--owner", "TODO"], "no owner"),
    ],
)  # fmt: skip
def test_what_cannot_be_suppressed_is_said(folder, monkeypatch, capsys, options, told) -> None:
    named = [found("users-listed", "bob") if one == "FOUND" else one for one in options]
    code, _, err = run(monkeypatch, capsys, "suppress", *named)
    assert code in (1, 2)
    assert told in err
    assert (folder / "trailwatch.toml").read_text() == SETTINGS


def test_a_file_that_would_not_be_read_any_more_stays_as_it_is(tmp_path) -> None:
    path = tmp_path / "trailwatch.toml"
    path.write_text("suppress = []\n")
    with pytest.raises(ConfigError, match="cannot be added"):
        append(str(path), '[[suppress]]\ndetection = "a"\n')
    assert path.read_text() == "suppress = []\n"
    assert [one.name for one in tmp_path.iterdir()] == ["trailwatch.toml"]
    append(str(tmp_path / "new.toml"), "[model]\nbudget = 2.0\n")
    assert config.load(str(tmp_path / "new.toml"), environment={}).model.budget == 2.0
    assert stat.S_IMODE((tmp_path / "new.toml").stat().st_mode) == 0o600


def test_ends_are_told_for_two_weeks_before() -> None:
    day = date(2026, 1, 10)
    entries = [config.Suppression(detection="a", principal="b", reason="r", owner="o", until=day + timedelta(days=days))
               for days in (-1, 13, 0, 14)]  # fmt: skip
    told = ending(config.Config(suppress=entries), day=day)
    assert [(one.until - day).days for one in told] == [0, 13]
