"""Events, identities, findings and digests as tables that lead from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from trailwatch.errors import StoreError
from trailwatch.investigate.rows import Rows

if TYPE_CHECKING:
    from trailwatch.investigate.answers import HistoryAnswer, LineageAnswer
    from trailwatch.investigate.questions import Questions


class Pivot(Rows):
    """Rows that know the store they came from."""

    def __init__(self, table: pa.Table, asker: Questions, *, title: str = "") -> None:
        super().__init__(table, title=title)
        self._asker = asker

    def pick(self, word: str) -> Self:
        """Return the rows in which a text stands in one of the columns of text."""
        import pyarrow.compute as pc

        kept = None
        for name in self.columns:
            column = self.arrow()[name]
            if pa.types.is_string(column.type):
                found = pc.fill_null(pc.match_substring(column, word, ignore_case=True), False)
                kept = found if kept is None else pc.or_(kept, found)
        table = self.arrow() if kept is None else self.arrow().filter(kept)
        return type(self)(table, self._asker, title=f"{self.title}: {word}")

    def _values(self, *columns: str) -> list[str]:
        found = (value for name in columns if name in self.columns for value in self.arrow()[name].to_pylist())
        return list(dict.fromkeys(value for value in found if value))


class Events(Pivot):
    """Events with the persons behind them."""

    def identities(self) -> Identities:
        """Return who was behind these events."""
        return self._asker.identities(names=self._values("person", "principal"))

    def findings(self) -> Findings:
        """Return the findings that these events are part of."""
        return self._asker.findings_of(self._values("event_id"))

    def lineage(self) -> LineageAnswer:
        """Return the session tree of the credential of these events; there must be exactly one."""
        return self._asker.lineage(_one(self._values("credential"), "credential"))


class Findings(Pivot):
    """Findings of digests."""

    def events(self) -> Events:
        """Return the events of these findings, the earliest first."""
        ids = [id for row in self.arrow()["event_ids"].to_pylist() for id in row or ()]
        times = [time for name in ("first_time", "last_time") for time in self.arrow()[name].to_pylist() if time]
        return self._asker.events_by_id(ids, [time.date() for time in times])

    def identities(self) -> Identities:
        """Return whom these findings are about."""
        return self._asker.identities(names=self._values("person", "principal"))

    def lineage(self) -> LineageAnswer:
        """Return the session tree behind these findings; their events must have one credential."""
        return self.events().lineage()


class Identities(Pivot):
    """Identities: persons and principals, with first and last use."""

    def history(self, *, start: str | None = None, end: str | None = None) -> HistoryAnswer:
        """Return the history of the one identity in these rows."""
        name = _one(self._values("person") or self._values("principal"), "identity")
        return self._asker.history(name, start=start, end=end)

    def findings(self) -> Findings:
        """Return the findings about these identities."""
        return self._asker.findings_about(self._values("person", "principal"))


class Digests(Pivot):
    """Digests, one row per day."""

    def findings(self) -> Findings:
        """Return the findings of these days."""
        days = self.arrow()["day"].to_pylist()
        return self._asker.findings(start=str(min(days)), end=str(max(days))) if days else self._asker.findings_of([])


def _one(values: Sequence[str], what: str) -> str:
    if len(values) != 1:
        told = ", ".join(values[:3]) or "none"
        raise StoreError(f"there is not exactly one {what}: {told}", hint=f"pick(…) to choose one {what}")
    return values[0]
