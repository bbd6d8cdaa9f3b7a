"""What people said of findings: the precision of each detection and each scorer, and which to think over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from trailwatch.engine import Engine
from trailwatch.findings.marks import Mark, marks
from trailwatch.store.tables import Store

DAYS = 90
ENOUGH, POOR = 20, 0.05  # verdicts after which so low a precision asks for less


@dataclass(frozen=True)
class Standing:
    """How one detection, or one scorer of the model, stands by the verdicts on its findings."""

    name: str
    told: int
    confirmed: int
    benign: int

    @property
    def precision(self) -> float | None:
        """Return the share of confirmed among all verdicts, None without any."""
        said = self.confirmed + self.benign
        return self.confirmed / said if said else None

    @property
    def advice(self) -> str:
        """Return what to do about it, '' for nothing."""
        poor = self.precision is not None and self.precision < POOR and self.confirmed + self.benign >= ENOUGH
        return "lower its severity ([rules.severity]) or narrow it" if poor else ""


@dataclass(frozen=True)
class Statistics:
    """The standing of all detections and scorers over some days."""

    first: date
    last: date
    detections: tuple[Standing, ...]
    scorers: tuple[Standing, ...]

    def text(self) -> str:
        """Return it as a table."""
        return "\n".join(self._lines())

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "first": str(self.first), "last": str(self.last),
            **{name: [{**asdict(one), "precision": one.precision, "advice": one.advice} for one in rows]
               for name, rows in (("detections", self.detections), ("scorers", self.scorers))},
        }  # fmt: skip

    def _lines(self) -> Iterator[str]:
        yield f"findings from {self.first} to {self.last}, and what was said of them"
        for title, rows in (("detection", self.detections), ("scorer of the model", self.scorers)):
            yield ""
            yield f"{title:34}{'told':>6}{'confirmed':>11}{'benign':>8}{'no word':>9}{'precision':>11}"
            for one in rows:
                precise = "-" if one.precision is None else f"{one.precision:.0%}"
                rest = one.told - one.confirmed - one.benign
                yield f"{one.name:34}{one.told:>6}{one.confirmed:>11}{one.benign:>8}{rest:>9}{precise:>11}  {one.advice}".rstrip()
            if not rows:
                yield "none"


def statistics(store: Store, *, last: date, days: int = DAYS) -> Statistics:
    """Count findings and verdicts of the days up to `last`; what was suppressed was not told."""
    first = last - timedelta(days=days - 1)
    with Engine() as engine:
        store.show(engine, "findings", days=(first, last))
        found = engine.rows(
            "select id, arg_max(detection, dt), arg_max(json_extract(body, '$.evidence.model_parts'), dt) from findings "
            "group by id having bool_or(suppressed_by = '') or list_contains($marked, id) order by id",
            marked=[one.finding for one in marks(store)],
        )
    verdicts = marks(store)
    by_scorer: dict[str, list[str]] = {}
    for id, _, parts in found:
        if parts:  # also of an act of the rules that the model saw too
            numbers = json.loads(parts)
            by_scorer.setdefault(max(sorted(numbers), key=numbers.__getitem__), []).append(id)
    by_detection: dict[str, list[str]] = {}
    for id, detection, _ in found:
        by_detection.setdefault(detection, []).append(id)
    return Statistics(first, last, _standings(by_detection, verdicts), _standings(by_scorer, verdicts))


def _standings(groups: Mapping[str, list[str]], verdicts: Sequence[Mark]) -> tuple[Standing, ...]:
    said = {one.finding: one.verdict for one in verdicts}
    rows = [
        Standing(name, len(ids), _count(ids, said, "confirmed"), _count(ids, said, "benign"))
        for name, ids in groups.items()
    ]
    return tuple(sorted(rows, key=lambda one: (-one.told, one.name)))


def _count(ids: Iterable[str], said: Mapping[str, str], verdict: str) -> int:
    return sum(said.get(one) == verdict for one in ids)
