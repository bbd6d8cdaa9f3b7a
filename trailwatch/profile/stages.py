"""The stations of settle over one batch of days: sessions, then activity and identity days; and months of what was seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.profile import batches
from trailwatch.profile.batches import Batch, Files, Partition, predicate, show
from trailwatch.profile.inputs import Memory, aliases_hash, digest, meaning
from trailwatch.profile.kin import kin
from trailwatch.profile.sessions import know
from trailwatch.store.tables import Store

REACH = 2  # a session of this many days before may explain an event


@dataclass(frozen=True)
class Bench:
    """What the stations share: the store, an engine, the memory of inputs, the alias table, room on disk."""

    store: Store
    engine: Engine
    past: Memory
    aliases: Mapping[str, str]
    folder: Path

    def sessions_inputs(self, files: Files, partition: Partition) -> str:
        """Return the hash of what the sessions of a (day, shard) are made from."""
        return digest(meaning(), [path for path, _ in files[partition]])

    def activity_inputs(self, files: Files, partition: Partition) -> str:
        """Return the hash of what the activity of a (day, shard) is made from, sessions apart."""
        return digest(meaning(), aliases_hash(self.aliases), [path for path, _ in files[partition]])


def read(bench: Bench) -> None:
    """Work out once what each event in `raw_events` means; all stations of a batch then read `meant`."""
    bench.engine.view("parts")
    bench.engine.view("said", relation="events")
    bench.engine.view("meaning", relation="meant")
    bench.engine.clear("meant")
    [(events,)] = bench.engine.rows("select count(*) from raw_events")
    if events <= batches.EVENTS:
        bench.engine.execute("create table meant as from meaning")
        return
    # A day of a million events costs less memory on disk; under a name of its own each time, because the engine may
    # remember a file by its name.
    for old in bench.folder.glob("meant-*.parquet"):
        old.unlink()
    place = str(bench.folder / f"meant-{uuid.uuid4()}.parquet")
    bench.engine.execute("copy (from meaning) to $place (format parquet, compression lz4_raw)", place=place)
    bench.engine.files("meant", [place], pa.schema([]))


def make_sessions(
    bench: Bench, files: Files, partitions: Iterable[Partition], *, version: int, doubles: Mapping[Partition, int]
) -> int:
    """Make the partial sessions of some partitions from `meant`; returns the number of rows."""
    wanted = sorted(partitions)
    _only(bench.engine, wanted)
    bench.engine.execute("create or replace view events as from chosen")
    rows = bench.engine.relation("sessions")
    bench.store.replace("sessions", rows, where=predicate(wanted), version=version)
    inputs = {partition: bench.sessions_inputs(files, partition) for partition in wanted}
    bench.past.remember("sessions", inputs, doubles=doubles)
    return int(rows.num_rows)


@dataclass(frozen=True)
class Due:
    """Partitions whose activity is to be made again, and the inputs to remember for each that was looked at."""

    again: list[Partition]
    inputs: dict[Partition, str]


def moved(bench: Bench, files: Files, partitions: Iterable[Partition], *, version: int) -> dict[Partition, str]:
    """Return the partitions whose events, aliases or sessions near by are other files than before, and their hash."""
    names = _names_by_day(bench.store.partitions("sessions", version=version))
    found = {}
    for day, shard in partitions:
        near = digest(*(names.get(day - timedelta(days=back), []) for back in range(REACH + 1)))
        inputs = f"{bench.activity_inputs(files, (day, shard))}/{near}"
        if not bench.past.inputs.get(("activity", day, shard), "").startswith(inputs):
            found[day, shard] = inputs
    return found


def due(bench: Bench, files: Files, partitions: Iterable[Partition]) -> Due:
    """Find the partitions whose events, aliases or used session links changed; leaves `day_links` in the engine."""
    version = bench.store.version("sessions")
    inputs = moved(bench, files, partitions, version=version)
    if not inputs:
        return Due([], {})
    used = _link(bench, Batch(tuple(sorted(inputs))), version=version)
    again = []
    for key in inputs:
        own, _, links = bench.past.inputs.get(("activity", *key), "//").split("/")
        # Sessions written again with the same links for this day change nothing.
        if own != inputs[key].partition("/")[0] or links != used.get(key, ""):
            again.append(key)
        inputs[key] += f"/{used.get(key, '')}"
    return Due(sorted(again), inputs)


def make_activity(bench: Bench, found: Due, *, versions: Mapping[str, int]) -> dict[str, int]:
    """Make activity and identity days from `meant` and `day_links`; returns the rows per table."""
    counts: dict[str, int] = {}
    if found.again:
        engine = bench.engine
        _only(engine, found.again)
        know(engine, bench.aliases)
        engine.build("links", relation="dated_links")
        engine.view("events", relation="dated")
        engine.view("attributed")
        for table in ("activity", "identity_days"):
            rows = engine.relation(table)
            if table == "activity":
                engine.lend("activity_made", rows)
                engine.build("identities")
            bench.store.replace(table, rows, where=predicate(found.again), version=versions[table])
            counts[table] = rows.num_rows
    bench.past.remember("activity", found.inputs)
    return counts


def stale_months(bench: Bench) -> list[date]:
    """Return the months whose activity changed since what was seen in them was made."""
    inputs = months_made_of(bench, bench.store.version("activity"))
    return sorted(month for month, made_of in inputs.items() if not bench.past.holds("seen", month, 0, made_of))


def make_seen(bench: Bench, months: Iterable[date]) -> tuple[int, int]:
    """Make what was seen in those of some months whose activity changed; returns months and rows."""
    before = bench.store.version("seen")
    version = bench.store.version("activity")
    inputs = months_made_of(bench, version)
    stale = [month for month in months if not bench.past.holds("seen", month, 0, inputs[month])]
    if not stale:
        return 0, 0
    wanted = [key for key in bench.store.partitions("activity", version=version) if key[0].replace(day=1) in stale]
    show(bench.store, bench.engine, "activity", wanted, name="activity", version=version)
    made = bench.engine.relation("seen")
    where = "month in (" + ", ".join(f"'{month.isoformat()}'" for month in stale) + ")"
    bench.store.replace("seen", made, where=where, version=before)
    bench.past.remember("seen", {(month, 0): inputs[month] for month in stale})
    return len(stale), made.num_rows


def months_made_of(bench: Bench, version: int) -> dict[date, str]:
    """Return month → the hash of what its `seen` is made from."""
    names: dict[date, list[str]] = {}
    for day, files in _names_by_day(bench.store.partitions("activity", version=version)).items():
        names.setdefault(day.replace(day=1), []).extend(files)
    return {month: digest(meaning(), files) for month, files in names.items()}


def _link(bench: Bench, batch: Batch, *, version: int) -> dict[Partition, str]:
    first, last = batch.range
    days = sorted({day for day, _ in batch.partitions})
    bench.engine.table("days", pa.table({"day": pa.array(days, pa.date32())}))
    reach = (first - timedelta(days=REACH), last)
    engine = bench.engine
    bench.store.show(engine, "sessions", days=reach, name="stored_sessions", version=version)
    engine.execute(
        "create or replace table near_sessions as select row_number() over () as number, * from stored_sessions"
    )
    engine.table("kin", kin(engine.relation("session_ties")))
    engine.build("sessions_window")
    engine.build("links_of_days", relation="links")
    engine.build("day_links")
    rows = bench.engine.relation("links_used").to_pylist()
    return {(row["dt"], row["shard"]): row["links"] for row in rows}


def _only(engine: Engine, partitions: list[Partition]) -> None:
    """Leave those of `meant` that lie in these partitions as `chosen`."""
    days, shards = zip(*partitions, strict=True)
    engine.table("wanted", pa.table({"dt": pa.array(days, pa.date32()), "shard": pa.array(shards, pa.int32())}))
    others = engine.rows(
        "select 1 from (select distinct dt, shard from meant) anti join wanted using (dt, shard) limit 1"
    )
    # Where nothing is left out, a join makes the planner expect few rows, and turn the dear joins behind it around.
    join = "semi join wanted using (dt, shard)" if others else ""
    engine.execute(f"create or replace view chosen as from meant {join}")


def _names_by_day(partitions: Mapping[tuple[date, int], list[tuple[str, int]]]) -> dict[date, list[str]]:
    names: dict[date, list[str]] = {}
    for (day, _), files in partitions.items():
        names.setdefault(day, []).extend(path for path, _ in files)
    return names
