"""How long work tells that it is alive; the library itself never prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the start, the steps and the end of one piece of work."""

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:
        """Begin a piece of work of `total` steps, None when that is not known."""

    def advance(self, steps: int = 1, **figures: int) -> None:
        """Count steps that are done, with running figures such as events or bytes."""

    def finish(self) -> None:
        """End the piece of work."""


class Silent:
    """A progress that shows nothing."""

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:
        """Ignore the start."""

    def advance(self, steps: int = 1, **figures: int) -> None:
        """Ignore the steps."""

    def finish(self) -> None:
        """Ignore the end."""
