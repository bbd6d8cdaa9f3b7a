"""Everything that trailwatch raises on purpose, as one tree.

TrailwatchError
├── ConfigError      a configuration key, value or file
├── SourceError      a log source that cannot be listed or read at all
├── StoreError       a store that is missing, of another version, or damaged
├── DetectionError   a detection file that breaks a law
├── PolicyError      a policy that IAM would refuse, or that contradicts itself
├── EngineError      SQL that could not run
├── ClusterError     a scheduler that cannot be reached, or whose workers are lost
└── MissingExtra     an optional dependency that is not installed

Each says what happened, where (file, key, line, column), and what to try.
"""

from __future__ import annotations

from typing import Any


class TrailwatchError(Exception):
    """Base of all errors that are shown to a person as one sentence."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        stop = "" if self.what.endswith((".", "?", "…")) else "."
        remedy = f"{stop} Try: {self.hint}" if self.hint else ""
        return f"{place}{self.what}{remedy}"

    def __reduce__(self) -> tuple[Any, ...]:
        # An error of a worker travels with all that it says, whatever its class is made from.
        return _again, (type(self), self.__dict__.copy())


def _again(kind: type[TrailwatchError], said: dict[str, Any]) -> TrailwatchError:
    error = kind.__new__(kind, said.get("what", ""))
    error.__dict__.update(said)
    return error


class ConfigError(TrailwatchError):
    """A configuration key, value or file that cannot be used."""


class SourceError(TrailwatchError):
    """A log source that cannot be listed or read at all."""


class StoreError(TrailwatchError):
    """A store that is missing, of another version, or damaged."""


class DetectionError(TrailwatchError):
    """A detection file that breaks one of the laws."""


class PolicyError(TrailwatchError):
    """A policy that IAM would refuse, or that contradicts itself."""


class EngineError(TrailwatchError):
    """A query that could not run."""


class ClusterError(TrailwatchError):
    """A scheduler that cannot be reached, or whose workers are lost again and again."""


class MissingExtra(TrailwatchError):
    """An optional dependency that is not installed."""
