"""Sensitive calls in their harmless form: the table in benign.toml, one row a call and the one who makes it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

import msgspec

from trailwatch.simulate.apis import Template

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Benign:
    """One harmless call of an actor: a pipeline (terraform, terraform-dev, …), break-fix, svc-reports, or a person.

    A call that is harmless and yet against a practice belongs to the neglect that it is named after.
    """

    api: str
    actor: str
    weekdays: tuple[int, ...]
    params: Template = None
    answer: Template = None
    neglect: str = ""
    rare: bool = False  # every third week only


def _rows() -> tuple[Benign, ...]:
    text = (resources.files("trailwatch.simulate") / "benign.toml").read_text(encoding="utf-8")
    rows = []
    for actor, calls in tomllib.loads(text).items():
        for api, row in calls.items():
            weekdays = tuple(WEEKDAYS.index(day) for day in row["days"].split())
            params, answer = (msgspec.json.decode(row.get(part, "null")) for part in ("params", "answer"))
            rows.append(Benign(api, actor, weekdays, params, answer, row.get("neglect", ""), row.get("rare", False)))
    return tuple(rows)


TABLE = _rows()
