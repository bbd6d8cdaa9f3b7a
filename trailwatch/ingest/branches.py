"""Where in a bucket the logs are: prefixes down to account, kind and region, found one level at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import obstore
from obstore.exceptions import BaseError

from trailwatch.ingest.asking import Asking
from trailwatch.ingest.items import Unreadable, Wanted
from trailwatch.ingest.keys import READ, UNRECOGNISED, neighbour
from trailwatch.store.trouble import reason

_ACCOUNT = re.compile(r"^\d{12}$")
_ORGANIZATION = re.compile(r"^o-[a-z0-9]{10,32}$")
_ROOT = "AWSLogs"
_ABOVE = 3  # levels between the given prefix and AWSLogs
_CALLS = 500  # listings in search of AWSLogs


@dataclass(frozen=True)
class Branch:
    """A prefix whose keys are listed without further steps."""

    prefix: str
    ordered: bool  # its next level is the year, so its keys sort by day

    def day_prefix(self, day: date) -> str | None:
        """Return a key before all logs of a day, None where keys do not sort by day."""
        # `-` sorts before the digits of a log's name. The day's folder alone would do on AWS; other servers take it
        # for all that is in the folder, and skip the day.
        return f"{self.prefix}/{day:%Y/%m/%d}/-" if self.ordered and day > date.min else None

    def rest(self, store: Any, key: str, last: date | None, asking: Asking) -> Rest:
        """Divide what comes after a key, up to a day, into the folders of days; what lies beside them is found, too."""
        rest = Rest([], [])
        level = [self.prefix]
        end = f"{self.prefix}/{last:%Y/%m/%d}" if last else ""
        for depth in range(3):
            found = [_list(store, place, asking) for place in level]
            objects = [meta for one in found for meta in one["objects"] if meta["path"] > key]
            rest.objects += [meta for meta in objects if not end or meta["path"] <= end]
            below = [place for one in found for place in one["common_prefixes"]]
            level = [place for place in below if f"{place}/" > key or key.startswith(f"{place}/")]
            level = [place for place in level if not end or place <= end]
            if depth < 2 and len(level) > _CALLS:
                break
        rest.folders += [(place, key if key.startswith(f"{place}/") else None) for place in level]
        return rest


@dataclass
class Rest:
    """Objects, and folders that can be listed side by side, each from a key on or as a whole."""

    objects: list[Any]
    folders: list[tuple[str, str | None]]


@dataclass
class Tree:
    """What was found: branches to list, objects beside them, and kinds of folders that were passed by."""

    branches: list[Branch] = field(default_factory=list)
    strays: list[Any] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)  # prefixes that could not be listed, and why


def discover(store: Any, prefix: str, wanted: Wanted, pool: ThreadPoolExecutor, asking: Asking) -> Tree:
    """Find the branches under a prefix; where no AWSLogs is found, the prefix itself is the one branch.

    What cannot be listed below the accounts is left to the next run; above them nothing is known without it.
    """
    tree = Tree()
    level = [prefix.strip("/")]
    if _ROOT not in prefix.split("/"):
        level = _roots(store, prefix.strip("/"), tree, pool, asking)
        if not level:
            return Tree([Branch(prefix.strip("/"), ordered=False)])
    while level:
        steps = []
        for place in level:
            if _depth(place) >= 3:
                tree.branches.append(Branch(place, ordered=_depth(place) == 3))
            else:
                steps.append(place)
        level = []
        for place, found in zip(steps, pool.map(lambda at: _step(store, at, asking), steps), strict=True):
            if isinstance(found, str):
                tree.failed.append((place, found))
                continue
            tree.strays += found["objects"]
            level += _choose(place, found["common_prefixes"], wanted, tree)
    tree.branches.sort(key=lambda branch: branch.prefix)
    return tree


def _roots(store: Any, prefix: str, tree: Tree, pool: ThreadPoolExecutor, asking: Asking) -> list[str]:
    roots: list[str] = []
    level, calls = [prefix], 0
    # Control Tower puts the organization in front of AWSLogs, and trails have prefixes of their own.
    for _ in range(_ABOVE + 1):
        calls += len(level)
        if calls > _CALLS:
            break
        deeper = []
        for found in pool.map(lambda at: _list(store, at, asking), level):
            tree.strays += found["objects"]
            roots += [child for child in found["common_prefixes"] if _name(child) == _ROOT]
            deeper += [child for child in found["common_prefixes"] if _name(child) != _ROOT]
        level = deeper
    tree.passed += [UNRECOGNISED] * len(level)
    return roots


def _list(store: Any, prefix: str, asking: Asking) -> Any:
    return asking.ask(lambda: obstore.list_with_delimiter(store, prefix or None))


def _step(store: Any, prefix: str, asking: Asking) -> Any:
    """Return what is below a prefix, or why it could not be listed."""
    try:
        return _list(store, prefix, asking)
    except (BaseError, OSError, Unreadable) as error:
        if _depth(prefix) < 1:
            raise
        return reason(error)


def _choose(place: str, children: Sequence[str], wanted: Wanted, tree: Tree) -> list[str]:
    """Return the children that lead to wanted logs."""
    depth = _depth(place)
    chosen = []
    for child in children:
        name = _name(child)
        if depth == 0:
            organization = _ORGANIZATION.match(name) and _depth(child) == 0
            if not organization and not _ACCOUNT.match(name):
                tree.passed.append(UNRECOGNISED)
            elif organization or not wanted.accounts or name in wanted.accounts:
                chosen.append(child)
        elif depth == 1:
            if name in READ:
                chosen.append(child)
            else:
                tree.passed.append(neighbour(name))
        elif not wanted.regions or name in wanted.regions:
            chosen.append(child)
    return chosen


def _depth(prefix: str) -> int:
    """Return how many of account, kind and region (and then year, month, day) a prefix names."""
    parts = prefix.split("/")
    below = parts[len(parts) - parts[::-1].index(_ROOT) :]
    return len(below) - bool(below and _ORGANIZATION.match(below[0]))


def _name(prefix: str) -> str:
    return prefix.rpartition("/")[2]
