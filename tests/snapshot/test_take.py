"""Snapshots in the store: history, what changed, the last good one that stays, and hostile content."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import exports
import pytest

import trailwatch as tw
from trailwatch import cli
from trailwatch.errors import ConfigError
from trailwatch.snapshot import take as taking
from trailwatch.snapshot.export import DETAILS, REPORT, SUMMARY

A = exports.ACCOUNT
NEWEST = """select body from snapshots where status = 'good' and account = $$111122223333$$ and kind = $$credential-report$$
            order by taken_at desc limit 1"""


def _put(trail: tw.Trail, folder: Path, taken: str, **files: Any) -> taking.Taken:
    for old in folder.glob("*"):
        old.unlink()
    return trail.snapshot(str(exports.write(folder, **files)), taken=taken)


def test_history_is_kept_and_changes_are_told(trail, tmp_path) -> None:
    folder = tmp_path / "exports"
    first = _put(trail, folder, "2026-07-01", **{"r.csv": exports.REPORT, "d.json": exports.DETAILS})
    assert [line.first for line in first.lines] == [True, True]
    assert first.changes() == []
    fewer = {**exports.DETAILS, "UserDetailList": exports.DETAILS["UserDetailList"][:1]}
    second = _put(
        trail, folder, "2026-07-02", **{"r.csv": exports.REPORT.replace(exports.BOB_ROW, "").strip(), "d.json": fewer}
    )
    # Both exports tell of bob, and he is told of once.
    assert [(account, one.change, one.what, one.name) for account, one in second.changes()] == [
        (A, "removed", "user", "bob")
    ]
    third = _put(trail, folder, "2026-07-03", **{"r.csv": exports.REPORT})
    assert [(one.change, one.name) for _, one in third.changes()] == [
        ("added", "key 1 of bob"), ("added", "key 2 of bob"), ("added", "bob"),
    ]  # fmt: skip
    rows = list(trail.sql("select kind, cast(dt as text) as day, status, digest from snapshots order by all"))
    assert [row["day"] for row in rows if row["kind"] == REPORT] == ["2026-07-01", "2026-07-02", "2026-07-03"]
    assert len({row["digest"] for row in rows if row["kind"] == REPORT}) == 2


def test_an_older_export_finds_its_place(trail, tmp_path) -> None:
    folder = tmp_path / "exports"
    _put(trail, folder, "2026-07-03", **{"r.csv": exports.REPORT})
    late = _put(trail, folder, "2026-07-01", **{"r.csv": exports.REPORT.replace(exports.BOB_ROW, "").strip()})
    assert [line.first for line in late.lines] == [True]
    middle = _put(trail, folder, "2026-07-02", **{"r.csv": exports.REPORT})
    assert {one.name for _, one in middle.changes()} == {"bob", "key 1 of bob", "key 2 of bob"}


def test_the_same_export_is_kept_once(trail, tmp_path) -> None:
    files = {"r.csv": exports.REPORT, "empty.json": b""}
    _put(trail, tmp_path / "exports", "2026-07-01", **files)
    again = _put(trail, tmp_path / "exports", "2026-07-01", **files)
    assert [line.known for line in again.lines] == [True, True]
    assert [row["n"] for row in trail.sql("select count(*) as n from snapshots")] == [2]


@pytest.mark.parametrize("broken", [b"", exports.REPORT[:-30].encode(), b'{"Records": []}', b"\x1f\x8b\x08"])
def test_a_broken_export_leaves_the_last_good_one(trail, tmp_path, broken) -> None:
    _put(trail, tmp_path / "exports", "2026-07-01", **{"r.csv": exports.REPORT})
    done = _put(trail, tmp_path / "exports", "2026-07-02", **{"r.csv": broken, "s.json": {"SummaryMap": exports.SUMMARY},
                                                              "d.json": exports.DETAILS})  # fmt: skip
    (failed,) = done.failed
    assert {line.kind for line in done.good} == {SUMMARY, DETAILS}
    assert failed.source == "r.csv"
    (row,) = trail.sql("select account, status, reason, digest, body from snapshots where status = 'failed'")
    assert row == {"account": A, "status": "failed", "reason": failed.reason, "digest": "", "body": ""}
    (newest,) = trail.sql(NEWEST)
    assert [user["user"] for user in json.loads(newest["body"])] == ["<root_account>", "alice", "bob"]
    after = _put(trail, tmp_path / "exports", "2026-07-03", **{"r.csv": exports.REPORT})
    assert after.changes() == []


def test_many_exports_are_written_in_few_commits(trail, tmp_path, monkeypatch) -> None:
    for number in range(20):
        account = f"{number + 100000000000}"
        exports.write(tmp_path / "exports" / account, **{"r.csv": exports.REPORT.replace(A, account)})
    trail.snapshot(str(tmp_path / "exports"))
    assert trail.store.version("snapshots") == 1
    monkeypatch.setattr(taking, "BATCH", 3000)
    trail.snapshot(str(tmp_path / "exports"), taken="2026-07-01")
    assert trail.store.version("snapshots") == 11  # two of these reports fill a batch of that size
    assert [row["n"] for row in trail.sql("select count(*) as n from snapshots")] == [40]


def test_what_came_before_a_fault_is_kept(trail, tmp_path) -> None:
    from trailwatch.snapshot.files import exports as read
    from trailwatch.window import parse_moment

    def some() -> Any:
        from datetime import UTC, datetime

        now = datetime.now(UTC)
        yield from read(
            str(exports.write(tmp_path / "e", **{"r.csv": exports.REPORT})),
            taken_at=parse_moment("2026-07-01", now=now),
            now=now,
        )
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        taking.take(trail.store, some())
    assert [row["n"] for row in trail.sql("select count(*) as n from snapshots")] == [1]


HOSTILE = "<script>alert(1)</script>\x1b[2J\u202egnp.exe\n=cmd|' /C calc'!A0\x00\ud800'; drop table snapshots --"


def test_hostile_names_stay_data(trail, tmp_path) -> None:
    role = {**exports.DETAILS["RoleDetailList"][0], "RoleName": HOSTILE, "Arn": f"arn:aws:iam::{A}:role/{HOSTILE}"}
    _put(trail, tmp_path / "e", "2026-07-01", **{"d.json": exports.DETAILS})
    done = _put(trail, tmp_path / "e", "2026-07-02", **{"d.json": {**exports.DETAILS, "RoleDetailList": [role]}})
    assert {one.change for _, one in done.changes()} == {"added", "removed"}
    lines = done.text().splitlines()
    assert all(line[:12] in {A, "1 good, 0 fa"} for line in lines), lines
    (row,) = trail.sql(
        "select json_extract_string(body, '$.RoleDetailList[0].RoleName') as name, "
        "json_extract_string(body, '$.RoleDetailList[0].Path') as path from snapshots order by taken_at desc limit 1"
    )
    assert row["path"] == "/"
    assert row["name"].startswith("<script>")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process, from its arguments to its exit code."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trailwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert isinstance(left.value.code, int | None)
        return (left.value.code or 0, *capsys.readouterr())

    return run


def test_the_command_tells_what_changed(command, tmp_path) -> None:
    folder = exports.write(tmp_path / "e", **{"r.csv": exports.REPORT})
    code, out, err = command("snapshot", "--from", folder, "--store", "s", "--taken", "2026-07-01")
    assert (code, err) == (0, "")
    assert out == f"{A}  kept     credential-report  2026-07-01 00:00Z  r.csv  first\n1 good, 0 failed, 0 changes\n"
    exports.write(folder, **{"r.csv": exports.REPORT.replace("Z,false,true,2025-03", "Z,true,true,2025-03")})
    code, out, err = command("snapshot", "--from", folder, "--store", "s", "--quiet")
    assert (code, err) == (0, "")
    assert f"{A}  changed  user alice  mfa_active: false → true\n" in out
    code, out, _ = command("snapshot", "--from", folder, "--store", "s", "--format", "json")
    assert json.loads(out)["exports"][0]["known"] is True


def test_exit_codes(command, tmp_path) -> None:
    part = exports.write(tmp_path / "part", **{"r.csv": exports.REPORT, "x.json": b""})
    code, out, _ = command("snapshot", "--from", part, "--store", "s")
    assert code == 4
    assert f"{A}  FAILED   unknown  x.json: the file is empty" in out
    assert command("snapshot", "--from", exports.write(tmp_path / "bad", **{"x.json": b""}), "--store", "s")[0] == 1
    for wrong in (("--account", "12"), ("--taken", "2999-01-01"), ("--taken", "garbage")):
        code, out, err = command("snapshot", "--from", part, "--store", "s", *wrong)
        assert (code, out) == (2, "")
        assert err.startswith(f"trailwatch: {wrong[0]}")
    code, _, err = command("snapshot", "--from", "nowhere", "--store", "s")
    assert (code, err.count("\n")) == (1, 1)


def test_hostile_text_reaches_no_terminal(command, tmp_path) -> None:
    folder = exports.write(tmp_path / "e", **{"d.json": exports.DETAILS})
    command("snapshot", "--from", folder, "--store", "s", "--taken", "2026-07-01")
    role = {**exports.DETAILS["RoleDetailList"][0], "RoleName": HOSTILE, "Arn": f"arn:aws:iam::{A}:role/x"}
    exports.write(folder, **{"d.json": {**exports.DETAILS, "RoleDetailList": [role]}})
    (folder / "a\x1b[2Jb.json").write_bytes(b"")
    code, out, _ = command("snapshot", "--from", folder, "--store", "s")
    assert code == 4
    assert not set(out) & set("\x1b\x00\u202e")


def test_the_folder_may_stand_in_the_configuration(command, tmp_path) -> None:
    exports.write(tmp_path / "e", **{"s.json": {"SummaryMap": exports.SUMMARY}})
    (tmp_path / "trailwatch.toml").write_text(f'[snapshot]\nfolder = "e"\naccounts = ["{A}"]\n')
    code, out, _ = command("snapshot", "--store", "s")
    assert (code, out[:12]) == (0, A)


def test_the_daily_job_takes_a_snapshot_where_one_is_wanted(command, tmp_path) -> None:
    from trails import Tree, key, record

    logs = Tree(tmp_path / "logs")
    logs.put(key(1), [record(1)])
    (tmp_path / "trailwatch.toml").write_text('[snapshot]\nfolder = "e"\n')
    code, out, err = command("run", logs.root, "--store", "s", "--quiet", "--strict", "--format", "json")
    assert code == 4
    assert "FAILED   e: there is no such file or folder" in err
    assert json.loads(out)  # the digests are made all the same
    exports.write(tmp_path / "e", **{"r.csv": exports.REPORT})
    code, _, err = command("run", logs.root, "--store", "s", "--quiet")
    assert code == 0
    assert f"{A}  kept     credential-report" in err


def test_live_exports_are_not_of_another_time(trail) -> None:
    with pytest.raises(ConfigError, match="only files"):
        trail.snapshot(taken="2026-07-01")


def test_doctor_looks_at_store_and_snapshots(command, tmp_path) -> None:
    code, out, _ = command("snapshot", "--from", exports.write(tmp_path / "e", **{"r.csv": exports.REPORT}), "--store", "s",
                           "--taken", "2020-01-01")  # fmt: skip
    code, out, _ = command("doctor", "--store", "s")
    assert code == 1
    assert "BAD  store: " in out
    assert f"BAD  snapshot {A} credential-report: last good 2020-01-01 00:00Z" in out
    command("snapshot", "--from", tmp_path / "e", "--store", "s")
    assert f"ok   snapshot {A} credential-report" in command("doctor", "--store", "s")[1]
    exports.write(tmp_path / "e", **{"r.csv": exports.REPORT[:-20]})
    command("snapshot", "--from", tmp_path / "e", "--store", "s")
    assert "the newest failed: line 4 has 18 of 22 columns" in command("doctor", "--store", "s")[1]
