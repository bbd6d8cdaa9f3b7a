"""An organisation without any story, and the same with one chapter of it: what each breaks."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from trailwatch import api, simulate
from trailwatch.digest.page import Digest
from trailwatch.simulate import exports
from trailwatch.simulate.records import Record
from trailwatch.simulate.story import Chapter
from trailwatch.simulate.upkeep import Upkeep
from trailwatch.simulate.world import World
from trailwatch.simulate.write import pack
from trailwatch.store.schema import REVIEWS
from trailwatch.store.tables import Store

NOTHING: frozenset[str] = frozenset()
SHOWN = date(2026, 7, 28)  # the day that shows a neglect: the day after the exports of the sample logs
HABIT = timedelta(days=35)  # how long a neglect is seen in the records


@dataclass(frozen=True)
class Clean:
    """The store of an organisation in which no chapter happens, and its records."""

    folder: Path
    records: tuple[Record, ...]
    config: str

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(str(record["eventID"]) for record in self.records)


def clean(folder: Path, *, seed: int) -> Clean:
    """Ingest and settle an organisation in which no chapter happens."""
    world = World(seed, only=NOTHING)
    records = tuple(record for day, dense in world.calendar() for record in world.day(day, dense))
    simulate.write(folder / "logs", seed=seed, only=NOTHING)
    trail = api.open(str(folder / "store"), config=str(folder / "logs" / "trailwatch.toml"), create=True)
    assert trail.ingest(str(folder / "logs")).balanced()
    trail.settle()
    return Clean(folder, records, str(folder / "logs" / "trailwatch.toml"))


def days_of(*chapters: Chapter) -> tuple[date, ...]:
    """The days whose digests tell of chapters."""
    dated = {day for chapter in chapters if chapter.kind != "neglect" for day in chapter.dates}
    return tuple(sorted(dated)) or (SHOWN,)


def tell(base: Clean, folder: Path, *chapters: Chapter, seed: int) -> list[Digest]:
    """Add chapters to the organisation, their records and what the exports of their last day show; digest their days."""
    names = frozenset(chapter.id for chapter in chapters)
    world = World(seed, only=names)
    days = days_of(*chapters)
    more = list(_more(base, world, chapters))
    shutil.copytree(base.folder / "store", folder / "store")
    trail = api.open(str(folder / "store"), config=base.config)
    if more:
        _deliver(folder / "bucket", more)
        assert trail.ingest(str(folder / "bucket")).balanced()
        trail.settle()
    upkeep = Upkeep(datetime.combine(days[-1] + timedelta(days=1), time(), UTC))
    for record in (*base.records, *more):
        upkeep.see(record)
    for name, data in exports.exports(world, upkeep):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if "never-reviewed" not in names:
        _sign(trail.store, folder / "iam", upkeep.until - timedelta(days=14))
    taken = trail.snapshot(str(folder / "iam"), taken=upkeep.until - timedelta(minutes=1))
    assert not taken.failed
    return [trail.digest(day) for day in days]


def _more(base: Clean, world: World, chapters: tuple[Chapter, ...]) -> Iterator[Record]:
    days = {day for chapter in chapters if chapter.plot for day in chapter.dates}
    if any(not chapter.plot for chapter in chapters):
        days |= {SHOWN - timedelta(days=n) for n in range(HABIT.days)}
    known = base.ids
    for day, dense in world.calendar():
        if day in days:
            yield from (record for record in world.day(day, dense) if record["eventID"] not in known)


def _deliver(bucket: Path, records: list[Record]) -> None:
    cells: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        place = record["recipientAccountId"], record["awsRegion"], record["eventTime"][:10]
        cells.setdefault(place, []).append(record)
    for (account, region, day), part in cells.items():
        name = f"{account}_CloudTrail_{region}_{day.replace('-', '')}T2355Z_Chapter0Chapter0.json.gz"
        path = bucket / f"AWSLogs/o-exampleorg1/{account}/CloudTrail/{region}/{day.replace('-', '/')}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack({"Records": part}))


def _sign(store: Store, iam: Path, at: datetime) -> None:
    """Write down that somebody reviewed every identity of every account."""
    rows = [
        {"account": one["Arn"].split(":")[4], "principal": principal(one["Arn"]), "signed_at": at, "signed_by": "grace"}
        for path in iam.glob("*/account-authorization-details.json")
        for name in ("UserDetailList", "RoleDetailList")
        for one in json.loads(path.read_bytes())[name]
    ]
    day = pa.array([at.date()] * len(rows))
    table = pa.Table.from_pylist(rows, schema=pa.schema([f for f in REVIEWS.columns if f.name != "dt"]))
    store.append(REVIEWS.name, table.append_column("dt", day).select(REVIEWS.columns.names))


def principal(arn: str) -> str:
    """What trailwatch calls the user or role of an ARN: without its path, and without the suffix of Identity Center."""
    kind, name = arn.split(":")[5].split("/", maxsplit=1)[0], arn.rsplit("/", maxsplit=1)[-1]
    reserved = re.fullmatch(r"(AWSReservedSSO_.+)_[0-9a-f]{16}", name)
    return f"{arn.split(':')[4]}/{kind}/{reserved[1] if reserved else name}"


def broken(digests: list[Digest]) -> dict[str, list[str]]:
    """The practices that the digests call broken, each with the findings that say so."""
    found: dict[str, list[str]] = {}
    for digest in digests:
        told = {one.id: one for one in (*digest.findings, *digest.quiet)}
        for practice in digest.practices:
            if practice.state == "broken":
                names = [
                    f"{told[one].detection} {told[one].person or told[one].principal}" for one in practice.findings
                ]
                found.setdefault(practice.code, []).extend(names)
    return found
