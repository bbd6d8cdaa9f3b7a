"""The tree of sessions: who handed out what to whom, with the gaps that the logs leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

ALIKE = 4  # sessions of one kind below one parent that are told one by one


@dataclass(frozen=True)
class Node:
    """One credential: a session, a long-term key, or what stands above the first of them."""

    id: str
    kind: str  # assume-role, saml, console, access-key, … ; origin: a person or workload without a credential
    principal: str
    person: str = ""
    session_name: str = ""
    parent: str = ""
    issued_time: datetime | None = None
    issued_event_id: str = ""
    first_time: datetime | None = None
    last_time: datetime | None = None
    events: int = 0
    denied: int = 0
    network: str = ""
    made: str = ""  # for whom a long-term key was made
    gone: str = ""  # what became of it
    gap: str = ""  # what the logs do not tell
    asked: bool = False
    more: int = 0  # other nodes that this one stands for

    @property
    def account(self) -> str:
        """The account in which it works."""
        return self.principal.partition("/")[0]


def arrange(nodes: Iterable[Node]) -> list[tuple[int, Node]]:
    """Return the nodes with their depth, parents before children and the earliest first."""
    known = {node.id: node for node in nodes}
    below: dict[str, list[Node]] = {}
    for node in known.values():
        below.setdefault(node.parent if node.parent in known and node.parent != node.id else "", []).append(node)
    found: list[tuple[int, Node]] = []
    seen: set[str] = set()
    # A stack and not recursion: whoever assumes roles chooses the depth.
    waiting = [(0, node) for node in reversed(_ordered(below.get("", [])))]
    while waiting:
        depth, node = waiting.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        found.append((depth, node))
        waiting += [(depth + 1, child) for child in reversed(_ordered(below.get(node.id, [])))]
    # What hangs in a circle has no top; it is told all the same.
    return found + [(0, replace(node, gap="it is its own ancestor")) for node in known.values() if node.id not in seen]


def folded(arranged: Sequence[tuple[int, Node]]) -> Iterator[tuple[int, Node]]:
    """Yield the nodes, many sessions of one kind without anything below them as one."""
    parents = {node.parent for _, node in arranged}
    alike: dict[tuple[str, str, str], list[Node]] = {}
    for _, node in arranged:
        if node.id not in parents and not node.asked and not node.made:
            alike.setdefault((node.parent, node.kind, node.principal), []).append(node)
    hidden = {node.id: key for key, same in alike.items() if len(same) > ALIKE for node in same[1:]}
    for depth, node in arranged:
        if node.id in hidden:
            continue
        same = alike.get((node.parent, node.kind, node.principal), [])
        if node in same and len(same) > ALIKE:
            yield depth, replace(
                node, more=len(same) - 1, events=sum(one.events for one in same), denied=sum(one.denied for one in same),
                last_time=max((one.last_time for one in same if one.last_time), default=None),
            )  # fmt: skip
        else:
            yield depth, node


def path(nodes: Iterable[Node], id: str) -> list[Node]:
    """Return the nodes from the top down to one of them."""
    known = {node.id: node for node in nodes}
    found: list[Node] = []
    while id in known and known[id] not in found:
        found.append(known[id])
        id = known[id].parent
    return found[::-1]


def under(nodes: Iterable[Node], ids: Iterable[str]) -> set[str]:
    """Return some ids and all that stand below them."""
    below: dict[str, list[str]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node.id)
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += below.get(one, [])
    return found


def _ordered(nodes: Sequence[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: (str(node.issued_time or node.first_time or ""), node.id))
