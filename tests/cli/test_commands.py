"""What the smaller commands say: configuration, detections, SQL, identities."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

STORY = "2026-07-28"
RULE = """title = "Trail {target} stopped"
severity = "high"
practices = ["monitoring"]
attack = ["T1562.008"]
why = "Without a trail nothing is recorded."
misses = "Trails that are narrowed."
where = "event_source = 'cloudtrail.amazonaws.com' and event_name = 'StopLogging'"

[fires."stopped"]
base = "api-call"
eventSource = "cloudtrail.amazonaws.com"
eventName = "StopLogging"

[silent."another call"]
base = "api-call"
eventName = "ListBuckets"
"""


def test_config_prints_where_each_value_came_from(command, tmp_path, monkeypatch) -> None:
    (tmp_path / "trailwatch.toml").write_text('[source]\npath = "s3://logs/trail"\n[model]\nbudget = 2.5\n')
    monkeypatch.setenv("TRAILWATCH_MODEL_BUDGET", "3.5")
    lines = command("config", "--store", "elsewhere").out.splitlines()
    assert "store.path = 'elsewhere'  (flag)" in lines
    assert "source.path = 's3://logs/trail'  (trailwatch.toml)" in lines
    assert "model.budget = 3.5  (TRAILWATCH_MODEL_BUDGET)" in lines
    assert "model.seed = 7  (default)" in lines


def test_a_wrong_key_is_named_with_its_place_and_the_nearest_key(command, tmp_path) -> None:
    (tmp_path / "trailwatch.toml").write_text('[source]\npaht = "logs"\n')
    done = command("config")
    assert done.code == 1
    assert done.err == "trailwatch: trailwatch.toml:2:1: unknown key 'paht'. Try: 'path'\n"


def test_init_writes_a_configuration_that_is_read(command, tmp_path) -> None:
    source = 's3://bucket/a"b\\c'
    assert command("init", "--source", source).code == 0
    file = tmp_path / "trailwatch.toml"
    assert tomllib.loads(file.read_text())["source"]["path"] == source
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"source.path = {source!r}  (trailwatch.toml)" in command("config").out.splitlines()


def test_the_hints_of_init_are_a_configuration_too(command, tmp_path) -> None:
    command("init")
    file = tmp_path / "trailwatch.toml"
    file.write_text("\n".join(line.removeprefix("# ") for line in file.read_text().splitlines()[1:]))
    assert command("config").code == 0


def test_init_never_overwrites(command, tmp_path) -> None:
    (tmp_path / "trailwatch.toml").write_text("mine")
    done = command("init")
    assert done.code == 1
    assert done.err.startswith("trailwatch: trailwatch.toml: there is a configuration already")
    assert (tmp_path / "trailwatch.toml").read_text() == "mine"


def test_rules_are_listed_and_shown(command) -> None:
    lines = command("rules", "list").out.splitlines()
    assert len(lines) >= 30
    assert any(line.startswith("root-sign-in ") for line in lines)
    assert tomllib.loads(command("rules", "show", "root-sign-in").out)["severity"] == "high"
    done = command("rules", "show", "no-such")
    assert (done.code, done.out) == (1, "")
    assert "no-such" in done.err


def test_a_lawful_rule_passes_and_joins_the_list(command, tmp_path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own-rule.toml").write_text(RULE)
    assert command("rules", "check", "rules").code == 0
    (tmp_path / "trailwatch.toml").write_text('[rules]\nfolders = ["rules"]\n')
    assert any(line.startswith("own-rule ") for line in command("rules", "list").out.splitlines())


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (('severity = "high"', 'severity = "hgih"'), ":2:", "severity"),
        (('title = "', 'title = "\\q'), ":1:", "TOML"),
        (("event_name = 'StopLogging'\"", "event_nmae = 'StopLogging'\""), ":7:", "event_nmae"),
        (('eventName = "StopLogging"', 'eventName = "StartLogging"'), ":9:", "should fire"),
    ],
)
def test_a_broken_rule_is_named_with_line_and_column(command, tmp_path, change, place, words) -> None:
    file = tmp_path / "own-rule.toml"
    assert change[0] in RULE
    file.write_text(RULE.replace(*change))
    done = command("rules", "check", file)
    assert done.code == 1
    assert f"{file}{place}" in done.out
    assert words in done.out


def test_a_path_without_rules_is_said(command) -> None:
    done = command("rules", "check", "no-such-folder")
    assert done.code == 1
    assert "no-such-folder" in done.out


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select nope from events", "nope"), ("selec 1", "selec"), ("delete from events", "only one SELECT"),
        ("select 1; select 2", "only one SELECT"), ("", "only one SELECT"), ("select * from '/etc/passwd'", "passwd"),
        ("select * from read_text('/etc/passwd')", "passwd"), ("copy events to 'x.csv'", "only one SELECT"),
        ("attach 'x.db'", "only one SELECT"), ("set threads = 1", "only one SELECT"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_run_says_why(command, at, query, words) -> None:
    done = command("sql", query, *at)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("trailwatch: sql: ")
    assert words in done.err
    assert "Traceback" not in done.err
    assert not list(Path.cwd().iterdir())


def test_a_query_that_takes_too_long_is_stopped(command, at) -> None:
    done = command("sql", "select count(*) from range(1000000000000)", "--seconds", "0.5", *at)
    assert done.code == 1
    assert "stopped after" in done.err


def test_views_of_people_are_there(command, at) -> None:
    command("digest", "--date", "2026-07-28", *at)
    for view in ("events", "activity", "sessions", "findings", "incidents", "objects", "seen"):
        (row,) = json.loads(command("sql", f"select count(*) as n from {view}", "--format", "json", *at).out)
        assert row["n"] > 0, view


def test_show_knows_people_and_findings(command, at) -> None:
    command("digest", "--date", "2026-07-28", *at)
    assert command("show", "alice@example.com", *at).out.startswith("alice@example.com  (person)")
    (row,) = json.loads(
        command("sql", "select id from findings where detection = 'admin-granted'", "--format", "json", *at).out
    )
    told = command("show", row["id"], *at).out
    assert "admin-granted" in told
    assert "svc-reports" in told
    done = command("show", "alcie", *at)
    assert (done.code, done.out) == (1, "")
    assert "alice" in done.err
    assert command("show", "000000000000", *at).code == 1


@pytest.mark.parametrize("source", ["no-such-folder", "s3://", "ftp://host/logs"])
def test_a_source_that_is_not_there_is_said(command, source) -> None:
    done = command("ingest", source, "--store", "store")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("trailwatch: ")
    assert done.err.count("\n") == 1


def test_no_source_at_all_is_said(command) -> None:
    done = command("ingest", "--store", "store")
    assert done.code == 1
    assert "no source is given" in done.err


def test_run_does_the_day_and_has_nothing_to_do_again(command, sample_logs, settings, tmp_path) -> None:
    day = ("--store", "store", "--config", settings)
    folder = tmp_path / "logs"
    for path in sample_logs.rglob("*2026/08/14/*"):
        target = folder / path.relative_to(sample_logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    done = command("run", folder, *day, "--format", "html", "-o", "digest.html")
    assert done.code == 0
    assert "objects: " in done.err
    assert (tmp_path / "digest-2026-08-14.html").read_text().startswith("<!doctype html>") or done.err
    again = command("run", folder, *day)
    assert again.code == 0
    assert "0 events" in again.err


def test_simulated_logs_are_ingested(command) -> None:
    assert command("simulate", "made", "--days", "2", "--seed", "3").code == 0
    values = json.loads(command("ingest", "made", "--store", "store", "--format", "json").out)
    assert values["events"] > 100
    assert values["failed_objects"] == 0


def test_settle_accounts_in_json(command, at) -> None:
    assert json.loads(command("settle", "--format", "json", *at).out) is not None


def test_practices_reads_what_the_digest_said(command, at, tmp_path) -> None:
    assert command("practices", "--store", tmp_path / "empty").code == 1
    missing = command("practices", "--date", "2026-07-21", *at)
    assert missing.code == 1
    assert "trailwatch digest --date 2026-07-21" in missing.err
    assert command("digest", "--date", STORY, *at).code == 0
    done = command("practices", "--date", STORY, *at)
    assert done.code == 0
    assert all(f" {number} " in done.out for number in ("R1", "U7", "B3a", "B6"))
    assert "BROKEN    U1 " in done.out
    one = command("practices", "--date", STORY, "--account", "dev", *at).out
    assert "· dev (310987654321)" in one
    assert " 4.15 " in command("practices", "--date", STORY, "--by", "cis", *at).out
    both = command("practices", "--date", STORY, "--by", "cis", "--account", "dev", *at)
    assert (both.code, both.out) == (2, "")
    assert command("practices", "--date", STORY, "--account", "nowhere", *at).code == 2


def test_a_rule_may_not_take_the_name_of_another(command, tmp_path) -> None:
    (tmp_path / "root-sign-in.toml").write_text(RULE)
    done = command("rules", "check", "root-sign-in.toml")
    assert done.code == 1
    assert "the id is taken by" in done.out
