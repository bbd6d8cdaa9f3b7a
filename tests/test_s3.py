"""The whole line over a real S3 server: logs in one bucket, the store in another, the same answers as on a disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import S3Server
from trails import Tree, key, record

import trailwatch as tw
from trailwatch.errors import TrailwatchError
from trailwatch.ingest.account import Account
from trailwatch.store.cache import folder_of

DAY, NEXT = "2026-01-05", "2026-01-06"
CONFIG = tw.Config()
ASKED = (
    "select event_id, event_time, principal, person, action, outcome, address, dt from events order by event_id",
    "select * exclude (dt) from activity order by all",
    "select id, detection, severity, title, status, count, first_time from findings order by id",
    "select dimension, value, principal from seen order by all",
)


def _logs(folder: Path) -> Tree:
    tree = Tree(folder)
    tree.put(key(1), [record(number) for number in range(1, 20)])
    tree.put(key(2), [record(20, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False,
                             requestParameters={"name": "org-trail"}), record(5)])  # fmt: skip
    tree.put(key(3, day=NEXT), [record(30, eventTime=f"{NEXT}T10:00:00Z")])
    tree.put(key(4), b"cut off", packed=False)
    tree.put(key(5, kind="CloudTrail-Digest"), b"{}")
    return tree


def _live(trail: tw.Trail, source: str, **options: Any) -> tuple[Account, str, list[list[dict[str, Any]]]]:
    account = trail.ingest(source, **options)
    trail.settle()
    page = json.loads(trail.digest(DAY).render("json"))
    answers = [list(trail.sql(query)) for query in ASKED]
    return account, json.dumps([page["findings"], page["incidents"]], default=str), answers


@pytest.fixture
def logs(aws: S3Server, tmp_path: Path) -> tuple[str, Path]:
    """The same logs in a bucket and in a folder."""
    tree = _logs(tmp_path / "logs")
    bucket = aws.bucket()
    aws.fill(bucket, tree.root, prefix="some/prefix/")
    return f"s3://{bucket}/some/prefix", tree.root


@pytest.fixture
def remote(aws: S3Server) -> str:
    """The address of a store that does not exist yet."""
    aws.put(bucket := aws.bucket(), "beside", b"")
    return f"s3://{bucket}/team/store"


def test_a_bucket_gives_what_a_folder_gives(logs, remote, tmp_path) -> None:
    source, folder = logs
    here, there = (
        tw.open(str(tmp_path / "store"), config=CONFIG, create=True),
        tw.open(remote, config=CONFIG, create=True),
    )
    account, page, answers = _live(here, str(folder))
    remote_account, remote_page, remote_answers = _live(there, source)
    assert remote_account.events == account.events == 22
    assert remote_account.failed_objects == account.failed_objects == 1
    assert remote_account.balanced()
    assert account.balanced()
    assert remote_page == page
    assert "org-trail" in page
    for asked, mine, other in zip(ASKED, answers, remote_answers, strict=True):
        assert mine, asked
        assert other == mine, asked


def test_a_second_run_fetches_nothing(logs, remote) -> None:
    source, _ = logs
    first = tw.open(remote, config=CONFIG, create=True).ingest(source)
    again = tw.open(remote, config=CONFIG).ingest(source)
    assert first.read == 3
    assert (again.read, again.events) == (0, 0)
    assert again.balanced()
    whole = tw.open(remote, config=CONFIG).ingest(source, start=DAY)
    assert (whole.read, whole.events, whole.known) == (0, 0, 3)
    assert whole.balanced()


def test_another_machine_reads_the_same_store(logs, remote, tmp_path, monkeypatch) -> None:
    source, _ = logs
    trail = tw.open(remote, config=CONFIG, create=True)
    _, _, answers = _live(trail, source)
    kept = {path.relative_to(folder_of(remote)) for path in folder_of(remote).rglob("*.parquet")}
    assert kept
    assert folder_of(remote).stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder_of(remote).rglob("*.parquet"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    other = tw.open(remote, config=CONFIG)
    assert [list(other.sql(query)) for query in ASKED] == answers


def test_news_reach_a_store_that_was_read_before(logs, remote, aws) -> None:
    source, _ = logs
    trail = tw.open(remote, config=CONFIG, create=True)
    _live(trail, source)
    bucket = source.removeprefix("s3://").partition("/")[0]
    body = gzip.compress(json.dumps({"Records": [record(50, eventName="GetBucketAcl")]}).encode())
    aws.put(bucket, "some/prefix/" + key(6), body)
    account, _, answers = _live(trail, source, start=DAY)  # the day is older than what a later run lists
    assert (account.read, account.events) == (1, 1)
    assert "s3:GetBucketAcl" in {row["action"] for row in answers[0]}


def test_the_command_line_reads_buckets(logs, remote, capsys, monkeypatch, tmp_path) -> None:
    from trailwatch import cli

    monkeypatch.chdir(tmp_path)
    source, _ = logs
    said = {}
    for words in (
        ("ingest", source),
        ("settle",),
        ("digest", "--date", DAY),
        ("sql", "select count(*) as n from events"),
    ):
        monkeypatch.setattr("sys.argv", ["trailwatch", *words, "--store", remote])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert not left.value.code
        said[words[0]] = capsys.readouterr().out
    assert "21 events" in said["ingest"] or "22 events" in said["ingest"]
    assert "org-trail" in said["digest"]
    assert "21" in said["sql"]
    monkeypatch.setattr("sys.argv", ["trailwatch", "scan", source])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert not left.value.code
    assert "org-trail" in capsys.readouterr().out


Change = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("change", [
    lambda patch: patch.setenv("AWS_SECRET_ACCESS_KEY", "wrong"),
    lambda patch: patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    lambda patch: (patch.delenv("AWS_ACCESS_KEY_ID"), patch.delenv("AWS_SECRET_ACCESS_KEY")),
], ids=["a wrong secret", "nobody answers", "no credentials"])  # fmt: skip
def test_a_bucket_that_cannot_be_read_is_one_sentence(logs, tmp_path, monkeypatch, change: Change) -> None:
    source, _ = logs
    change(monkeypatch)
    trail = tw.open(str(tmp_path / "store"), config=CONFIG, create=True)
    with pytest.raises(TrailwatchError) as told:
        trail.ingest(source)
    assert len(str(told.value).splitlines()) == 1
    assert "wJalrXUtnFEMI" not in str(told.value)


def test_a_store_that_cannot_be_read_is_an_error(remote, monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(TrailwatchError):
        tw.open(remote, config=CONFIG).events()
