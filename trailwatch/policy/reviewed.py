"""What a review says of each identity: granted, used, unused, wildcards, ways up, changes, and what to take away first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from trailwatch.investigate.rows import Rows
from trailwatch.policy.review_page import page
from trailwatch.policy.working import Workload
from trailwatch.store.schema import INT, REAL, TEXT, TIME

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Unused:
    """A service of which nothing was used in the window."""

    service: str
    actions: int
    last_use: datetime | None  # ever, as far as the trail goes back
    but_data: bool = False  # its data events are not logged, and count neither as used nor as unused


@dataclass(frozen=True)
class Way:
    """A way to more than was given, and how often its actions were called in the window."""

    id: str
    actions: tuple[str, ...]
    how: str
    calls: int
    conditional: bool


@dataclass(frozen=True)
class Step:
    """One thing to take away: the risk that goes, and the calls of the window that would break."""

    principal: str
    what: str
    risk: float
    breaks: int

    @property
    def worth(self) -> float:
        """The risk removed per call broken; what breaks nothing counts as if it broke one."""
        return self.risk / max(1, self.breaks)


@dataclass(frozen=True)
class Signed:
    """Who signed a review, and when."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Identity:
    """One user or role, as a reviewer looks at it."""

    account: str
    principal: str
    kind: str
    policies: tuple[str, ...]
    boundary: str
    granted: int
    used: int  # actions of the window that it was granted
    services: int
    unused: tuple[Unused, ...]
    unused_actions: dict[
        str, tuple[str, ...]
    ]  # by service that was used: what of it may change things and was not used
    wildcards: tuple[str, ...]
    ways: tuple[Way, ...]
    changes: tuple[str, ...]
    uncertain: tuple[str, ...]
    steps: tuple[Step, ...]
    last_use: datetime | None
    signed: Signed | None

    @property
    def risk(self) -> float:
        """The risk that goes without breaking a call."""
        return sum(step.risk for step in self.steps if not step.breaks)


@dataclass(frozen=True)
class Review:
    """The permissions of an organization, an account or one identity, against what was used."""

    since: datetime
    until: datetime
    taken_at: datetime
    identities: tuple[Identity, ...]  # the most to gain first
    signed_by: str = ""
    keys: tuple[Workload, ...] = ()  # long-term keys that programs on AWS use

    @property
    def steps(self) -> list[Step]:
        """Everything to take away, by risk removed per call broken."""
        every = (step for one in self.identities for step in one.steps)
        return sorted(every, key=lambda step: (-step.worth, step.breaks, step.principal, step.what))

    def rows(self) -> Rows:
        """Return one row a thing to take away, in the order of doing."""
        at = {one.principal: one for one in self.identities}
        columns: dict[str, tuple[Any, Sequence[Any]]] = {
            "account": (TEXT, [at[step.principal].account for step in self.steps]),
            "principal": (TEXT, [step.principal for step in self.steps]),
            "take_away": (TEXT, [step.what for step in self.steps]),
            "risk": (REAL, [round(step.risk, 1) for step in self.steps]),
            "calls_broken": (INT, [step.breaks for step in self.steps]),
            "risk_per_call": (REAL, [round(step.worth, 2) for step in self.steps]),
            "last_use_of_identity": (TIME, [at[step.principal].last_use for step in self.steps]),
            "decision": (TEXT, ["" for _ in self.steps]),
            "remark": (TEXT, ["" for _ in self.steps]),
        }
        return Rows(
            pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()}), title="review"
        )

    def df(self) -> pd.DataFrame:
        """Return one row a thing to take away as a pandas frame."""
        return self.rows().df()

    def csv(self) -> str:
        """Return the same as CSV, with columns for the decision; no cell is a formula."""
        return self.rows().csv()

    def html(self) -> str:
        """Return the review as one page without script."""
        return page(self, every=True).html()

    def text(self, *, every: bool = False) -> str:
        """Return the review for a terminal."""
        return page(self, every=every).text()

    def json(self) -> str:
        """Return the review as JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return msgspec.json.format(msgspec.json.encode({"schema": 1, **found, "order": self.steps}), indent=1).decode()

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return page(self).body()
