"""What `import trailwatch` gives: names with words to them, and nothing heavy before it is needed."""

from __future__ import annotations

import inspect
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from trails import Tree, key, record

import trailwatch as tw
from trailwatch.errors import ConfigError, StoreError
from trailwatch.investigate.rows import Rows, plain

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(tw.__file__).parent.parent)}
HEAVY = ("duckdb", "pandas", "pyarrow", "deltalake", "sklearn", "boto3", "numpy")


@pytest.fixture
def trail(tmp_path: Path) -> tw.Trail:
    """A settled store of three records of one day."""
    tree = Tree(tmp_path / "logs")
    stopped = record(2, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False,
                     requestParameters={"name": "org-trail"})  # fmt: skip
    tree.put(key(1), [record(1), stopped, record(3)])
    opened = tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
    opened.ingest(str(tree.root))
    opened.settle()
    return opened


def test_public_names_are_sorted_and_there() -> None:
    assert tw.__all__ == sorted(tw.__all__)
    assert all(hasattr(tw, name) for name in tw.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        tw.nothing  # noqa: B018 — asking is the test


@pytest.mark.parametrize("name", tw.__all__)
def test_public_names_have_words_and_types(name) -> None:
    thing = getattr(tw, name)
    assert (inspect.getdoc(thing) or "").partition("\n")[0].endswith((".", ":"))
    members = [thing] if inspect.isfunction(thing) else [
        member for key, member in vars(thing).items()
        if not key.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    ]  # fmt: skip
    for member in members:
        function = member.fget if isinstance(member, property) else member
        assert function.__doc__, function
        assert function.__doc__.partition("\n")[0].rstrip().endswith((".", ":")), function
        hints = inspect.signature(function)
        assert hints.return_annotation is not inspect.Signature.empty
        assert all(
            given.annotation is not inspect.Parameter.empty
            for given in hints.parameters.values()
            if given.name != "self"
        )


def test_importing_is_light_and_without_warnings() -> None:
    check = f"import trailwatch, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", check], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_help_waits_for_nothing() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "trailwatch", "--help"], env=ENVIRONMENT, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert b"ingest" in done.stdout
    # Time of this process alone: other work on the machine does not count.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.9
    check = f"import trailwatch.cli, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], env=ENVIRONMENT, capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_a_store_answers(trail) -> None:
    assert repr(trail).startswith("Trail('")
    assert len(trail.events()) == 3
    assert [row["event_name"] for row in trail.events(limit=1)] == ["ListBuckets"]
    assert len(trail.events(start="2026-01-06")) == 0
    assert len(trail.sql("select 1 as one from events", start="2026-01-05", end="2026-01-05")) == 3
    assert trail.identity("alice")[0].subject.value in {"alice", "111122223333/user/alice"}
    assert "alice" in str(trail.identity("alice")[0])


def test_a_digest_and_its_findings(trail) -> None:
    digest = trail.digest("2026-01-05")
    (stopped,) = [
        found for found in digest.findings if "cloudtrail:StopLogging" in {top.value for top in found.actions}
    ][:1]
    assert isinstance(stopped, tw.Finding)
    assert trail.finding(stopped.id) == stopped
    frame = trail.findings(start="2026-01-05").df()
    assert stopped.id in set(frame["id"])
    assert "org-trail" in digest.render("markdown")
    with pytest.raises(StoreError, match="no digest holds"):
        trail.finding("000000000000")


def test_days_that_cannot_be_told_are_refused(trail) -> None:
    with pytest.raises(ConfigError, match="has not begun"):
        trail.digest("2999-01-01")
    with pytest.raises(ConfigError, match="not a time"):
        trail.digest("someday")


def test_run_is_safe_to_repeat(trail, tmp_path) -> None:
    first = trail.run(str(tmp_path / "logs"))
    assert first.account.events == 0
    assert [page.date.isoformat() for page in first.digests] == ["2026-01-05"]
    again = trail.run(str(tmp_path / "logs"))
    assert all(page.date.isoformat() != "2026-01-05" for page in again.digests)


def test_a_scan_keeps_nothing(tmp_path) -> None:
    tree = Tree(tmp_path / "logs")
    tree.put(key(1), [record(1)])
    page = tw.scan(str(tree.root), config=tw.Config())
    assert page.coverage.events == 1
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_errors_are_one_tree(tmp_path) -> None:
    with pytest.raises(tw.TrailwatchError, match="no store here"):
        tw.open(str(tmp_path / "nowhere"), config=tw.Config())


def test_rows_show_themselves() -> None:
    moment = datetime(2026, 1, 5, 10, tzinfo=UTC)
    table = pa.table({"<b>": ["<script>\x1b[2J", None], "time": [moment, None], "n": [-1, 2], "list": [["a"], []]})
    rows = Rows(table, title="odd")
    page = rows._repr_html_()
    assert "&lt;script&gt;·[2J" in page
    assert "<script" not in page
    assert "&lt;b&gt;" in page
    assert "odd · 2 rows · times in UTC" in page
    assert "\x1b" not in repr(rows) + rows.csv() + rows.json()
    assert isinstance(rows.df(), pd.DataFrame)
    assert str(rows.df()["time"].dtype).endswith("UTC]")
    assert rows.arrow().equals(table)
    assert len(list(rows)) == len(rows) == 2
    many = Rows(pa.table({"n": range(50)}))
    assert "20 of 50 rows" in repr(many)
    assert "50 rows" in many.text()
    assert plain({"a": [moment]}) == '{"a": ["2026-01-05 10:00:00"]}'
