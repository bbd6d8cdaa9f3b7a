"""Where the fields of a CloudTrail record stand among the columns, and the nearest name to one that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from trailwatch.ingest.identities import PATHS
from trailwatch.ingest.records import FLAGS, NESTED, TEXTS

# A record's field → the column that holds its value.
PLAIN = {
    **{name: column for column, name in TEXTS.items()},
    **{name: column for column, name in FLAGS.items()},
    **{".".join(("userIdentity", *path)): column for column, path in PATHS.items()},
    "eventTime": "event_time",
}
# A record's field → the column that holds its JSON text; below it every path can be asked.
DEEP = {name: column for column, name in NESTED.items()}
# What a record may hold at its top.
TOP = frozenset({path.split(".")[0] for path in PLAIN} | set(DEEP) | {
    "apiVersion", "eventContext", "edgeDeviceDetails", "insightDetails"})  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A column, and the path inside its JSON text; an empty path is the whole value."""

    column: str
    path: tuple[str, ...] = ()


def locate(name: str) -> Field | None:
    """Return where a field of a record stands, written with dots as in `userIdentity.type`; None where it is not kept."""
    if name in PLAIN:
        return Field(PLAIN[name])
    top, *below = name.split(".")
    if top in DEEP and all(below):
        return Field(DEEP[top], tuple(below))
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like another one, '' where none is like it."""
    names = {_bare(one): one for one in sorted(known, reverse=True)}
    near = difflib.get_close_matches(_bare(name), names, n=1, cutoff=0.6)
    return names[near[0]] if near else ""


def nearest_column(name: str, columns: Iterable[str]) -> str:
    """Return the column that a wrong name most likely means: its record's field, else the most similar one."""
    fields = {_bare(path): column for path, column in (PLAIN | DEEP).items()}
    return fields.get(_bare(name), "") or nearest(name, columns)


def did_you_mean(near: str) -> str:
    """Return the end of a sentence that names the nearest name, '' where there is none."""
    return f"; the nearest is {near!r}" if near else ""


def _bare(name: str) -> str:
    # eventName, event_name and EventName are one word to a person.
    return re.sub(r"[^a-z0-9]", "", name.lower())
