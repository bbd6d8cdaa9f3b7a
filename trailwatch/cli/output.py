"""Where results go: stdout or a private file; and progress, on stderr alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from trailwatch.errors import ConfigError
from trailwatch.progress import Progress, Silent


def write(text: str, path: str | None) -> None:
    """Write a result to stdout, or to a file that only its owner can read."""
    text = text if text.endswith("\n") else text + "\n"
    if path is None:
        sys.stdout.write(text)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=path, hint="another -o FILE") from error
    say(f"wrote {Path(path)}")


def say(text: str) -> None:
    """Tell something beside the result, on stderr."""
    sys.stderr.write(text + "\n")


def progress(*, quiet: bool) -> Progress:
    """Return a bar where somebody watches, else nothing."""
    return Silent() if quiet or not sys.stderr.isatty() else Bar()


class Bar:
    """A bar with steps, figures and time left, on stderr."""

    def __init__(self) -> None:
        self._figures: dict[str, int] = {}
        self._rich: RichProgress | None = None
        self._task = TaskID(0)

    def start(self, label: str, total: int | None = None, *, unit: str = "") -> None:
        """Show a new bar."""
        self.finish()
        self._figures = {}
        self._rich = RichProgress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
            TextColumn("{task.fields[figures]}"), TimeElapsedColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._rich.start()
        self._task = self._rich.add_task(label, total=total, figures="")

    def advance(self, steps: int = 1, **figures: int) -> None:
        """Move the bar and add to its figures."""
        if self._rich is None:
            return
        for name, count in figures.items():
            self._figures[name] = self._figures.get(name, 0) + count
        shown = " ".join(f"{_short(count)} {name}" for name, count in self._figures.items())
        self._rich.update(self._task, advance=steps, figures=shown)

    def finish(self) -> None:
        """Remove the bar."""
        if self._rich is not None:
            self._rich.stop()
            self._rich = None


def _short(count: float) -> str:
    for unit in ("", "k", "M", "G"):
        if abs(count) < 1000:
            return f"{count:.0f}{unit}" if not unit else f"{count:.1f}{unit}"
        count /= 1000
    return f"{count:.1f}T"
