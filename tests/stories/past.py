"""What policies would have said to planted calls and to all others of the sample logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from trailwatch.engine import Engine
from trailwatch.policy import document, replay
from trailwatch.policy.evaluate import Policies
from trailwatch.profile import sessions
from trailwatch.store.tables import Store
from trailwatch.window import Window

PLATFORM, DATA, DEVELOPER, BACKUP, WEB = IDENTITIES = (
    "210987654321/role/AWSReservedSSO_PlatformEngineer", "210987654321/role/AWSReservedSSO_DataEngineer",
    "310987654321/role/AWSReservedSSO_Developer", "210987654321/user/legacy-backup", "210987654321/role/web-app",
)  # fmt: skip


@dataclass(frozen=True)
class Count:
    """Calls that some policies allow, and those that they do not or of which nobody can tell."""

    allowed: int
    denied: int

    @property
    def share(self) -> float:
        """The share of those that are allowed."""
        return self.allowed / (self.allowed + self.denied) if self.allowed + self.denied else 1.0


class Judge:
    """The events of a store, of which some are planted."""

    def __init__(self, store: Store, planted: Iterable[str]) -> None:
        self.engine = Engine()
        store.show(self.engine, "events", name="raw_events")
        sessions.means(self.engine)
        self.engine.table("planted", pa.table({"event_id": sorted(planted)}))

    def __call__(self, policies: Sequence[str], principal: str, window: Window, *, planted: bool) -> Count:
        kind = "semi" if planted else "anti"
        self.engine.execute(f"create or replace view meant as from events {kind} join planted using (event_id)")
        read = tuple(document.parse(text, name=f"{place}") for place, text in enumerate(policies))
        made = replay.judge(self.engine, Policies(read), (principal,), window=window)
        return Count(made.calls("allow"), made.calls("would deny") + made.calls("cannot tell"))
