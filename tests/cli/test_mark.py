"""A verdict on a finding, and what stands by it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from trailwatch.finding import Finding
from trailwatch.findings.records import finding_rows
from trailwatch.store.tables import Store

MOMENT = datetime(2026, 1, 5, 8, tzinfo=UTC)
FOUND = Finding(
    "f00d", "user-created", "v1", "activity", "A user was created", "medium", {"impact": 3.0, "product": 3.0}, 3.0,
    "111122223333", "111122223333/user/alice", "alice", MOMENT, MOMENT, 1, ("e1",),
)  # fmt: skip


def _store(folder: Path) -> str:
    store = Store.open(str(folder / "store"), create=True)
    store.append("findings", finding_rows([FOUND], day=date(2026, 1, 5), run="r"))
    return store.uri


def test_a_verdict_needs_one_side_a_reason_and_a_day_to_come(command, tmp_path) -> None:
    store = _store(tmp_path)
    for arguments in ((), ("--benign", "--confirmed", "--note", "x"), ("--benign",),
                      ("--benign", "--note", "x", "--until", "2020-01-01")):  # fmt: skip
        done = command("mark", "f00d", *arguments, "--store", store)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("trailwatch: --")
    done = command("mark", "gone", "--benign", "--note", "x", "--store", store)
    assert (done.code, "gone" in done.err) == (1, True)


def test_verdicts_are_counted(command, tmp_path) -> None:
    store = _store(tmp_path)
    assert "expected until 2099-01-01" in command(
        "mark", "f00d", "--benign", "--note", "x", "--until", "2099-01-01", "--store", store
    ).err  # fmt: skip
    assert "no training" in command("mark", "f00d", "--confirmed", "--note", "x", "--by", "grace", "--store", store).err
    (row,) = json.loads(command("stats", "--format", "json", "--store", store).out)["detections"]
    assert (row["name"], row["told"], row["confirmed"], row["benign"]) == ("user-created", 1, 1, 0)
    assert "100%" in command("stats", "--store", store).out
