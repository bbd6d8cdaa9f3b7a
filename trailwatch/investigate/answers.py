"""Answers that show themselves in a notebook, turn into frames, and lead on to the next question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from trailwatch.investigate import history_page, lineage_page
from trailwatch.investigate.document import Document
from trailwatch.investigate.lineage import Lineage
from trailwatch.investigate.parts import History
from trailwatch.investigate.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


class Asker(Protocol):
    """What answers lead on with: a store that can be asked."""

    def events_of(self, asked: str, *, start: str | None = None, end: str | None = None) -> Rows:
        """Return the events of what a text names."""

    def findings_by_id(self, ids: Sequence[str]) -> Rows:
        """Return findings by their ids."""


class Answer(ABC):
    """A page, and the rows behind it; each is made when somebody looks at it."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    @abstractmethod
    def page(self, *, every: bool = False) -> Document:
        """Return the page, with the first or with every entry of each list."""

    @abstractmethod
    def table(self) -> Rows:
        """Return the rows behind the page; times are UTC."""

    def df(self) -> pd.DataFrame:
        """Return the rows as a pandas frame; times are UTC."""
        return self.table().df()

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; times are UTC."""
        return self.table().arrow()

    def sql(self, query: str) -> Rows:
        """Ask the rows in SQL, under the name `rows`."""
        return self.table().sql(query)

    def text(self) -> str:
        """Return the page as text."""
        return self.page().text()

    def markdown(self) -> str:
        """Return the page as Markdown."""
        return self.page().markdown()

    def html(self) -> str:
        """Return the page as one HTML file."""
        return self.page().html()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.page().body()


class HistoryAnswer(Answer):
    """The history of one thing; `.data` holds every part of it as values."""

    def __init__(self, asker: Asker, data: History, *, start: str | None, end: str | None) -> None:
        super().__init__(asker)
        self.data = data
        self._window = (start, end)

    def page(self, *, every: bool = False) -> Document:
        """Return the page, with the first or with every entry of each list."""
        return history_page.page(self.data, every=every)

    def table(self) -> Rows:
        """Return the hours as rows; times are UTC."""
        return history_page.table(self.data)

    def json(self) -> str:
        """Return the whole history as JSON."""
        return history_page.as_json(self.data)

    def events(self) -> Rows:
        """Return the events themselves, the newest first."""
        start, end = self._window
        return self._asker.events_of(self.data.asked.text, start=start, end=end)

    def findings(self) -> Rows:
        """Return the findings about it."""
        return self._asker.findings_by_id([one.id for one in self.data.findings])


class LineageAnswer(Answer):
    """The session tree of a credential; `.data` holds every part of it as values."""

    def __init__(self, asker: Asker, data: Lineage, *, accounts: Mapping[str, str]) -> None:
        super().__init__(asker)
        self.data = data
        self._accounts = accounts

    def page(self, *, every: bool = False) -> Document:
        """Return the page, with the first or with every entry of each list."""
        return lineage_page.page(self.data, accounts=self._accounts, every=every)

    def table(self) -> Rows:
        """Return the tree as rows, parents before children; times are UTC."""
        return lineage_page.table(self.data)

    def json(self) -> str:
        """Return the whole lineage as JSON."""
        return lineage_page.as_json(self.data)

    def used(self) -> Rows:
        """Return what was done with each credential, by action and outcome."""
        return Rows(self.data.used, title="done")

    def touched(self) -> Rows:
        """Return the resources that were touched, the changed ones first."""
        return rows_of(self.data.touched, title="touched")

    def created(self) -> Rows:
        """Return what was made, and what became of it."""
        return rows_of(self.data.created, title="made")

    def events(self) -> Rows:
        """Return the events of the credentials that were asked for, the newest first."""
        return self._asker.events_of(self.data.asked.text, start=None, end=None)


def rows_of(values: Sequence[object], *, title: str) -> Rows:
    """Return dataclasses as rows."""
    return Rows(pa.Table.from_pylist([vars(one) for one in values]), title=title)
