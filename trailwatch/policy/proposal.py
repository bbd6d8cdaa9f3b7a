"""The conditions of one identity: as policies, as a table, as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from trailwatch.investigate.rows import Rows
from trailwatch.policy.condition import Condition, Left, Part, Place, Shift
from trailwatch.policy.intruder import Intruder
from trailwatch.policy.proposal_page import page

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Conditions:
    """What was proposed and what was refused for one identity, and what that rests on."""

    principal: str
    fitted: Part
    held: Part
    left_out: tuple[Left, ...]
    days_without_digest: int
    people: int
    conditions: tuple[Condition, ...]
    shift: Shift
    intruder: Intruder | None

    @property
    def proposed(self) -> tuple[Condition, ...]:
        """What was proved."""
        return tuple(one for one in self.conditions if one.proposed)

    def policy(self, place: Place = "permissions") -> dict[str, Any]:
        """Return what was proposed as one policy, or as the statements of the trust policy; {} where nothing was."""
        statements = [dict(part) for one in self.proposed if one.place == place for part in one.statements]
        merged: list[dict[str, Any]] = []
        for part in statements:
            same = next((one for one in merged if place == "trust" and one["Sid"] == part["Sid"]), None)
            if same is None:
                merged.append(part)
            else:
                same["Condition"] = _joined(same["Condition"], part["Condition"])
                same["Action"] = sorted({*same["Action"], *part["Action"]})
        return {"Version": "2012-10-17", "Statement": merged} if merged else {}

    def rows(self) -> Rows:
        """Return one row a condition."""
        return Rows(pa.Table.from_pylist([
            {"condition": one.about, "keys": ", ".join(one.keys), "where": one.place,
             "state": "proposed" if one.proposed else "refused", "coverage": one.coverage, "held_out_calls": one.judged,
             "would_deny": sum(line.calls for line in one.denied), "cannot_tell": one.unknown, "reason": one.reason}
            for one in self.conditions
        ]), title=f"conditions for {self.principal}")  # fmt: skip

    def df(self) -> pd.DataFrame:
        """Return one row a condition as a pandas frame."""
        return self.rows().df()

    def text(self) -> str:
        """Return all of it for a terminal."""
        return page(self).text()

    def json(self) -> str:
        """Return all of it as JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        data = {"schema": 1, **found, "policy": self.policy(), "trust": self.policy("trust")}
        return msgspec.json.format(msgspec.json.encode(data), indent=1).decode()

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return page(self).body()


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {operator: {**one.get(operator, {}), **other.get(operator, {})} for operator in sorted({*one, *other})}
