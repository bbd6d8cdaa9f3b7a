"""What a store forgets, and which files it may drop: readers and the last seven digests go on as before."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ages import age
from deltalake import DeltaTable
from faults.state import ledger
from trails import Tree, key, record

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError
from trailwatch.store.opening import VersionGone
from trailwatch.store.tables import Store
from trailwatch.upkeep.tidy import clean, pinned, tidy

FIRST = date(2026, 1, 20)
DAYS = [FIRST + timedelta(days=step) for step in range(26)]
CONFIG = tw.Config()
HELD = {
    "events": "select event_id, dt, principal, person, action from events where dt >= $day order by all",
    "activity": "select * exclude (event_id) from activity where dt >= $day order by all",
    "seen": "select * from seen order by all",
}


def _logs(root: Path, days: list[date]) -> Path:
    tree = Tree(root)
    for number, day in enumerate(days):
        at = f"{day.isoformat()}T10:00:00Z"
        role = record(
            100 * number, eventTime=at, eventSource="sts.amazonaws.com", eventName="AssumeRole", readOnly=True,
            requestParameters={"roleArn": "arn:aws:iam::111122223333:role/ops", "roleSessionName": "s"},
            responseElements={"credentials": {"accessKeyId": f"ASIAEXAMPLE{number:09d}"}},
        )  # fmt: skip
        # The session of a day is still used on the next one.
        used = record(100 * number + 1, eventTime=f"{(day + timedelta(days=1)).isoformat()}T02:00:00Z", userIdentity={
            "type": "AssumedRole", "accountId": "111122223333", "accessKeyId": f"ASIAEXAMPLE{number:09d}",
            "arn": "arn:aws:sts::111122223333:assumed-role/ops/s", "principalId": "AROAEXAMPLEEXAMPLE001:s",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops",
                                                 "accountId": "111122223333", "userName": "ops",
                                                 "principalId": "AROAEXAMPLEEXAMPLE001"}},
        })  # fmt: skip
        tree.put(key(number, day=day.isoformat()), [role, used, record(100 * number + 2, eventTime=at)])
    return tree.root


@dataclass(frozen=True)
class Made:
    """A store, its logs, and what each digest said."""

    store: Path
    logs: Path
    said: dict[date, str]

    @property
    def days(self) -> list[date]:
        return list(self.said)


def _made(root: Path, *, digests: int) -> Made:
    """Make a store with some digests, each before the logs of the next day come."""
    logs, arrived = _logs(root / "logs", DAYS), root / "arrived"
    trail = tw.open(str(root / "store"), config=CONFIG, create=True)
    made = Made(root / "store", arrived, {})
    for path in sorted(logs.rglob("*.gz")):
        target = arrived / path.relative_to(logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        day = date(*map(int, path.parts[-4:-1]))
        if day in DAYS[-digests:]:
            trail.ingest(str(arrived))
            made.said[day] = _page(trail, day)
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A store with three digests, of which two are to be kept."""
    return _made(tmp_path_factory.mktemp("made"), digests=3)


