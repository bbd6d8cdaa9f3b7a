"""From the resources that were used to the resources to allow.

The rule. An ARN keeps its partition, service, region and account; what follows is a path, parted by `/` and `:`.

- Five or more siblings below one path become `path*`, the deepest paths first: objects of a folder, streams of a group.
- Where the path says no more than the kind of the resource (`function:`, `secret:`, `role/`, or nothing at all), names
  that people gave are listed one by one, and only what shares the beginning of its name up to `-`, `_` or `.` becomes
  one (`function:orders-*`), five or more again. A whole kind (`key/*`) stands only for names that machines draw.
- Buckets are never joined: the names of others begin like one's own.
- What the record does not tell is `*` there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from trailwatch.policy import patterns
from trailwatch.policy.patterns import HOLE

SIBLINGS = 5
_PARTS = re.compile(r"[^/:]*[/:]|[^/:]+$")
_STEM = re.compile(r"^[^-_.*]+[-_.]")
# What a machine draws: UUIDs, hexadecimal ids, dates, and numbers.
_DRAWN = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-|\b[a-z]+-[0-9a-f]{8,}|[0-9a-f]{12,}|\d{4}-?\d\d-?\d\d|^\d+$|\d{6,}|\*", re.IGNORECASE
)


def generalise(resources: Iterable[str], *, siblings: int = SIBLINGS) -> list[str]:
    """Return the fewest resources that the rule makes of some, which together cover all of them."""
    places: dict[str, set[str]] = defaultdict(set)
    found: set[str] = set()
    for resource in resources:
        text = resource.replace(HOLE, "*")
        head, rest = _apart(text)
        if rest:
            places[head].add(rest)
        else:
            found.add(text)
    for head, rests in places.items():
        found |= {head + rest for rest in _joined(head, rests, siblings)}
    return least(found)


def least(resources: Iterable[str]) -> list[str]:
    """Return resources without those that another one covers."""
    kept: list[str] = []
    wide: list[str] = []
    for text in sorted(set(resources), key=lambda text: ("*" not in text, len(text), text)):
        if any(patterns.covers(patterns.glob(one), patterns.glob(text)) for one in wide):
            continue
        kept.append(text)
        wide += [text] if "*" in text else []
    return sorted(kept)


def _apart(text: str) -> tuple[str, str]:
    parts = text.split(":", 5)
    return (":".join(parts[:5]) + ":", parts[5]) if len(parts) == 6 else (text, "")


def _joined(head: str, rests: set[str], siblings: int) -> set[str]:
    buckets = head.endswith(":s3:::")
    made = {rest: tuple(_PARTS.findall(rest)) for rest in rests}
    deepest = max(len(parts) for parts in made.values())
    found = set(made.values())
    for depth in range(deepest - 1, -1, -1):
        below: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
        for parts in found:
            if len(parts) > depth:
                below[parts[:depth]].add(parts[: depth + 1])
        for path, children in below.items():
            if len(children) < siblings or (buckets and not path):
                continue
            if not path or (not buckets and depth == 1 and _is_kind(path[0])):
                found = _stems(found, path, siblings)
            else:
                found = {parts for parts in found if parts[:depth] != path or parts == path} | {(*path, "*")}
    return {"".join(parts) for parts in found}


def _is_kind(part: str) -> bool:
    return re.fullmatch(r"[a-z][a-zA-Z-]*[/:]", part) is not None


def _stems(found: set[tuple[str, ...]], path: tuple[str, ...], siblings: int) -> set[tuple[str, ...]]:
    """Join what has the same stem below a path that tells nothing but the kind."""
    depth = len(path)
    mine = {parts for parts in found if parts[:depth] == path and len(parts) > depth}
    names = {parts[depth] for parts in mine}
    if path and all(_DRAWN.search(name) for name in names):
        return (found - mine) | {(*path, "*")}
    stems: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if stem := _STEM.match(name):
            stems[stem[0]].add(name)
    wide = {stem: same for stem, same in stems.items() if len(same) >= siblings}
    gone = {name for same in wide.values() for name in same}
    return {parts for parts in found if parts not in mine or parts[depth] not in gone} | {
        (*path, stem + "*") for stem in wide
    }


def wildcards(resources: Iterable[str]) -> Iterator[str]:
    """Yield the resources that stand for more than a name that is known in part: all, or all of a kind."""
    for text in resources:
        _, rest = _apart(text)
        if text == "*" or rest == "*" or re.fullmatch(r"[a-zA-Z-]*[/:]\*", rest):
            yield text
