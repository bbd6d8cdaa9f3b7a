"""What leaves a store by the command line and by Python: pages, the archive, charts, and messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from trails import Tree, key, record

import trailwatch as tw
from trailwatch.errors import StoreError


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A configuration with logs in which a trail is stopped, and two sinks of which one is broken."""
    tree = Tree(tmp_path / "logs")
    stopped = record(2, eventSource="cloudtrail.amazonaws.com", eventName="StopLogging", readOnly=False,
                     requestParameters={"name": "org-trail"})  # fmt: skip
    tree.put(key(1), [record(1), stopped, record(3)])
    file = tmp_path / "trailwatch.toml"
    file.write_text(
        f'[store]\npath = "{tmp_path / "store"}"\n[source]\npath = "{tree.root}"\n'
        f'[sinks.log]\nkind = "file"\npath = "{tmp_path / "out.jsonl"}"\n'
        f'[sinks.broken]\nkind = "file"\npath = "{tmp_path / "none" / "out"}"\n'
    )
    return file


def test_a_run_sends_writes_the_archive_and_says_which_sink_failed(command, settings, tmp_path) -> None:
    done = command("run", "--config", settings, "--site", tmp_path / "site", "-q")
    assert done.code == 1, "a sink that failed is an error"
    assert "log (file): sent " in done.err
    assert "broken (file): sent 0 findings" in done.err
    assert "waiting for the next run" in done.err
    assert (tmp_path / "site/index.html").is_file()
    sent = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert "trail-stopped" in {one["detection"] for one in sent}

    (tmp_path / "none").mkdir()
    dry = command("send", "--config", settings, "--dry-run")
    assert dry.code == 0
    assert dry.out.startswith("--- broken (file)\n")
    assert not (tmp_path / "none/out").exists()
    again = command("send", "--config", settings)
    assert (again.code, again.out) == (0, "")
    assert "log (file): nothing new" in again.err
    assert len((tmp_path / "none/out").read_text().splitlines()) == len(sent)
    refused = command("send", "--config", settings, "--sink", "lgo")
    assert refused.code == 2
    assert "there is no sink 'lgo'" in refused.err


def test_python_gives_pages_charts_and_the_archive(settings, tmp_path) -> None:
    trail = tw.open(config=str(settings), create=True)
    with pytest.raises(StoreError, match="no digest"):
        trail.page()
    trail.ingest()
    trail.settle()
    day = max(key[0] for key in trail.store.partitions("activity"))
    digest = trail.digest(day)
    page = trail.page(digest)
    assert page.startswith("<!doctype html>")
    assert page == trail.page(day.isoformat()) == trail.page()
    name = next(one.person or one.principal for one in digest.happening if one.principal)
    charts = trail.charts(name)
    assert charts.names
    assert charts.material.day == day
    assert len(charts.draw("activity").to_dict()["layer"]) == 3
    assert trail.charts(name, day=day - timedelta(days=1)).names == []
    with pytest.raises(StoreError, match="no identity is called 'nobody'"):
        trail.charts("nobody")
    assert trail.site(str(tmp_path / "site")).written == (day,)
    sent, broken = trail.send()
    assert (sent.failed, broken.failed) == (False, True)
    assert datetime.now(UTC) > digest.made_at


def test_without_sinks_there_is_nothing_to_send(command, tmp_path) -> None:
    tw.open(str(tmp_path / "store"), create=True)
    done = command("send", "--store", tmp_path / "store")
    assert (done.code, done.out) == (0, "")
    assert "no sink is configured" in done.err
