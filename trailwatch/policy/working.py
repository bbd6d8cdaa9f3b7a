"""Long-term keys on workloads, each with the role and the policies to give instead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from trailwatch.investigate.document import Document, Section
from trailwatch.investigate.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
NOT_SEEN = "Not seen: programs whose client does not say where it runs, on machines without a role."
STEPS = (
    "Give the workload the role, take the key out of its environment, watch that the key rests for a day, then switch it "
    "off, and delete it when nothing has missed it."
)


@dataclass(frozen=True)
class Sign:
    """What shows that a key is used by a workload."""

    kind: str  # function, task, pod, instance
    evidence: str
    calls: int
    first_time: datetime
    last_time: datetime
    event_id: str


@dataclass(frozen=True)
class Workload:
    """One long-term key that a program on AWS works with, and what to use instead."""

    account: str
    principal: str
    key: str
    signs: tuple[Sign, ...]
    role: str  # the name of an existing role that allows all that was used, or of a new one
    exists: bool
    trust: Mapping[str, Any]
    policies: tuple[Mapping[str, Any], ...]  # for a new role
    note: str = ""

    @property
    def calls(self) -> int:
        """The calls that show where the key is."""
        return sum(sign.calls for sign in self.signs)


@dataclass(frozen=True)
class Workloads:
    """Every long-term key that programs on AWS were seen to use."""

    since: datetime
    until: datetime
    workloads: tuple[Workload, ...]

    def rows(self) -> Rows:
        """Return one row a key."""
        return Rows(pa.Table.from_pylist([
            {"account": one.account, "principal": one.principal, "key": one.key, "kind": one.signs[0].kind,
             "evidence": one.signs[0].evidence, "calls": one.calls, "last_time": one.signs[0].last_time, "role": one.role,
             "role_exists": one.exists}
            for one in self.workloads
        ]), title="keys on workloads")  # fmt: skip

    def df(self) -> pd.DataFrame:
        """Return one row a key as a pandas frame."""
        return self.rows().df()

    def text(self) -> str:
        """Return all of it for a terminal."""
        return self._page().text()

    def json(self) -> str:
        """Return all of it as JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return msgspec.json.format(msgspec.json.encode({"schema": 1, **found}), indent=1).decode()

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self._page().body()

    def _page(self) -> Document:
        span = f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d} (UTC)"
        notes = [f"Long-term keys used from instances, functions, tasks or pods, {span}. {NOT_SEEN}"]
        notes += [] if self.workloads else ["None was seen."]
        return Document("Keys on workloads", tuple(notes), tuple(_sections(self)))


def _sections(made: Workloads) -> Iterator[Section]:
    for place, one in enumerate(made.workloads, 1):
        yield Section(f"{place}. Key of a {one.signs[0].kind}", lines=(
            f"{one.key} of {one.principal}",
            *(f"evidence: {sign.evidence}: {sign.calls:,} calls, {sign.first_time:%Y-%m-%d} to {sign.last_time:%Y-%m-%d %H:%M}, "
              f"e.g. event {sign.event_id}" for sign in one.signs[:SHOWN]),
            f"use instead: {'the existing' if one.exists else 'a new'} role {one.role}",
            *((one.note,) if one.note else ()),
            STEPS,
        ))  # fmt: skip
        if not one.exists:
            yield Section("Its trust policy", block=json.dumps(one.trust, indent=2).splitlines())
            for policy in one.policies:
                yield Section("Its permissions", block=json.dumps(policy, indent=2).splitlines())
