"""A session tree as a page: from where, what below, how far it got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.findings.names import short
from trailwatch.investigate.blast import Created
from trailwatch.investigate.document import Document, Section
from trailwatch.investigate.lineage import Lineage
from trailwatch.investigate.listed import dicts
from trailwatch.investigate.rows import Rows, plain
from trailwatch.investigate.tree import Node, arrange, folded

SHOWN = 25
SHOWN_LINES = 60
_KINDS = {
    "assume-role": "assumed role", "saml": "SAML", "web-identity": "OIDC", "console": "console sign-in",
    "console-key": "key of the console", "switch-role": "switched role in the console", "login": "aws login",
    "session-token": "session token", "federation": "federation token", "root": "root of a member account",
    "signin-token": "sign-in token", "roles-anywhere": "IAM Roles Anywhere", "pod-identity": "EKS pod identity",
    "cognito": "Cognito", "delegated": "delegated access", "access-key": "access key",
}  # fmt: skip


def page(lineage: Lineage, *, accounts: Mapping[str, str], every: bool = False) -> Document:
    """Return a lineage as a document; `every` line, or the first of each list."""
    return Document(
        f"Lineage of {lineage.asked.title}, {lineage.span}", tuple(_notes(lineage)),
        tuple(_sections(lineage, accounts, every)),
    )  # fmt: skip


def table(lineage: Lineage) -> Rows:
    """Return the tree as rows, parents before children."""
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for depth, node in arrange(lineage.nodes):
        for name in _COLUMNS:
            columns[name].append(depth if name == "depth" else getattr(node, _FIELDS.get(name, name)))
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in _COLUMNS])
    return Rows(pa.table(columns, schema=schema), title=f"lineage of {lineage.asked.title}")


def as_json(lineage: Lineage) -> str:
    """Return a lineage as one JSON object."""
    data: dict[str, Any] = {
        "schema": 1, "asked": {"kind": lineage.asked.kind, "text": lineage.asked.text}, "window": lineage.span,
        "notes": lineage.notes, "tree": table(lineage), "used": dicts(lineage.used), "touched": lineage.touched,
        "created": lineage.created, "known_until": lineage.until,
    }  # fmt: skip
    data["tree"] = list(data["tree"])
    return msgspec.json.format(msgspec.json.encode(data, enc_hook=plain), indent=1).decode()


def _notes(lineage: Lineage) -> Iterator[str]:
    credentials = [node for node in lineage.nodes if node.kind not in {"origin", "missing"}]
    events = sum(lineage.used["events"].to_pylist())
    living = [one for one in lineage.created if one.lives]
    yield (f"{_count(len(credentials), 'credential')}; {_count(events, 'event')} with what is asked and what is below it; "
           f"{_count(len(lineage.created), 'thing')} made, {len(living)} of them not seen removed until {lineage.until}.")  # fmt: skip
    yield from lineage.notes


def _sections(lineage: Lineage, accounts: Mapping[str, str], every: bool) -> Iterator[Section]:
    lines = list(tree_lines(lineage.nodes, accounts, every=every))
    cut = (
        [] if every or len(lines) <= SHOWN_LINES else [f"… and {len(lines) - SHOWN_LINES} more lines, --all shows them"]
    )
    yield Section("Tree", block=[*lines[: None if every else SHOWN_LINES], *cut])
    gaps = dict.fromkeys(node.gap for node in lineage.nodes if node.gap)
    yield Section("Gaps", lines=[_gap(lineage, gap) for gap in gaps])
    yield Section("Made", columns=("time", "what", "name", "account", "by", "what became of it"), rows=[
        _made(one, accounts) for one in lineage.created[: None if every else SHOWN]
    ], lines=_more(lineage.created, every))  # fmt: skip
    yield Section("Touched", columns=("service", "resource", "account", "reads", "changes", "refused", "first"), rows=[
        (one.service, one.resource, _account(one.account, accounts), str(one.reads), str(one.changes), str(one.denied),
         _time(one.first_time)) for one in lineage.touched[: None if every else SHOWN]
    ], lines=_more(lineage.touched, every))  # fmt: skip
    used = sorted(dicts(lineage.used), key=lambda row: (row["first_time"], row["action"]))
    yield Section("Done", columns=("first", "action", "events", "credential"), rows=[
        (_time(row["first_time"]), row["action"] + ("" if row["outcome"] == "ok" else f" ({row['outcome']})"),
         str(row["events"]), row["credential"]) for row in used[: None if every else 2 * SHOWN]
    ], lines=_more(used, every, 2 * SHOWN))  # fmt: skip


def tree_lines(nodes: Sequence[Node], accounts: Mapping[str, str], *, every: bool = False) -> Iterator[str]:
    """Yield one line a node, indented by its depth; what is asked for is marked."""
    arranged = arrange(nodes)
    for depth, node in arranged if every else folded(arranged):
        mark = "  ◀ asked" if node.asked else ""
        yield "   " * depth + ("└─ " if depth else "") + _words(node, accounts) + mark


def _words(node: Node, accounts: Mapping[str, str]) -> str:
    who = f"{node.person}, " if node.person and node.person not in node.principal else ""
    if node.kind == "origin":
        return f"{node.principal} in {_account(node.account, accounts)}"
    if node.kind == "missing":
        return f"{node.id}: {node.gap}"
    parts = [f"{_KINDS.get(node.kind, node.kind or 'session')} {node.id}"]
    parts.append(f"{who}{short(node.principal)} in {_account(node.account, accounts)}")
    if node.kind == "access-key" and node.made:
        parts.append(f"made {_time(node.issued_time)} for {node.made}")
    parts.append(_use(node))
    parts += [node.gone] if node.gone else []
    parts += [node.gap] if node.gap else []
    more = f"; and {node.more} more like it, counted with it" if node.more else ""
    return "; ".join(parts) + more


def _use(node: Node) -> str:
    first, last = node.first_time, node.last_time
    if first is None and not node.events:
        return (
            "never used in these logs"
            if node.issued_time is None or node.made
            else f"issued {_time(node.issued_time)}, not used"
        )
    span = f"{_time(first)} to {_time(last)}" if first and last else ""
    denied = f", {node.denied} refused" if node.denied else ""
    count = f", {_count(node.events, 'event')}{denied}" if node.events else ""
    return f"{span}{count}" + (f", from {node.network}" if node.network else "")


def _made(one: Created, accounts: Mapping[str, str]) -> Sequence[str]:
    fate = one.fate if one.fate_time is None else f"{one.fate} {_time(one.fate_time)} by {one.fate_by}"
    return (_time(one.time), one.kind.replace("-", " "), one.name, _account(one.account, accounts), one.by, fate)


def _gap(lineage: Lineage, gap: str) -> str:
    missing = [node.id for node in lineage.nodes if node.gap == gap]
    rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return f"{gap}: {', '.join(missing[:3])}{rest}"


def _account(account: str, accounts: Mapping[str, str]) -> str:
    return f"{accounts[account]} ({account})" if account in accounts else account


def _more(found: Sequence[Any], every: bool, shown: int = SHOWN) -> Sequence[str]:
    return [f"the first {shown} of {len(found)}, --all shows every one"] if not every and len(found) > shown else []


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _time(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S") if time else ""


_COLUMNS = (
    "depth", "credential", "kind", "principal", "person", "session_name", "parent", "issued_time", "issued_event_id",
    "first_time", "last_time", "events", "denied", "network", "made", "gone", "gap", "asked",
)  # fmt: skip
_FIELDS = {"credential": "id"}
_TYPES = {
    "depth": pa.int32(), "events": pa.int64(), "denied": pa.int64(), "asked": pa.bool_(),
    **dict.fromkeys(("issued_time", "first_time", "last_time"), pa.timestamp("us", tz="UTC")),
}  # fmt: skip
