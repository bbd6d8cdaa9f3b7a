"""A progress bar on stderr; loaded only where somebody watches, because rich takes its time."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """A bar with steps, figures and time left."""

    def __init__(self) -> None:
        self._figures: dict[str, int] = {}
        self._rich: Progress | None = None
        self._task = TaskID(0)

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:
        """Show a new bar."""
        self.finish()
        self._figures = {}
        self._rich = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TextColumn(unit, markup=False), TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._rich.start()
        self._task = self._rich.add_task(label, total=total, figures="")

    def advance(self, steps: int = 1, **figures: int) -> None:
        """Move the bar and show how far its figures have come."""
        if self._rich is None:
            return
        self._figures |= figures
        shown = " ".join(f"{short(count)} {name}" for name, count in self._figures.items())
        self._rich.update(self._task, advance=steps, figures=shown)

    def finish(self) -> None:
        """Remove the bar."""
        if self._rich is not None:
            self._rich.stop()
            self._rich = None


def short(count: float) -> str:
    """Return a figure in few signs: 999, 1.2k, 3.4M."""
    for unit in ("", "k", "M", "G"):
        if abs(count) < 1000:
            return f"{count:.1f}{unit}" if unit else f"{count:.0f}"
        count /= 1000
    return f"{count:.1f}T"
