"""Results on stdout or in a private file, and nothing in them that a terminal or a spreadsheet would obey."""

from __future__ import annotations

import json
import re
import stat
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from trails import Tree, key, record

from trailwatch.cli import output
from trailwatch.cli.bar import Bar

STORY = "2026-07-28"
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m=cmd|' /C calc'!A0"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Logs whose every free text tries to take over the terminal."""
    user = record()["userIdentity"] | {"userName": EVIL, "arn": f"arn:aws:iam::111122223333:user/{EVIL}"}
    base = {"userIdentity": user, "userAgent": EVIL, "requestParameters": {"bucketName": EVIL, "userName": EVIL}}
    tree = Tree(tmp_path / "logs")
    tree.put(key(1), [
        record(1, **base), record(2, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False, **base),
        record(3, eventSource="iam.amazonaws.com", eventName="CreateAccessKey", readOnly=False, **base),
        record(4, errorCode=EVIL, errorMessage=EVIL, **base),
    ])  # fmt: skip
    tree.put(key(2), b"not gzip", packed=False)
    tree.put("AWSLogs/\x1b[31mred.json", b"{", packed=False)
    return tree.root


def test_ingest_accounts_in_json(command, sample_logs, settings) -> None:
    done = command(
        "ingest",
        sample_logs,
        "--store",
        "store",
        "--config",
        settings,
        "--from",
        STORY,
        "--to",
        STORY,
        "--format",
        "json",
    )
    values = json.loads(done.out)
    assert values["read"] > 0
    assert values["records"] == values["events"] + sum(values["others"].values())
    again = json.loads(
        command("ingest", sample_logs, "--store", "store", "--from", STORY, "--to", STORY, "--format", "json").out
    )
    assert (again["read"], again["events"], again["known"]) == (0, 0, values["read"])


@pytest.mark.parametrize("kind", ["digest", "scan"])
def test_json_is_what_the_schema_says(command, at, sample_logs, kind) -> None:
    folder = next(path for path in sample_logs.rglob("28") if path.is_dir() and "/2026/07/28" in path.as_posix())
    arguments = ("digest", "--date", STORY, *at) if kind == "digest" else ("scan", folder)
    values = json.loads(command(*arguments, "--format", "json").out)
    schema = (resources.files("trailwatch") / "digest" / "schema" / f"{kind}.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(values)
    assert values["schema"] == 1


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_a_file_is_for_its_owner_alone(command, at, tmp_path, form) -> None:
    target = tmp_path / "digest"
    target.write_text("older and longer" * 10_000)
    target.chmod(0o666)
    done = command("digest", "--date", STORY, "--format", form, "-o", target, *at)
    assert (done.code, done.out, done.err) == (0, "", f"wrote {target}\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "alice" in target.read_text()
    assert "older and longer" not in target.read_text()


def test_a_file_that_cannot_be_written_is_said(command, at) -> None:
    done = command("sql", "select 1", "-o", "no/such/folder/file", *at)
    assert done.code == 1
    assert (
        done.err == "trailwatch: no/such/folder/file: cannot be written: No such file or directory. Try: another file\n"
    )


def test_csv_holds_no_formulas(command, at) -> None:
    query = (
        "select '=cmd()' as a, '+1' as b, '-2' as \"=c\", '@x' as d, 'a' as e, -5 as f, -1.5 as g, chr(9) || '=1' as h"
    )
    assert command("sql", query, "--format", "csv", *at).out == (
        "a,b,'=c,d,e,f,g,h\n'=cmd(),'+1,'-2,'@x,a,-5,-1.5,'·=1\n"
    )


def test_csv_and_json_name_the_zone(command, at) -> None:
    query = "select min(event_time) as first, count(*) as n, null as nothing, 'ä' as text from events where dt = '2026-07-28'"
    line = command("sql", query, "--format", "csv", *at).out.splitlines()[1]
    assert re.fullmatch(r"2026-07-28T\d\d:\d\d:\d\dZ,\d+,,ä", line)
    (row,) = json.loads(command("sql", query, "--format", "json", *at).out)
    assert row["first"].endswith("Z")
    assert row["nothing"] is None
    assert "times in UTC" in command("sql", query, *at).out


def test_a_query_without_rows_is_a_table_without_rows(command, at) -> None:
    assert "0 rows" in command("sql", "select event_id from events where false", *at).out
    assert json.loads(command("sql", "select event_id from events where false", "--format", "json", *at).out) == []
    assert command("sql", "select event_id from events where false", "--format", "csv", *at).out == "event_id\n"


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_hostile_words_reach_no_terminal(command, hostile, form) -> None:
    done = command("scan", hostile, "--format", form)
    assert done.code == 0
    assert not OBEYED.search(done.out + done.err)
    assert "calc" in done.out


def test_hostile_words_reach_no_terminal_from_the_store(command, hostile) -> None:
    told = [
        command("ingest", hostile, "--store", "store"),
        command("ingest", hostile, "--store", "store", "--format", "json"),
    ]
    told += [command("settle", "--store", "store"), command("digest", "--date", "2026-01-05", "--store", "store")]
    everything = "select * from events"
    told += [command("sql", everything, "--store", "store", "--format", form) for form in ("table", "csv", "json")]
    told += [
        command("show", "111122223333/user/" + EVIL, "--store", "store"),
        command("show", EVIL, "--store", "store"),
    ]
    told += [command("sql", f"select {EVIL!r}", "--store", "store"), command("digest", "--store", EVIL)]
    ids = json.loads(command("sql", "select id from findings", "--store", "store", "--format", "json").out)
    assert ids
    told += [command("show", row["id"], "--store", "store") for row in ids]
    for done in told:
        assert not OBEYED.search(done.out + done.err)
        assert "Traceback" not in done.err
    rows = json.loads(told[6].out)
    assert {row["user_agent"] for row in rows} == {EVIL}, "JSON escapes, it does not change"


def test_escapes_are_the_same_text_to_json() -> None:
    text = "\x1b\x7f\x9b\u202e\n\tä"
    assert output.safe(text) == "\\u001b\\u007f\\u009b\\u202e\n\tä"
    assert json.loads(f'"{output.safe(chr(0x9B))}"') == "\x9b"


def test_colours_are_for_people(command, at, monkeypatch) -> None:
    assert "\x1b" not in command("digest", "--date", STORY, *at).out
    monkeypatch.setattr(output, "colors", lambda path: path is None)
    colored = command("digest", "--date", STORY, *at).out
    assert set(re.findall(r"\x1b\[?[^m]*m?", colored)) >= {"\x1b[0m"}
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", colored)


def test_a_reader_that_leaves_is_no_error(process, at) -> None:
    running = process("sql", "select * from events", "--format", "csv", *at)
    assert running.stdout is not None
    assert b"event_id" in running.stdout.readline()
    running.stdout.close()
    assert running.wait(60) == 0
    assert running.stderr is not None
    assert running.stderr.read() == b""
    running.stderr.close()


def test_a_bar_shows_how_far_the_figures_have_come() -> None:
    bar = Bar()
    bar.start("ingest", 2, unit="objects")
    bar.advance(1, events=5)
    bar.advance(1, events=7)
    assert bar._rich is not None
    (task,) = bar._rich.tasks
    bar.finish()
    assert (task.completed, task.fields["figures"]) == (2, "7 events")
