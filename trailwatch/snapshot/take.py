"""Exports into the table `snapshots`, and what they changed against the last good ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.progress import Progress, Silent
from trailwatch.snapshot.changes import Change, changes
from trailwatch.snapshot.export import Export, Passed
from trailwatch.store.schema import SNAPSHOTS
from trailwatch.store.tables import Store

BATCH = 64 * 2**20  # characters of bodies between two commits


@dataclass(frozen=True)
class Line:
    """What became of one export."""

    account: str
    kind: str
    taken_at: datetime
    source: str
    good: bool
    reason: str
    known: bool  # the same export was kept before
    first: bool  # there was no good one before it
    changes: tuple[Change, ...]


@dataclass
class Taken:
    """What one run took, what failed, what was left out, and what changed."""

    lines: list[Line] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    problem: str = ""  # why nothing at all could be taken

    @property
    def gap(self) -> bool:
        """Whether something is missing that was asked for."""
        return bool(self.problem or self.failed)

    @property
    def good(self) -> list[Line]:
        """The exports that are good."""
        return [line for line in self.lines if line.good]

    @property
    def failed(self) -> list[Line]:
        """The exports that failed."""
        return [line for line in self.lines if not line.good]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "exports": [msgspec.to_builtins(line) for line in self.lines],
            "passed": [msgspec.to_builtins(one) for one in self.passed],
            "problem": self.problem,
        }

    def changes(self) -> list[tuple[str, Change]]:
        """Return each change with its account, once, though two exports may tell it."""
        return list(dict.fromkeys((line.account, change) for line in self.lines for change in line.changes))

    def text(self) -> str:
        """Return one line an export, a change, a failure: account first, so that they can be searched."""
        rows = [
            f"{line.account}  {'known' if line.known else 'kept'}     {line.kind}  {_time(line.taken_at)}  {line.source}"
            f"{'  first' if line.first else ''}{f'  ({line.reason})' if line.reason else ''}"
            for line in self.good
        ]
        told = self.changes()
        rows += [f"{account}  {one.change:<8} {one.what} {one.name}{f'  {one.detail}' if one.detail else ''}"
                 for account, one in told]  # fmt: skip
        rows += [
            f"{line.account or '-'}  FAILED   {line.kind or 'unknown'}  {line.source}: {line.reason}"
            for line in self.failed
        ]
        if self.passed:
            rows.append(
                f"-  left out {len(self.passed)}: "
                + ", ".join(f"{one.name} ({one.reason})" for one in self.passed[:10])
            )
        if self.problem:
            rows.append(f"-  FAILED   {self.problem}")
        rows.append(f"{len(self.good)} good, {len(self.failed)} failed, {len(told)} changes")
        # A line of the answer is a line: names come from IAM and from folders, and may hold anything.
        return "\n".join(" ".join(row.splitlines()) for row in rows)


def take(store: Store, exports: Iterable[Export | Passed], *, progress: Progress | None = None) -> Taken:
    """Keep exports, and tell what they changed; a failed one is kept beside the last good one."""
    watch = progress or Silent()
    taken = Taken()
    with Engine() as engine:
        kept = _Kept(store, engine)
        watch.start("snapshots", unit="exports")
        try:
            for export in exports:
                if isinstance(export, Passed):
                    taken.passed.append(export)
                    continue
                taken.lines.append(_line(kept, export))
                watch.advance(failed=int(not export.good))
        finally:
            # What came before an error or a cancelled run is kept.
            kept.flush()
            watch.finish()
    return taken


def _line(kept: _Kept, export: Export) -> Line:
    known = kept.has(export)
    before = kept.last(export) if export.good else None
    found = (
        changes(export.kind, json.loads(before), json.loads(export.body)) if before and before != export.body else []
    )
    if not known:
        kept.add(export)
    return Line(
        export.account, export.kind, export.taken_at, export.source, export.good, export.reason, known,
        export.good and before is None, tuple(found),
    )  # fmt: skip


class _Kept:
    """What the store holds and what waits to be written."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store, self._engine = store, engine
        self._waiting: list[Export] = []
        self._size = 0
        store.show(engine, SNAPSHOTS.name)

    def add(self, export: Export) -> None:
        self._waiting.append(export)
        self._size += len(export.body)
        if self._size > BATCH:
            self.flush()

    def flush(self) -> None:
        rows = [
            {
                "dt": one.taken_at.date(), "account": one.account, "kind": one.kind, "taken_at": one.taken_at,
                "source": one.source, "status": "good" if one.good else "failed", "reason": one.reason,
                "digest": one.digest, "body": one.body,
            }
            for one in self._waiting
        ]  # fmt: skip
        self._store.append(SNAPSHOTS.name, pa.Table.from_pylist(rows, schema=SNAPSHOTS.columns))
        self._waiting, self._size = [], 0
        self._store.show(self._engine, SNAPSHOTS.name)

    def has(self, export: Export) -> bool:
        """Tell whether the very same export was kept before."""
        if any(one == export for one in self._waiting):
            return True
        return bool(self._engine.rows(
            "select 1 from snapshots where account = $account and kind = $kind and taken_at = $taken_at "
            "and status = $status and digest = $digest and (status = 'good' or (source = $source and reason = $reason))",
            account=export.account, kind=export.kind, taken_at=export.taken_at,
            status="good" if export.good else "failed", digest=export.digest, source=export.source,
            reason=export.reason,
        ))  # fmt: skip

    def last(self, export: Export) -> str | None:
        """Return the body of the last good export before this one, None where there is none."""
        same = [one for one in self._waiting
                if one.good and (one.account, one.kind) == (export.account, export.kind) and one.taken_at < export.taken_at]  # fmt: skip
        newest = max(same, key=lambda one: one.taken_at, default=None)
        rows = self._engine.rows(
            "select taken_at, body from snapshots where account = $account and kind = $kind and status = 'good' "
            "and taken_at < $taken_at order by taken_at desc limit 1",
            account=export.account, kind=export.kind, taken_at=export.taken_at,
        )  # fmt: skip
        if rows and (newest is None or rows[0][0] > newest.taken_at):
            return str(rows[0][1])
        return newest.body if newest else None


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
