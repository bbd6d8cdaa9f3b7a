"""A field: months of made-up organizations as a folder of logs, with the truth about every planted day."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec

from trailwatch.scorecard import attacks, lookalikes
from trailwatch.scorecard.organization import DAYS, START, Identity, accounts, organizations
from trailwatch.scorecard.records import Record, record
from trailwatch.scorecard.routine import Moment, Mood, day_of
from trailwatch.simulate.chance import dice, stable_hex


class Planted(msgspec.Struct, frozen=True):
    """One attack or look-alike: what it is, who did it, on which UTC days, with which events."""

    id: str
    kind: str
    detail: str
    stealth: str  # '' for look-alikes
    trade: str
    principal: str
    person: str
    days: list[date]
    first: str  # time of the first event
    event_ids: list[str] = []
    planted: list[str] = []
    held_out: bool = False
    benign: bool = False


@dataclass(frozen=True)
class Field:
    """What was written."""

    folder: Path
    events: int
    planted: tuple[Planted, ...]
    everybody: tuple[Identity, ...]


def days(span: tuple[int, int]) -> list[date]:
    """Return the days of a span that is counted from the start."""
    return [START + timedelta(days=n) for n in range(*span)]


def write(folder: Path, *, seed: int, size: float = 1.0, progress: Callable[[str], None] = lambda _: None) -> Field:
    """Write the field of a seed; the same seed gives the same bytes."""
    everybody = organizations(seed, size=size)
    harmless = lookalikes.plan(seed, everybody)
    planned = attacks.plan(seed, everybody)
    by_day: dict[date, list[tuple[int, Moment]]] = {}
    for number, attack in enumerate(planned):
        for moment in attack.moments:
            by_day.setdefault(moment.at.date(), []).append((number, moment))
    moods = {(one.who.name, day): one.mood for one in harmless for day in one.days}
    told: dict[int, list[Record]] = {number: [] for number in range(len(planned))}
    first = min((day for one in everybody for day in one.sparse), default=START)
    events = 0
    carried: list[Record] = []  # of a local day that goes on after midnight UTC
    for day in (first + timedelta(days=n) for n in range((START - first).days + DAYS)):
        records = carried
        carried = []
        for who in everybody:
            if day < START and day not in who.sparse:
                continue
            chance = dice(seed, who.name, day, "records")
            made = [record(chance, one) for one in day_of(seed, who, day, moods.get((who.name, day), Mood()))]
            late = f"{day + timedelta(days=1)}"
            records += [one for one in made if one["eventTime"] < late]
            carried += [one for one in made if one["eventTime"] >= late]
        for number, moment in by_day.get(day, ()):
            act = record(dice(seed, "attack", number, moment.at, moment.api), moment)
            told[number].append(act)
            records.append(act)
        events += len(records)
        put(folder, day, records)
        progress(f"{day}: {events:,} events")
    planted = (
        *(_attack(number, one, told[number]) for number, one in enumerate(planned) if told[number]),
        *(_harmless(number, one) for number, one in enumerate(harmless)),
    )
    (folder / "trailwatch.toml").write_text(_settings(seed), encoding="utf-8")
    return Field(folder, events, tuple(planted), everybody)


def _attack(number: int, one: attacks.Attack, records: list[Record]) -> Planted:
    times = sorted(act["eventTime"] for act in records)
    return Planted(
        f"a{number}", one.kind, one.detail, one.stealth, one.who.trade, one.who.principal, one.who.person,
        sorted({date.fromisoformat(at[:10]) for at in times}), times[0], [act["eventID"] for act in records],
        sorted(one.planted), one.held_out,
    )  # fmt: skip


def _harmless(number: int, one: lookalikes.Lookalike) -> Planted:
    return Planted(
        f"b{number}", one.kind, "", "", one.who.trade, one.who.principal, one.who.person, sorted(set(one.days)),
        f"{one.days[0]}T00:00:00Z", benign=True,
    )  # fmt: skip


def put(folder: Path, day: date, records: list[Record]) -> None:
    """Write the records of a day, an object for each account and region."""
    cells: dict[tuple[str, str], list[Record]] = {}
    for one in records:
        cells.setdefault((one["recipientAccountId"], one["awsRegion"]), []).append(one)
    for (account, region), held in sorted(cells.items()):
        held.sort(key=lambda one: (one["eventTime"], one["eventID"]))
        name = f"{account}_CloudTrail_{region}_{day:%Y%m%d}T2355Z_{stable_hex(16, account, region, day)}.json.gz"
        path = folder / "AWSLogs" / account / "CloudTrail" / region / f"{day:%Y/%m/%d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(msgspec.json.encode({"Records": held}), 1, mtime=0))


def _settings(seed: int) -> str:
    lines = ["[organization.accounts]"]
    lines += [f'{account} = "org{n}-{place}"' for n in range(3) for place, account in enumerate(accounts(seed, n))]
    return "\n".join(lines) + "\n"
