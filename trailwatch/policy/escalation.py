"""Ways from what an identity may do to what it was never given: a stated list of sets of actions."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Path:
    """A set of actions that together give more than was given."""

    id: str
    actions: tuple[str, ...]
    how: str


@cache
def paths() -> tuple[Path, ...]:
    """Return every path of the list."""
    text = (resources.files("trailwatch") / "policy" / "escalation.toml").read_text(encoding="utf-8")
    return tuple(Path(id, tuple(one["actions"]), one["how"]) for id, one in tomllib.loads(text)["paths"].items())


def held(actions: Collection[str]) -> tuple[Path, ...]:
    """Return the paths of which somebody holds every action; actions are in lower case."""
    return tuple(path for path in paths() if all(action.lower() in actions for action in path.actions))
