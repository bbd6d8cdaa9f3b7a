"""What holds of every sink: exactly the news arrive, once; slow is waited for, broken loses nothing, and a dry run is dry."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from news import MONDAY, NOW, TOLD, TUESDAY, news, tell

from trailwatch.config.sinks import FileSink
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError
from trailwatch.sinks import outbox


def _arrived(place) -> list[str]:
    return sorted(one for message in place.ids() for one in message)


def test_exactly_what_is_new_or_worse_arrives_once_and_not_by_a_dry_run(place, run, store) -> None:
    (dry,) = run(dry_run=True, sink=place.sink())
    assert dry.sent == 5
    assert all(any(id in shown for shown in dry.shown) for id in TOLD)
    assert place.ids() == []
    assert store.files("sent") == [], "a dry run remembers nothing"
    assert not getattr(place, "gate", None) or place.gate.tried == [], "a dry run asks nobody anything"
    (done,) = run(sink=place.sink())
    assert (done.sent, done.waiting, done.problem) == (5, 0, "")
    assert _arrived(place) == sorted(TOLD)
    (again,) = run(sink=place.sink())
    assert (again.sent, again.text()) == (0, f"sink ({place.kind}): nothing new")
    assert _arrived(place) == sorted(TOLD)


def test_a_sink_that_fails_loses_nothing_stops_no_other_and_one_that_is_slow_is_waited_for(
    place, run, store, tmp_path
) -> None:
    place.fail()
    broken, other = run(sink=place.sink(), file=FileSink(path=str(tmp_path / "out")))
    assert (broken.sent, broken.waiting, broken.failed) == (0, 5, True)
    assert "secret" not in broken.text()
    assert other.sent == 5
    tell(store, TUESDAY, news(20))
    place.mend()
    place.throttle()
    mended, _ = run(sink=place.sink(), file=FileSink(path=str(tmp_path / "out")))
    assert (mended.sent, mended.waiting, mended.problem) == (6, 0, "")
    assert _arrived(place) == sorted([*TOLD, f"{20:012x}"])
    assert len((tmp_path / "out").read_text().splitlines()) == 6


def test_a_sink_takes_its_severities_and_accounts_only(run, tmp_path) -> None:
    grave = FileSink(path=str(tmp_path / "grave"), severity="critical")
    dev = FileSink(path=str(tmp_path / "dev"), accounts=["444455556666"])
    all_ = FileSink(path=str(tmp_path / "all"), severity="info")
    assert [one.sent for one in run(grave=grave, dev=dev, all=all_)] == [1, 1, 6]


def test_news_of_a_later_digest_of_the_same_day_go_out_and_the_same_ones_do_not(run, store, tmp_path) -> None:
    sink = FileSink(path=str(tmp_path / "out"))
    tell(store, TUESDAY, news(20, severity="medium"), complete=False)
    assert run(sink=sink)[0].sent == 6
    tell(store, TUESDAY, news(20, severity="high"), news(21))
    assert run(sink=sink)[0].sent == 2, "one got graver, one is new"
    assert run(sink=sink)[0].sent == 0


def test_a_new_sink_begins_with_the_newest_complete_day(run, store, tmp_path) -> None:
    sink = FileSink(path=str(tmp_path / "out"))
    assert run(sink=sink)[0].sent == 5, "not with what is past"
    empty = run(dry_run=True, other=FileSink(path="x"))
    assert empty[0].sent == 5


def test_days_that_are_done_are_looked_at_no_longer(run, store, tmp_path) -> None:
    sink = FileSink(path=str(tmp_path / "out"))
    run(sink=sink)
    tell(store, MONDAY + timedelta(days=90), news(30))
    assert run(sink=sink)[0].sent == 1
    assert outbox.since(store, "sink") == date(2026, 3, 4)
    tell(store, MONDAY + timedelta(days=91), news(31))
    assert run(sink=sink)[0].sent == 1


def test_a_flood_goes_out_in_parts(run, store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "MOST", 3)
    sink = FileSink(path=str(tmp_path / "out"))
    assert [(one.sent, one.waiting) for one in run(sink=sink)] == [(3, 2)]
    assert [(one.sent, one.waiting) for one in run(sink=sink)] == [(2, 0)]


def test_what_was_sent_is_a_table_that_people_can_ask(run, store, tmp_path) -> None:
    run(good=FileSink(path=str(tmp_path / "out")), bad=FileSink(path=str(tmp_path)))
    with Engine() as engine:
        store.show(engine, "sent")
        rows: pa.Table = engine.query(
            "select sink, state, count(*) as n, max(sent_at) as at from sent group by all order by all"
        )
    assert [(row["sink"], row["state"], row["n"]) for row in rows.to_pylist()] == [
        ("bad", "began", 1), ("bad", "failed", 5), ("good", "began", 1), ("good", "sent", 5)]  # fmt: skip
    assert rows["at"][0].as_py() == NOW


def test_a_sink_that_nobody_configured_is_refused(run) -> None:
    with pytest.raises(ConfigError, match="there is no sink 'mial'"):
        run(only=("mial",), mail=FileSink(path="x"))


def test_a_store_without_digests_has_nothing_to_send(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "first", lambda _: None)
    assert [one.text() for one in run(sink=FileSink(path=str(tmp_path / "out")))] == ["sink (file): nothing new"]