@pytest.fixture
def trail(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tw.Trail:
    """A copy of the store."""
    monkeypatch.setattr("trailwatch.upkeep.tidy.DIGESTS", 2)
    return tw.open(str(shutil.copytree(made.store, tmp_path / "store")), config=CONFIG)


def _page(trail: tw.Trail, day: date) -> str:
    body = json.loads(trail.digest(day).render("json"))
    # What the ledger says of today and not of the day, and the numbers of versions in which the same stands.
    for name, part in (
        ("made_at", body),
        ("versions", body),
        ("last_ingest", body["coverage"]),
        ("reads", body["coverage"]),
    ):
        assert part.pop(name)
    return json.dumps(body, sort_keys=True)


def _held(store: Store, day: date) -> dict[str, list[tuple[Any, ...]]]:
    trail = tw.open(store.uri, config=CONFIG)
    return {
        name: [tuple(row.values()) for row in trail.sql(sql.replace("$day", f"'{day}'"))] for name, sql in HELD.items()
    }


def test_a_vacuum_leaves_what_readers_of_the_last_days_read(trail: tw.Trail) -> None:
    still = trail.store.still()
    before = {name: still.files(name) for name in ("events", "activity", "seen", "settled")}
    trail.store.replace("events", _rows(trail.store), where="dt >= '2026-01-01'")
    assert set(trail.store.files("events")).isdisjoint(before["events"])
    clean(trail.store)
    with Engine() as engine:
        for name in before:
            still.show(engine, name)
            assert engine.rows(f"select count(*) from {name}")[0][0] > 0


def _rows(store: Store) -> Any:
    with Engine() as engine:
        store.show(engine, "events")
        return engine.query("from events")


def test_the_last_digests_are_made_again_letter_by_letter_after_a_vacuum(trail: tw.Trail, made: Made) -> None:
    _again(trail, made, kept=2)


@pytest.mark.campaign
def test_the_last_seven_digests_are_made_again_after_a_vacuum(tmp_path: Path) -> None:
    made = _made(tmp_path, digests=9)
    _again(tw.open(str(made.store), config=CONFIG), made, kept=7)


def _again(trail: tw.Trail, made: Made, *, kept: int) -> None:
    trail.store.replace("events", _rows(trail.store), where="dt >= '2026-01-01'")
    age(trail.store, 30)
    assert len(pinned(trail.store)) == kept
    taken = clean(trail.store, dry_run=True)
    before = len(list(Path(trail.store.uri).rglob("*.parquet")))
    assert clean(trail.store) == taken
    assert taken.files > 0
    assert len(list(Path(trail.store.uri).rglob("*.parquet"))) == before - taken.files
    for day in made.days[-kept:]:
        assert _page(trail, day) == made.said[day]
    # An older one cannot be made again, and is shown as it was kept.
    first = made.days[0]
    versions = json.loads(next(iter(trail.sql(f"select versions from digests where dt = '{first}'")))["versions"])
    with pytest.raises(VersionGone, match="no longer kept"):
        trail.store.at(versions).files("seen")
    assert _page(trail, first) == made.said[first]


def test_the_daily_job_tidies_once_a_day(trail: tw.Trail) -> None:
    now = datetime.now(UTC)
    age(trail.store, 30)
    assert tidy(trail.store, now=now) is not None
    assert tidy(trail.store, now=now + timedelta(hours=3)) is None
    assert tidy(trail.store, now=now + timedelta(hours=25)) is not None


def test_a_plan_changes_nothing(trail: tw.Trail) -> None:
    versions = trail.store.versions()
    plan = trail.forget("2026-02-02", dry_run=True)
    assert trail.store.versions() == versions
    assert {part.table: (part.rows, part.before) for part in plan.parts if part.rows} == {
        # 13 days before; the session that each of them gives to the next one ends on the day itself.
        "events": (3 * 13 - 1, date(2026, 2, 2)), "sessions": (_rows_before(trail, "sessions", "2026-01-31"), date(2026, 1, 31)),
        "activity": (_rows_before(trail, "activity", "2026-02-01"), date(2026, 2, 1)),
        "identity_days": (_rows_before(trail, "identity_days", "2026-02-01"), date(2026, 2, 1)),
    }  # fmt: skip
    assert "--yes" in plan.text()


def _rows_before(trail: tw.Trail, table: str, day: str) -> int:
    found = trail.store.partitions(table)
    return sum(count for at, files in found.items() if str(at[0]) < day for _, count in files)


def test_what_stays_is_as_before_and_nothing_is_fetched_again(trail: tw.Trail, made: Made) -> None:
    day = date(2026, 2, 2)
    before, known = _held(trail.store, day), ledger(trail)
    assert any("alice" in str(row) for row in before["activity"])
    done = trail.forget(day)
    assert "Forgot" in done.text()
    again = trail.ingest(str(made.logs))
    assert (again.read, again.events, again.outside, again.failed_objects) == (0, 0, 13, 0)
    trail.settle()
    assert _held(trail.store, day) == before
    assert ledger(trail) == known
    assert min(key[0] for key in trail.store.partitions("events")) == day
    # As if the first days had gone while settle was never run: made anew from what stays, it is the same.
    for table in ("settled",):
        shutil.rmtree(Path(trail.store.uri) / table)
    trail.settle()
    assert _held(trail.store, day)["events"] == before["events"]
    assert _held(trail.store, day)["activity"] == before["activity"]
    assert _told(_page(trail, DAYS[-1])) == _told(made.said[DAYS[-1]])
    # The files go when nobody can be reading them any more.
    assert list(Path(trail.store.uri).glob("events/dt=2026-01-20/*/*.parquet"))
    age(trail.store, 30)
    clean(trail.store)
    assert not list(Path(trail.store.uri).glob("events/dt=2026-01-20/*/*.parquet"))
    assert _told(_page(trail, DAYS[-1])) == _told(made.said[DAYS[-1]])


def _told(page: str) -> list[Any]:
    # How much history there is, the page says as it is now.
    body = json.loads(page)
    return [body["findings"], body["incidents"], body["quiet"]]


def test_all_takes_the_memory_too_but_not_what_is_open(trail: tw.Trail, made: Made) -> None:
    plan = trail.forget("2026-02-02", everything=True)
    assert {part.table for part in plan.parts} >= {"seen", "findings", "incidents", "digests", "snapshots"}
    assert min(key[0] for key in trail.store.partitions("seen")) == date(2026, 2, 1)
    assert sorted(key[0] for key in trail.store.partitions("digests")) == made.days


@pytest.mark.parametrize(("day", "why"), [("2999-01-01", "still to come"), (str(DAYS[-1]), "the last 2 digests")])
def test_a_day_that_is_still_needed_is_refused(trail: tw.Trail, day, why) -> None:
    with pytest.raises(ConfigError, match=why):
        trail.forget(day)


def test_the_command_says_what_goes_and_does_it_only_when_told(trail: tw.Trail, command) -> None:
    words = ("forget", "--before", "2026-02-02", "--store", trail.store.uri)
    assert "Would forget" in command(*words).out
    assert "Forgot" in command(*words, "--yes").out
    assert "Nothing is kept of before 2026-02-02" in command(*words, "--yes").out
    assert command("forget", "--before", "never", "--store", trail.store.uri).code == 2


def test_what_cannot_be_tidied_takes_no_digest_away(trail: tw.Trail, made: Made, command, monkeypatch) -> None:
    monkeypatch.setattr("trailwatch.upkeep.tidy.DIGESTS", 9)
    damaged = min(versions["seen"] for versions in pinned(trail.store))
    assert damaged < trail.store.versions()["seen"]
    age(trail.store, 30)
    DeltaTable(f"{trail.store.uri}/seen").create_checkpoint()
    Path(trail.store.uri, "seen", "_delta_log", f"{damaged:020}.json").write_text("{")
    files = set(trail.store.files("seen"))
    done = command("run", str(made.logs), "--store", trail.store.uri, "--quiet")
    assert done.code == 1
    assert "table seen cannot be opened" in done.err.splitlines()[-1]
    assert "UTC" in done.out
    assert files <= {str(path) for path in Path(trail.store.uri, "seen").rglob("*.parquet")}
