"""One thing that the doctor looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_WORDS = {True: "ok ", False: "BAD", None: "?  "}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is well (None: it could not be looked at), what was seen, what to do."""

    name: str
    good: bool | None
    says: str
    remedy: str = ""

    def text(self) -> str:
        """Return the check as a line."""
        stop = "" if self.says.endswith((".", "?")) else "."
        remedy = f"{stop} Try: {self.remedy}" if self.remedy and self.good is False else ""
        return f"{_WORDS[self.good]}  {self.name}: {self.says}{remedy}"

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain values."""
        return asdict(self)
