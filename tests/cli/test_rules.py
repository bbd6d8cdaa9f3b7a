"""The commands for those who write detections: exit codes, what goes where, and files that are never overwritten."""

from __future__ import annotations

import json

import pytest

SIGMA = """title: Users listed
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: ListUsers}
  condition: selection
level: low
"""


def test_a_new_rule_is_written_once_and_lacks_only_its_words(command, tmp_path) -> None:
    assert command("rules", "new", "odd-key", "-o", "own").code == 0
    checked = command("rules", "check", "own")
    assert (checked.code, checked.out.count("\n"), checked.out.count("is still to be written")) == (1, 3, 3)
    path = tmp_path / "own" / "odd-key.toml"
    path.write_text(path.read_text().replace("TODO: ", ""))
    assert command("rules", "check", "own").code == 0
    done = command("rules", "new", "odd-key", "-o", "own")
    assert (done.code, "there is a file already" in done.err) == (1, True)
    assert command("rules", "new", "../odd").code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]


def test_sigma_is_translated_and_what_cannot_be_is_said(command, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "aws_listed.yml").write_text(SIGMA)
    (tmp_path / "in" / "bad.yml").write_text(SIGMA.replace("eventName", "eventNaem"))
    done = command("rules", "sigma", "in", "-o", "out")
    assert done.code == 0
    assert "bad.yml:4:15: a CloudTrail event has no field 'eventNaem'" in done.err
    assert "1 of 2 rules translated" in done.err
    assert command("rules", "check", "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["aws-listed.toml"]
    assert command("rules", "sigma", "in", "-o", "out").code == 1
    assert command("rules", "sigma", "in/bad.yml").code == 1
    checked = command("rules", "check", "in")
    assert (checked.code, "eventNaem" in checked.out) == (1, True)


@pytest.mark.parametrize(("budget", "code"), [(None, 0), ("5", 0), ("0", 3)])
def test_a_backtest_leaves_with_its_verdict(command, at, budget, code) -> None:
    asked = ["--budget", budget] if budget else []
    done = command("rules", "backtest", "admin-granted", "--from", "2026-07-28", "--to", "2026-07-28", *asked, *at)
    assert done.code == code
    assert "2026-07-28" in done.out
    assert "alice@example.com" in done.out
    if budget == "0":
        values = json.loads(command("rules", "backtest", "admin-granted", "--from", "2026-07-28", "--to", "2026-07-28",
                                    "--format", "json", *asked, *at).out)  # fmt: skip
        assert (values["within_budget"], values["a_day"]) == (False, 1.0)


def test_a_rule_that_is_not_there_is_said(command, at) -> None:
    done = command("rules", "backtest", "admin-grnted", *at)
    assert (done.code, done.out) == (1, "")
    assert "admin-granted" in done.err
