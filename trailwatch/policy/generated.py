"""A generated policy with all that is to be known before it is applied; it shows itself, and turns into a frame."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

import msgspec
import pandas as pd

from trailwatch.policy import generated_text
from trailwatch.policy.covering import Managed
from trailwatch.policy.doubts import Doubt
from trailwatch.policy.forms import Form
from trailwatch.policy.groups import Suggested
from trailwatch.policy.write import Document, size


@dataclass
class Granted:
    """One action that the policy allows, with what the calls were about and what allows it."""

    action: str
    via: str = ""  # the service that called on behalf of the identity
    calls: int = 0
    last_time: datetime | None = None
    resources: list[str] = field(default_factory=list)  # as the policy has them
    event_ids: list[str] = field(default_factory=list)
    inferred: bool = False  # no record says that it was used


@dataclass
class Wanted:
    """Calls that the policy does not allow: denied when they were made, failed otherwise, or part of a finding."""

    action: str
    calls: int = 0
    last_time: datetime | None = None
    event_ids: list[str] = field(default_factory=list)
    granted: bool = False  # other calls of the identity need the same action, so that the policy has it all the same


@dataclass
class Removed:
    """A finding whose calls were left out, and what that kept out of the policy."""

    finding: str
    title: str
    severity: str
    calls: int = 0
    actions: list[str] = field(default_factory=list)  # that nothing else would have allowed
    narrower: list[str] = field(default_factory=list)  # that are allowed, but not on the resources of the finding


@dataclass(frozen=True)
class Proof:
    """The policy tried on the calls it was made of."""

    allowed: int
    denied: int
    unknown: int


@dataclass(frozen=True)
class Coverage:
    """How many calls had an IAM action, and how it was found."""

    by_name: int
    by_exception: int
    none: Mapping[str, int]  # calls that no policy can allow or deny, by event
    unknown: Mapping[str, int]  # calls of which no table knows the action, by event


@dataclass(frozen=True)
class Generated:
    """Policies of what some principals used, and a report of what is uncertain about them."""

    form: Form
    principals: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    documents: tuple[Document, ...]
    widened: str
    granted: tuple[Granted, ...]
    denied: tuple[Wanted, ...]
    failed: tuple[Wanted, ...]
    removed: tuple[Removed, ...]
    proof: Proof
    coverage: Coverage
    doubts: tuple[Doubt, ...]
    managed: tuple[Managed, ...]
    groups: tuple[Suggested, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The characters of each document without white space, as IAM counts them."""
        return tuple(size(one) for one in self.documents)

    def policies(self) -> list[str]:
        """Return each document as JSON text."""
        return [json.dumps(one, indent=2, ensure_ascii=False) for one in self.documents]

    def data(self) -> dict[str, Any]:
        """Return documents and report as plain values."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {"schema": 1, **found, "sizes": list(self.sizes)}

    def json(self) -> str:
        """Return documents and report as JSON."""
        return msgspec.json.format(msgspec.json.encode(self.data()), indent=1).decode()

    def df(self) -> pd.DataFrame:
        """Return what is allowed as a frame, an action a row."""
        rows = [vars(one) for one in self.granted]
        return pd.DataFrame(rows, columns=list(Granted.__dataclass_fields__))

    def text(self, *, every: bool = False) -> str:
        """Return the policy and its report as text; `every` line, or the first ones of each list."""
        return generated_text.text(self, every=every)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text())}</pre>"
