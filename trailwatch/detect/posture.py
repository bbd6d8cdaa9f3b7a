"""Posture detections: queries over exports of IAM; each row is one finding about what is configured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.detect import compile as sql
from trailwatch.detect import relations
from trailwatch.detect.clause import flaws
from trailwatch.detect.detection import Detection
from trailwatch.detect.exports import Export
from trailwatch.detect.scan import NotRun, undeclared
from trailwatch.engine import Engine
from trailwatch.errors import EngineError
from trailwatch.finding import SEVERITIES

# What every row says; all other columns are its evidence, but for the time of the export, which the finding names.
KEYS = ("account", "principal", "target")
_SAID = frozenset({*KEYS, "severity", "person", "taken_at"})
MOST = 10_000  # rows of one query; more is a query that forgot to join


@dataclass(frozen=True)
class Found:
    """One thing that is configured against a practice."""

    detection: str
    account: str
    principal: str
    target: str
    person: str
    severity: str
    taken_at: datetime | None  # of the oldest export that it rests on
    values: Mapping[str, Any]  # every column of the row, in order, as JSON holds it


@dataclass(frozen=True)
class Unchecked:
    """A detection that could not look at an account, because exports are missing."""

    detection: str
    account: str
    missing: tuple[str, ...]  # 'a or b' where either would do

    @property
    def reason(self) -> str:
        """Why it could not look."""
        return f"no export of {', '.join(self.missing)}" if self.missing else "no usable export of IAM"


@dataclass(frozen=True)
class Evaluated:
    """What posture detections found, which accounts each of them looked at, and what it could not look at."""

    found: tuple[Found, ...] = ()
    checked: frozenset[tuple[str, str]] = frozenset()  # detection × account
    unchecked: tuple[Unchecked, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    not_evaluated: tuple[NotRun, ...] = ()
    ran: int = 0


def evaluate(
    engine: Engine, detections: Iterable[Detection], exports: Iterable[Export], config: Config | None = None
) -> Evaluated:
    """Run the posture detections among the given ones over the relations of an engine, and lock it for good."""
    active = [detection for detection in detections if detection.snapshot]
    lacking = undeclared(config or Config())
    have: dict[str, dict[str, datetime]] = {}
    for export in exports:
        kinds = have.setdefault(export.account, {})
        if export.taken_at:
            kinds[export.kind] = export.taken_at
    persons = dict(engine.rows("select principal, any_value(person) from iam_users group by principal"))
    engine.lock([])
    found: list[Found] = []
    checked: set[tuple[str, str]] = set()
    unchecked: list[Unchecked] = []
    not_run: list[NotRun] = []
    not_evaluated: list[NotRun] = []
    for detection in active:
        if missing := [lacking[need] for need in detection.needs if need in lacking]:
            not_evaluated.append(NotRun(detection.id, "; ".join(missing)))
            continue
        try:
            needs = relations.needs(engine, detection.snapshot)
            looked = {account: kinds for account, kinds in have.items() if kinds and not _missing(needs, kinds)}
            blind = [Unchecked(detection.id, account, _missing(needs, kinds))
                     for account, kinds in sorted(have.items()) if account not in looked]  # fmt: skip
            rows = _rows(engine, detection) if looked else []
        except EngineError as error:
            not_run.append(NotRun(detection.id, error.what))
            continue
        unchecked += blind
        if not looked:
            not_evaluated.append(NotRun(detection.id, _why(blind)))
            continue
        checked |= {(detection.id, account) for account in looked}
        checked |= set() if blind else {(detection.id, "")}
        found += [_found(detection, row, needs, looked, persons) for row in rows if row["account"] in {*looked, ""}]
    return Evaluated(
        tuple(_distinct(found)), frozenset(checked), tuple(unchecked), tuple(not_run), tuple(not_evaluated),
        len(active) - len(not_run) - len(not_evaluated),
    )  # fmt: skip


def fires(engine: Engine, detection: Detection) -> bool:
    """Tell whether a detection finds anything in the relations of an engine."""
    return bool(_rows(engine, detection))


def mistakes(engine: Engine, detection: Detection) -> Iterator[tuple[str, str, str, int]]:
    """Yield (law, what, key, offset in the query) of what a posture detection may not say; relations may be empty."""
    broken = False
    for flaw in flaws(engine, query=detection.snapshot, relations=frozenset(relations.RELATIONS)):
        broken = True
        yield "clause", flaw.what, "snapshot", flaw.offset
    if broken:
        return
    try:
        columns = engine.query(f"select * from (\n{detection.snapshot}\n) limit 0").column_names
    except EngineError as error:
        yield "binds", error.what, "snapshot", 0
        return
    for name in KEYS:
        if name not in columns:
            yield "columns", f"the query returns no column {name!r} (account, principal and target name a finding)", \
                "snapshot", 0  # fmt: skip
    for key in ("title", "next"):
        for name in sql.placeholders(getattr(detection, key)):
            if name not in {*columns, "who"}:
                yield "placeholders", f"{key}: {{{name}}} is not a column of the query", key, 0


def _rows(engine: Engine, detection: Detection) -> list[dict[str, Any]]:
    table = engine.ask(f"select * from (\n{detection.snapshot}\n) limit {MOST + 1}")
    if missing := [name for name in KEYS if name not in table.column_names]:
        raise EngineError(f"the query returns no column {', '.join(missing)}")
    if table.num_rows > MOST:
        raise EngineError(f"the query returns more than {MOST:,} rows")
    rows = [{name: _plain(value) for name, value in row.items()} for row in _pylist(table)]
    for row in rows:
        row.update({name: row[name] or "" for name in KEYS})
    return sorted(rows, key=lambda row: (*(str(row[name]) for name in KEYS), json.dumps(row, sort_keys=True)))


def _pylist(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def _found(
    detection: Detection, row: Mapping[str, Any], needs: Sequence[relations.Need],
    looked: Mapping[str, Mapping[str, datetime]], persons: Mapping[str, str],
) -> Found:  # fmt: skip
    severity = str(row.get("severity") or detection.severity)
    kinds = {kind for need in needs for kind in need}
    accounts = [looked[row["account"]]] if row["account"] else list(looked.values())
    times = [taken for account in accounts for kind, taken in account.items() if kind in kinds or not kinds]
    return Found(
        detection=detection.id,
        account=str(row["account"]),
        principal=str(row["principal"]),
        target=str(row["target"]),
        person=str(row.get("person") or persons.get(row["principal"], "")),
        severity=severity if severity in SEVERITIES else detection.severity,
        taken_at=min(times, default=None),
        values=dict(row),
    )


def evidence(found: Found) -> dict[str, Any]:
    """Return the columns of a row that are its evidence, in the order of the query."""
    return {name: value for name, value in found.values.items() if name not in _SAID and value is not None}


def _distinct(found: Iterable[Found]) -> Iterator[Found]:
    # A query that names a thing twice still finds it once; how often stays in the evidence.
    same: dict[tuple[str, ...], list[Found]] = {}
    for one in found:
        same.setdefault((one.detection, one.account, one.principal, one.target), []).append(one)
    for first, *more in same.values():
        yield first if not more else _replaced(first, len(more) + 1)


def _replaced(first: Found, rows: int) -> Found:
    values = {**first.values, "rows": rows}
    return Found(**{**{name: getattr(first, name) for name in Found.__dataclass_fields__}, "values": values})


def _missing(needs: Sequence[relations.Need], kinds: Mapping[str, datetime]) -> tuple[str, ...]:
    return tuple(" or ".join(need) for need in needs if not any(kind in kinds for kind in need))


def _why(blind: Sequence[Unchecked]) -> str:
    return " and ".join(dict.fromkeys(one.reason for one in blind)) or "no snapshot of IAM yet"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
